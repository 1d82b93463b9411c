// Where nothing has to be changed, all calls go through and nothing is copied.
#include "core/data/fitted_dataset.hpp"

#include "core/data/fit_fields.hpp"

#include <array>
#include <atomic>
#include <mutex>

namespace lathe {

namespace {

class FittedDataset : public Dataset {
 public:
  explicit FittedDataset(std::shared_ptr<Dataset> set) : set_(std::move(set)) {}

  std::string id() const override { return set_->id(); }
  bool synthetic() const override { return set_->synthetic(); }

  DatasetInfo info() const override {
    DatasetInfo info = set_->info();
    if (opened_) info.fields = fit_.fields;
    return info;
  }

  void open(const OpenRequest& request) override {
    check_trained(request.trained_on);
    set_->open(request);
    const std::lock_guard lock(mutex_);
    if (opened_) return;
    fit_ = fit_fields(set_->info().fields, request.trained_on, set_->id());
    changes_ = fit_.changes();
    opened_ = true;
  }

  std::uint64_t count(Split split) const override { return set_->count(split); }

  RowTensors read(Split split, std::span<const std::uint64_t> index) const override {
    const RowTensors rows = set_->read(split, index);
    return changes_ ? fitted_rows(rows, split, index) : rows;
  }

  const RowTensors& all(Split split) const override {
    const RowTensors& rows = set_->all(split);
    if (!changes_) return rows;
    const auto i = static_cast<std::size_t>(split);
    const std::lock_guard lock(mutex_);
    if (!made_[i]) {
      whole_[i] = fitted_rows(rows, split, {});
      made_[i] = true;
    }
    return whole_[i];
  }

  std::vector<std::string> files() const override { return set_->files(); }

  // The set augments its rows as it has them.
  RowTensors augment(std::uint64_t seed, std::uint64_t epoch, std::span<const std::uint64_t> index,
                     const RowTensors& rows) const override {
    if (!changes_) return set_->augment(seed, epoch, index, rows);
    return fitted_rows(set_->augment(seed, epoch, index, set_->read(Split::train, index)),
                       Split::train, index);
  }

 private:
  RowTensors fitted_rows(const RowTensors& rows, Split split,
                         std::span<const std::uint64_t> index) const {
    const std::vector<std::string> files = set_->files();
    const std::string id = set_->id();
    return fit_rows(fit_, rows, {id, split, index, files});
  }

  std::shared_ptr<Dataset> set_;
  mutable std::mutex mutex_;
  // Written once, by open().
  std::atomic<bool> opened_{false};
  Fit fit_;
  bool changes_ = false;
  // Whole splits, made on first use.
  mutable std::array<RowTensors, 3> whole_;
  mutable std::array<bool, 3> made_{};
};

}  // namespace

std::shared_ptr<Dataset> fitted(std::shared_ptr<Dataset> set) {
  return std::make_shared<FittedDataset>(std::move(set));
}

}  // namespace lathe
