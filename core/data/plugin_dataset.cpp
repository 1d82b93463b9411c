// Data-set plugins as data sets: one instance, opened once, each split read once and shared.
#include "core/data/plugin_dataset.hpp"

#include "core/data/epoch_order.hpp"
#include "core/data/tensor_dataset.hpp"
#include "core/graph/io/abi_value.hpp"
#include "core/host/services/call.hpp"
#include "core/tensor/borrowed_tensor.hpp"

#include <fmt/format.h>

#include <array>
#include <atomic>
#include <mutex>

namespace lathe {

namespace {

// Above these a number is damage, not a data set.
constexpr std::uint32_t kMostRank = 64;
constexpr std::int64_t kMostClasses = std::int64_t{1} << 24;
constexpr std::uint64_t kMostFiles = 1U << 20;
constexpr std::uint64_t kLongestText = 1U << 16;
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 46;  // of rows; what a process can address

class PluginDataset : public Dataset {
 public:
  PluginDataset(const Component& component, const Value& options, std::string id,
                const std::filesystem::path& data_dir)
      : component_(component), set_(component.as<lathe_dataset>()), id_(std::move(id)) {
    Call call(component, nullptr, Call::Phase::create);
    call.options = &options;
    const lathe_value tree = to_abi(options, call.memory());
    const std::string folder = data_dir.string();
    call.enter("create",
               [&](lathe_call* c) { return set_.create(c, &tree, str_of(folder), &self_); });
  }
  ~PluginDataset() override { destroy_instance(component_, set_.destroy, self_); }

  std::string id() const override { return id_; }
  bool synthetic() const override { return component_.has(LATHE_FLAG_SYNTHETIC); }

  DatasetInfo info() const override {
    const std::lock_guard lock(mutex_);
    return info_now();
  }

  void open() override {
    const std::lock_guard lock(mutex_);
    if (open_error_) throw *open_error_;
    if (opened_) return;
    try {
      Call call(component_);
      call.enter("open", [&](lathe_call* c) { return set_.open(c, self_); });
      info_ = info_now();
      if (!info_.known_shape || info_.classes <= 0)
        throw run_error(LATHE_INTERNAL, "once open it must know its shape and its classes")
            .within(described());
      for (const Split split : {Split::train, Split::validation, Split::test})
        counts_[index_of(split)] = count_now(split);
      files_ = files_now();
      opened_ = true;
    } catch (const Error& error) {
      // A second call would meet a half-open plugin; the first failure stays the answer.
      open_error_ = error;
      throw;
    }
  }

  std::uint64_t count(Split split) const override {
    require_open();
    return counts_[index_of(split)];
  }

  SplitTensors read(Split split, std::span<const std::uint64_t> index) const override {
    require_open();
    if (const SplitTensors* whole = shared_[index_of(split)].load(std::memory_order_acquire))
      return gather(*whole, index, id_, split);
    if (count(split) == 0 && !index.empty()) throw no_rows(id_, split, option_for(split));
    for (const std::uint64_t row : index)
      if (row >= count(split))
        throw run_error(LATHE_OUT_OF_RANGE,
                        fmt::format("data set '{}' has {} rows in its split '{}'; row {} was asked "
                                    "for",
                                    id_, count(split), name(split), row));
    return read_checked(split, index);
  }

  const SplitTensors& all(Split split) const override {
    require_open();
    const std::size_t i = index_of(split);
    if (const SplitTensors* whole = shared_[i].load(std::memory_order_acquire)) return *whole;
    if (counts_[i] == 0) throw no_rows(id_, split, option_for(split));
    const std::lock_guard lock(whole_mutex_);
    if (const SplitTensors* whole = shared_[i].load(std::memory_order_acquire)) return *whole;
    whole_[i] = read_whole(split);
    shared_[i].store(&whole_[i], std::memory_order_release);
    return whole_[i];
  }

  std::vector<std::string> files() const override {
    require_open();
    return files_;
  }

  void augment(std::uint64_t seed, std::uint64_t epoch, std::span<const std::uint64_t> index,
               std::span<float> samples) const override {
    require_open();
    if (!info_.augments) return;
    std::vector<std::int64_t> dims{static_cast<std::int64_t>(index.size())};
    dims.insert(dims.end(), info_.sample_shape.begin(), info_.sample_shape.end());
    if (static_cast<std::int64_t>(samples.size()) != Shape(dims).numel())
      throw run_error(LATHE_INTERNAL, fmt::format("{} was asked to augment {} numbers as {} rows",
                                                  described(), samples.size(), index.size()));
    BorrowedTensor rows(DType::float32, samples.data(), dims, 0);
    std::unique_lock lock(mutex_, std::defer_lock);
    if (!component_.has(LATHE_FLAG_PARALLEL)) lock.lock();
    Call call(component_);
    call.enter({"augment", Guarded::numbers}, [&](lathe_call* c) {
      return set_.augment(c, self_, seed, epoch, index.data(), index.size(), &rows.view());
    });
  }

 private:
  static std::size_t index_of(Split split) { return static_cast<std::size_t>(split); }
  std::string described() const { return "data set '" + id_ + "'"; }
  void require_open() const {
    if (!opened_)
      throw run_error(LATHE_FAILED_PRECONDITION, described() + " was asked for rows before open()");
  }
  // The option that would bring the rows of a split, if the plugin has one of that name.
  std::string_view option_for(Split split) const {
    return component_.options.find(name(split)) != nullptr ? name(split) : std::string_view();
  }

  // REQUIRES: mutex_ held.
  DatasetInfo info_now() const {
    lathe_dataset_info raw{};
    raw.struct_size = LATHE_SIZE_UP_TO(lathe_dataset_info, augments);
    Call call(component_);
    call.enter("info", [&](lathe_call* c) { return set_.info(c, self_, &raw); });
    const InPlugin reading(component_.options.owner, component_.file, "info");
    DatasetInfo info;
    if (raw.rank > 0) {
      if (raw.shape == nullptr) throw broken("gives a rank without a shape");
      if (raw.rank > kMostRank)
        throw broken(fmt::format("info() gives samples of {} dimensions, at most {} are believed",
                                 raw.rank, kMostRank));
      info.sample_shape = Shape(std::vector<std::int64_t>(raw.shape, raw.shape + raw.rank));
      for (const std::int64_t extent : info.sample_shape)
        if (extent <= 0) throw broken("gives the shape " + info.sample_shape.text());
      check_size(info.sample_shape);
      info.known_shape = true;
    }
    if (raw.classes < 0) throw broken("gives a negative number of classes");
    if (raw.classes > kMostClasses)
      throw broken(fmt::format("info() gives {} classes, at most {} are believed", raw.classes,
                               kMostClasses));
    info.classes = raw.classes;
    for (std::int64_t i = 0; raw.class_names != nullptr && i < raw.classes; ++i)
      info.class_names.push_back(
          text(raw.class_names[i], fmt::format("info(): the name of class {}", i)));
    info.augments = raw.augments != 0;
    if (info.augments && !LATHE_HAS(lathe_dataset, &set_, augment))
      throw broken("says that it augments rows, and has no augment()");
    return info;
  }
  Error broken(const std::string& what) const {
    return run_error(LATHE_INTERNAL,
                     fmt::format("{} (plugin '{}')", what, component_.file.string()))
        .within(described());
  }

  std::string text(lathe_str source, const std::string& what) const {
    if ((source.data == nullptr && source.size > 0) || source.size > kLongestText)
      throw broken(fmt::format("{} is no text ({} bytes{})", what, source.size,
                               source.data == nullptr ? " at NULL" : ""));
    return std::string(view_of(source));
  }

  // Bytes of a sample, by which counts of rows are judged.
  std::uint64_t check_size(const Shape& shape) const {
    std::uint64_t bytes = sizeof(float);
    for (const std::int64_t extent : shape)
      if (__builtin_mul_overflow(bytes, static_cast<std::uint64_t>(extent), &bytes) ||
          bytes > kMostBytes)
        throw broken(fmt::format("info() gives samples of the shape {}, which no memory holds",
                                 shape.text()));
    return bytes;
  }

  std::uint64_t count_now(Split split) const {
    std::uint64_t rows = 0;
    Call call(component_);
    call.enter("count", [&](lathe_call* c) {
      return set_.count(c, self_, static_cast<lathe_split>(split), &rows);
    });
    if (rows > kMostBytes / check_size(info_.sample_shape))
      throw broken(fmt::format("count() gives {} rows of the split '{}', which no memory holds",
                               rows, name(split)));
    return rows;
  }

  std::vector<std::string> files_now() const {
    if (!LATHE_HAS(lathe_dataset, &set_, files)) return {};
    const lathe_str* paths = nullptr;
    std::uint64_t count = 0;
    Call call(component_);
    call.enter("files", [&](lathe_call* c) { return set_.files(c, self_, &paths, &count); });
    if (count > kMostFiles || (count > 0 && paths == nullptr))
      throw broken(fmt::format("files() gives {} paths{}", count,
                               paths == nullptr ? " at NULL" : ", which is not believed"));
    const InPlugin reading(component_.options.owner, component_.file, "files");
    std::vector<std::string> out;
    for (std::uint64_t i = 0; i < count; ++i)
      out.push_back(text(paths[i], fmt::format("files(): path {}", i)));
    return out;
  }

  SplitTensors read_whole(Split split) const {
    try {
      return read_checked(split, epoch_order(counts_[index_of(split)], false, 0, 0));
    } catch (const std::bad_alloc&) {
      throw no_memory(split, counts_[index_of(split)]);
    }
  }
  SplitTensors read_checked(Split split, std::span<const std::uint64_t> index) const {
    try {
      return read_rows(split, index);
    } catch (const std::bad_alloc&) {
      throw no_memory(split, index.size());
    }
  }
  Error no_memory(Split split, std::uint64_t rows) const {
    return run_error(LATHE_RESOURCE_EXHAUSTED,
                     fmt::format("there is no memory for {} rows of the split '{}' ({} MiB)", rows,
                                 name(split), (rows * check_size(info_.sample_shape)) >> 20))
        .within(described());
  }

  SplitTensors read_rows(Split split, std::span<const std::uint64_t> index) const {
    const auto count = static_cast<std::int64_t>(index.size());
    std::vector<std::int64_t> label_dims{count};
    std::vector<std::int64_t> sample_dims{count};
    sample_dims.insert(sample_dims.end(), info_.sample_shape.begin(), info_.sample_shape.end());
    SplitTensors rows;
    // Both tensors are filled by one call of the plugin.
    rows.samples =
        Tensor::make(DType::float32, Shape(sample_dims), [&](std::span<std::byte> samples) {
          rows.labels =
              Tensor::make(DType::int64, Shape(label_dims), [&](std::span<std::byte> labels) {
                BorrowedTensor samples_out(DType::float32, samples.data(), sample_dims, 0);
                BorrowedTensor labels_out(DType::int64, labels.data(), label_dims, 0);
                std::unique_lock lock(mutex_, std::defer_lock);
                if (!component_.has(LATHE_FLAG_PARALLEL)) lock.lock();
                Call call(component_);
                call.enter({"read", Guarded::numbers}, [&](lathe_call* c) {
                  return set_.read(c, self_, static_cast<lathe_split>(split), index.data(),
                                   index.size(), &samples_out.view(), &labels_out.view());
                });
              });
        });
    check_rows(rows, info_.classes, id_, split);
    return rows;
  }

  const Component& component_;
  const lathe_dataset& set_;
  std::string id_;
  void* self_ = nullptr;
  mutable std::mutex mutex_;  // around the plugin, unless it says that it needs none
  // Written once, by open().
  std::atomic<bool> opened_{false};
  std::optional<Error> open_error_;
  DatasetInfo info_;
  std::array<std::uint64_t, 3> counts_{};
  std::vector<std::string> files_;
  // Whole splits, made on first use.
  mutable std::mutex whole_mutex_;
  mutable std::array<SplitTensors, 3> whole_;
  mutable std::array<std::atomic<const SplitTensors*>, 3> shared_{};
};

}  // namespace

std::shared_ptr<Dataset> make_dataset(const Component& component, const Value& options,
                                      const std::string& text,
                                      const std::filesystem::path& data_dir) {
  return std::make_shared<PluginDataset>(component, options, text, data_dir);
}

}  // namespace lathe
