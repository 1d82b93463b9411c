// Data-set plugins as data sets: one instance, each split opened when it is first needed, read once
// and shared.
#include "core/data/plugin_dataset.hpp"

#include "core/data/check_rows.hpp"
#include "core/data/epoch_order.hpp"
#include "core/data/fitted_dataset.hpp"
#include "core/data/read_fields.hpp"
#include "core/data/row_buffers.hpp"
#include "core/data/tensor_dataset.hpp"
#include "core/graph/io/abi_value.hpp"
#include "core/host/services/call.hpp"
#include "core/host/services/field_table.hpp"

#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <shared_mutex>

namespace lathe {

namespace {

constexpr std::array kSplits{Split::train, Split::validation, Split::test};
constexpr std::uint64_t kMostFiles = 1U << 20;
// Rows of a stream are asked for by so many bytes at a time.
constexpr std::uint64_t kStreamBytes = std::uint64_t{4} << 20;
constexpr std::uint64_t kMostStreamRows = std::uint64_t{1} << 16;

std::uint64_t quarter_of_memory() {
  const auto pages = static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES));
  return pages * static_cast<std::uint64_t>(sysconf(_SC_PAGE_SIZE)) / 4;
}

bool same_rows(const std::vector<Field>& a, const std::vector<Field>& b) {
  return std::ranges::equal(a, b, [](const Field& x, const Field& y) {
    return x.name == y.name && x.role == y.role && x.dtype == y.dtype && x.shape == y.shape &&
           x.classes == y.classes && x.class_names == y.class_names &&
           x.feature_names == y.feature_names;
  });
}

class PluginDataset : public Dataset {
 public:
  PluginDataset(const Component& component, const Value& options, std::string id,
                const std::filesystem::path& data_dir, std::uint64_t stream_limit)
      : component_(component),
        set_(component.as<lathe_dataset>()),
        id_(std::move(id)),
        stream_limit_(stream_limit == 0 ? quarter_of_memory() : stream_limit) {
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
    return opened_ ? info_ : info_now();
  }

  void open(const OpenRequest& request) override {
    const std::lock_guard lock(mutex_);
    if (!opened_) trained_on_ = request.trained_on;
    open_missing(request.splits);
  }

  std::uint64_t count(Split split) const override {
    require_open(split);
    return is_stream(split) ? static_cast<std::uint64_t>(whole(split).rows())
                            : counts_[index_of(split)];
  }

  RowTensors read(Split split, std::span<const std::uint64_t> index) const override {
    if (count(split) == 0 && !index.empty()) throw no_rows(id_, split, option_for(split));
    if (const RowTensors* all = shared_[index_of(split)].load(std::memory_order_acquire))
      return gather(*all, index, id_, split);
    for (const std::uint64_t row : index)
      if (row >= count(split))
        throw run_error(LATHE_OUT_OF_RANGE,
                        fmt::format("data set '{}' has {} rows in its split '{}'; row {} was asked "
                                    "for",
                                    id_, count(split), name(split), row));
    return read_rows(split, index);
  }

  const RowTensors& all(Split split) const override {
    if (count(split) == 0) throw no_rows(id_, split, option_for(split));
    return whole(split);
  }

  std::vector<std::string> files() const override {
    const std::lock_guard lock(mutex_);
    return files_;
  }

  RowTensors augment(std::uint64_t seed, std::uint64_t epoch, std::span<const std::uint64_t> index,
                     const RowTensors& rows) const override {
    require_open(Split::train);
    if (!info_.augments) return rows;
    if (rows.fields.size() != info_.fields.size() ||
        rows.rows() != static_cast<std::int64_t>(index.size()))
      throw run_error(
          LATHE_INTERNAL,
          fmt::format("{} was asked to augment {} rows of {} fields as {} rows of {}", described(),
                      rows.rows(), rows.fields.size(), index.size(), info_.fields.size()));
    RowBuffers changed(info_.fields, rows);
    call_for_rows("augment", [&](lathe_call* c) {
      return set_.augment(c, self_, seed, epoch, index.data(), index.size(), changed.views(),
                          changed.size());
    });
    RowTensors out = changed.take(index.size());
    check_rows(out, info_.fields, id_, Split::train, index);
    return out;
  }

 private:
  static std::size_t index_of(Split split) { return static_cast<std::size_t>(split); }
  std::string described() const { return "data set '" + id_ + "'"; }
  bool is_stream(Split split) const { return counts_[index_of(split)] == LATHE_COUNT_UNKNOWN; }
  // Opens the split unless it is open.
  void require_open(Split split) const {
    if (splits_open_[index_of(split)].load(std::memory_order_acquire)) return;
    const std::lock_guard lock(mutex_);
    if (!opened_)
      throw run_error(LATHE_FAILED_PRECONDITION, described() + " was asked for rows before open()");
    open_missing(std::array{split});
  }

  // Opens those of the splits that are not open; none named: all. REQUIRES: mutex_ held.
  void open_missing(std::span<const Split> asked) const {
    std::vector<Split> missing;
    for (const Split split : kSplits)
      if (!splits_open_[index_of(split)] && (asked.empty() || std::ranges::count(asked, split) > 0))
        missing.push_back(split);
    if (missing.empty()) return;
    // Another call would meet a half-open plugin; the first failure stays the answer.
    if (open_error_) throw *open_error_;
    try {
      open_now(missing);
    } catch (const Error& error) {
      open_error_ = error;
      throw;
    }
  }
  void open_now(const std::vector<Split>& splits) const {
    Call call(component_);
    std::vector<lathe_str> names;
    for (const Split split : splits) names.push_back(str_of(name(split)));
    const lathe_field_table trained_on = field_table(call, trained_on_);
    const lathe_open_request request{LATHE_SIZE_UP_TO(lathe_open_request, trained_on), 0,
                                     names.data(),
                                     splits.size() == kSplits.size() ? 0 : names.size(),
                                     trained_on_.empty() ? nullptr : &trained_on};
    call.enter("open", [&](lathe_call* c) { return set_.open(c, self_, &request); });
    DatasetInfo info = info_now();
    require_known(info.fields, blaming());
    if (opened_ && !same_rows(info.fields, info_.fields))
      throw broken(fmt::format("info() changes when the split '{}' is opened after others",
                               name(splits.front())));
    if (!opened_) {
      info_ = std::move(info);
      row_bytes_ = row_bytes(info_.fields, blaming());
    }
    for (const Split split : splits) counts_[index_of(split)] = count_now(split);
    files_ = files_now();
    for (const Split split : splits)
      splits_open_[index_of(split)].store(true, std::memory_order_release);
    opened_ = true;
  }
  // The option that would bring the rows of a split, if the plugin has one of that name.
  std::string_view option_for(Split split) const {
    return component_.options.find(name(split)) != nullptr ? name(split) : std::string_view();
  }

  // REQUIRES: mutex_ held, as for all that ask `now`.
  DatasetInfo info_now() const {
    lathe_dataset_info raw{};
    raw.struct_size = LATHE_SIZE_UP_TO(lathe_dataset_info, fields);
    Call call(component_);
    call.enter("info", [&](lathe_call* c) { return set_.info(c, self_, &raw); });
    const InPlugin reading(component_.options.owner, component_.file, "info");
    DatasetInfo info{read_fields(raw.fields, blaming()), raw.augments != 0};
    if (info.augments && !LATHE_HAS(lathe_dataset, &set_, augment))
      throw broken("says that it augments rows, and has no augment()");
    return info;
  }
  Error broken(const std::string& what) const {
    return run_error(LATHE_INTERNAL,
                     fmt::format("{} (plugin '{}')", what, component_.file.string()))
        .within(described());
  }
  Blaming blaming() const {
    return [this](const std::string& what) { return broken(what); };
  }

  std::uint64_t count_now(Split split) const {
    std::uint64_t rows = 0;
    Call call(component_);
    call.enter("count",
               [&](lathe_call* c) { return set_.count(c, self_, str_of(name(split)), &rows); });
    const bool stream = rows == LATHE_COUNT_UNKNOWN;
    if (stream && !LATHE_HAS(lathe_dataset, &set_, next))
      throw broken(fmt::format(
          "count() says that the split '{}' is a stream, and there is no next()", name(split)));
    if (!stream && rows > 0 && set_.read == nullptr)
      throw broken(fmt::format("count() gives {} rows of the split '{}', and there is no read()",
                               rows, name(split)));
    if (!stream && rows > kMostRowBytes / row_bytes_)
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
      out.push_back(text_of_plugin(paths[i], fmt::format("files(): path {}", i), blaming()));
    return out;
  }

  // The whole split, empty or not, read on first use.
  const RowTensors& whole(Split split) const {
    const std::size_t i = index_of(split);
    if (const RowTensors* read = shared_[i].load(std::memory_order_acquire)) return *read;
    const std::lock_guard lock(whole_mutex_);
    if (const RowTensors* read = shared_[i].load(std::memory_order_acquire)) return *read;
    whole_[i] = is_stream(split) ? read_stream(split) : read_whole(split);
    shared_[i].store(&whole_[i], std::memory_order_release);
    return whole_[i];
  }

  RowTensors read_whole(Split split) const {
    try {
      return read_rows(split, epoch_order(counts_[index_of(split)], false, 0, 0));
    } catch (const std::bad_alloc&) {
      throw no_memory(split, counts_[index_of(split)]);
    }
  }

  RowTensors read_rows(Split split, std::span<const std::uint64_t> index) const {
    std::optional<RowBuffers> buffers;
    try {
      buffers.emplace(info_.fields, index.size());
    } catch (const std::bad_alloc&) {
      throw no_memory(split, index.size());
    }
    if (!index.empty())
      call_for_rows("read", [&](lathe_call* c) {
        return set_.read(c, self_, str_of(name(split)), index.data(), index.size(),
                         buffers->views(), buffers->size());
      });
    RowTensors rows = buffers->take(index.size());
    check_rows(rows, info_.fields, id_, split, index);
    return rows;
  }

  RowTensors read_stream(Split split) const {
    const std::uint64_t asked =
        std::clamp<std::uint64_t>(kStreamBytes / row_bytes_, 1, kMostStreamRows);
    std::vector<RowTensors> parts;
    std::uint64_t rows = 0;
    try {
      for (std::uint64_t given = asked; given == asked; rows += given) {
        if (rows * row_bytes_ >= stream_limit_) throw endless(split, rows);
        RowBuffers buffers(info_.fields, asked);
        given = next_rows(split, rows, asked, buffers);
        if (given > 0) parts.push_back(buffers.take(given));
      }
      RowTensors all = joined(info_.fields, std::move(parts));
      check_rows(all, info_.fields, id_, split);
      return all;
    } catch (const std::bad_alloc&) {
      throw no_memory(split, rows);
    }
  }
  std::uint64_t next_rows(Split split, std::uint64_t first, std::uint64_t asked,
                          RowBuffers& buffers) const {
    std::uint64_t given = 0;
    call_for_rows("next", [&](lathe_call* c) {
      if (Call::of(c).cancelled()) return lathe_code{LATHE_CANCELLED};
      return set_.next(c, self_, str_of(name(split)), first, asked, buffers.views(), buffers.size(),
                       &given);
    });
    if (given > asked)
      throw broken(fmt::format("next() gives {} rows of the split '{}' where {} were asked for",
                               given, name(split), asked));
    return given;
  }

  template <typename Function>
  void call_for_rows(const char* entry, const Function& function) const {
    std::unique_lock alone(mutex_, std::defer_lock);
    std::shared_lock together(mutex_, std::defer_lock);
    if (component_.has(LATHE_FLAG_PARALLEL)) {
      together.lock();
    } else {
      alone.lock();
    }
    Call call(component_);
    call.enter({entry, Guarded::numbers}, function);
  }

  Error no_memory(Split split, std::uint64_t rows) const {
    return run_error(LATHE_RESOURCE_EXHAUSTED,
                     fmt::format("there is no memory for {} rows of the split '{}' ({} MiB)", rows,
                                 name(split), (rows * row_bytes_) >> 20))
        .within(described());
  }
  Error endless(Split split, std::uint64_t rows) const {
    return run_error(LATHE_RESOURCE_EXHAUSTED,
                     fmt::format("the stream of the split '{}' has not ended after {} rows ({} "
                                 "MiB); a stream is kept in memory, and {} MiB are the most; let "
                                 "it end earlier",
                                 name(split), rows, (rows * row_bytes_) >> 20, stream_limit_ >> 20))
        .within(described());
  }

  const Component& component_;
  const lathe_dataset& set_;
  std::string id_;
  const std::uint64_t stream_limit_;  // bytes
  void* self_ = nullptr;
  // Around the plugin. Rows of one that says that it needs none are read together, but not while
  // it opens a split.
  mutable std::shared_mutex mutex_;
  std::vector<Field> trained_on_;
  // Written when a split is opened. What an open split needs does not change any more.
  mutable std::atomic<bool> opened_{false};  // any split
  mutable std::array<std::atomic<bool>, 3> splits_open_{};
  mutable std::optional<Error> open_error_;
  mutable DatasetInfo info_;
  mutable std::uint64_t row_bytes_ = 0;
  mutable std::array<std::uint64_t, 3> counts_{};
  mutable std::vector<std::string> files_;
  // Whole splits, made on first use.
  mutable std::mutex whole_mutex_;
  mutable std::array<RowTensors, 3> whole_;
  mutable std::array<std::atomic<const RowTensors*>, 3> shared_{};
};

}  // namespace

std::shared_ptr<Dataset> make_dataset(const Component& component, const Value& options,
                                      const std::string& text,
                                      const std::filesystem::path& data_dir,
                                      std::uint64_t stream_limit) {
  return fitted(std::make_shared<PluginDataset>(component, options, text, data_dir, stream_limit));
}

}  // namespace lathe
