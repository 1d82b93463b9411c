#include "core/data/tensor_dataset.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

namespace lathe {

namespace {

std::uint64_t rows_of(const Tensor& tensor) {
  return tensor.shape().rank() == 0 ? 0 : static_cast<std::uint64_t>(tensor.shape()[0]);
}

void check_index(std::span<const std::uint64_t> index, std::uint64_t rows, std::string_view id,
                 Split split) {
  const auto beyond =
      std::find_if(index.begin(), index.end(), [rows](std::uint64_t row) { return row >= rows; });
  if (beyond != index.end())
    throw run_error(LATHE_OUT_OF_RANGE,
                    fmt::format("data set '{}' has {} rows in its split '{}'; row {} was asked for",
                                id, rows, name(split), *beyond));
}

Tensor gather_rows(const Tensor& all, std::span<const std::uint64_t> index) {
  Shape shape = all.shape();
  const auto rows = static_cast<std::uint64_t>(shape[0]);
  const std::size_t row_bytes = rows == 0 ? 0 : all.bytes().size() / rows;
  shape[0] = static_cast<std::int64_t>(index.size());
  return Tensor::make(all.dtype(), shape, [&](std::span<std::byte> out) {
    const std::byte* from = all.bytes().data();
    std::byte* to = out.data();
    for (const std::uint64_t row : index) {
      std::memcpy(to, from + row * row_bytes, row_bytes);
      to += row_bytes;
    }
  });
}

// A data set whose splits are tensors from the start.
class TensorDataset : public Dataset {
 public:
  TensorDataset(std::string id, std::array<SplitTensors, 3> splits, std::int64_t classes)
      : id_(std::move(id)), splits_(std::move(splits)) {
    info_.classes = classes;
    for (const Split split : {Split::train, Split::validation, Split::test}) {
      const SplitTensors& rows = of(split);
      if (!rows.samples.defined() || rows_of(rows.samples) == 0) continue;
      if (rows.samples.dtype() != DType::float32 || rows.labels.dtype() != DType::int64 ||
          rows.labels.shape() != Shape{rows.samples.shape()[0]})
        throw usage_error(fmt::format(
            "split '{}' of data set '{}' needs float32 samples and one int64 label for each",
            name(split), id_));
      check_rows(rows, classes, id_, split);
      const auto& dims = rows.samples.shape().dims();
      const Shape shape(std::vector<std::int64_t>(dims.begin() + 1, dims.end()));
      if (info_.known_shape && shape != info_.sample_shape)
        throw usage_error(fmt::format("split '{}' of data set '{}' has samples of shape {}, not {}",
                                      name(split), id_, shape.text(), info_.sample_shape.text()));
      info_.sample_shape = shape;
      info_.known_shape = true;
    }
  }

  std::string id() const override { return id_; }
  bool synthetic() const override { return false; }
  DatasetInfo info() const override { return info_; }
  void open() override {}
  std::uint64_t count(Split split) const override {
    return of(split).samples.defined() ? rows_of(of(split).samples) : 0;
  }
  SplitTensors read(Split split, std::span<const std::uint64_t> index) const override {
    return gather(all(split), index, id_, split);
  }
  const SplitTensors& all(Split split) const override {
    if (count(split) == 0) throw no_rows(id_, split, "");
    return of(split);
  }
  std::vector<std::string> files() const override { return {}; }

 private:
  const SplitTensors& of(Split split) const { return splits_[static_cast<std::size_t>(split)]; }
  std::string id_;
  std::array<SplitTensors, 3> splits_;
  DatasetInfo info_;
};

}  // namespace

SplitTensors gather(const SplitTensors& all, std::span<const std::uint64_t> index,
                    std::string_view id, Split split) {
  check_index(index, rows_of(all.samples), id, split);
  return {gather_rows(all.samples, index), gather_rows(all.labels, index)};
}

void check_rows(const SplitTensors& rows, std::int64_t classes, std::string_view id, Split split) {
  const auto labels = rows.labels.values<std::int64_t>();
  for (std::size_t row = 0; row < labels.size(); ++row)
    if (labels[row] < 0 || labels[row] >= classes)
      throw run_error(LATHE_DATA_LOSS,
                      fmt::format("data set '{}': row {} of split '{}' has label {}; there are {} "
                                  "classes, from 0",
                                  id, row, name(split), labels[row], classes));
  const auto samples = rows.samples.values<float>();
  const auto wrong =
      std::find_if(samples.begin(), samples.end(), [](float x) { return !std::isfinite(x); });
  if (wrong != samples.end()) {
    const auto at = static_cast<std::size_t>(wrong - samples.begin());
    throw run_error(LATHE_DATA_LOSS,
                    fmt::format("data set '{}': row {} of split '{}' holds {}", id,
                                at / (samples.size() / labels.size()), name(split), *wrong));
  }
}

Error no_rows(std::string_view id, Split split, std::string_view option) {
  return run_error(
      LATHE_NOT_FOUND,
      option.empty()
          ? fmt::format("data set '{}' has no rows in its split '{}'", id, name(split))
          : fmt::format("data set '{}' has no rows in its split '{}'; give a file by its option "
                        "'{}'",
                        id, name(split), option));
}

std::shared_ptr<Dataset> dataset_of(std::string id, SplitTensors train, SplitTensors validation,
                                    SplitTensors test, std::int64_t classes) {
  return std::make_shared<TensorDataset>(
      std::move(id),
      std::array<SplitTensors, 3>{std::move(train), std::move(validation), std::move(test)},
      classes);
}

}  // namespace lathe
