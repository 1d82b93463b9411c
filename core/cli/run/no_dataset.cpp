#include "core/cli/run/no_dataset.hpp"

#include "core/base/error.hpp"

namespace lathe {

namespace {

class NoDataset final : public Dataset {
 public:
  std::string id() const override { return "no data set"; }
  bool synthetic() const override { return false; }
  DatasetInfo info() const override { return {}; }
  void open(const OpenRequest&) override { refuse(); }
  std::uint64_t count(Split) const override { refuse(); }
  RowTensors read(Split, std::span<const std::uint64_t>) const override { refuse(); }
  const RowTensors& all(Split) const override { refuse(); }
  std::vector<std::string> files() const override { return {}; }

 private:
  [[noreturn]] static void refuse() {
    throw usage_error(
        "this needs data, and no data set is given; name one after the model, or with --dataset");
  }
};

}  // namespace

std::shared_ptr<Dataset> no_dataset() { return std::make_shared<NoDataset>(); }

}  // namespace lathe
