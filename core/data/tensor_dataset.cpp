#include "core/data/tensor_dataset.hpp"

#include "core/data/check_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace lathe {

namespace {

constexpr std::array kSplits{Split::train, Split::validation, Split::test};

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
  TensorDataset(std::string id, std::vector<Field> fields, std::array<RowTensors, 3> splits)
      : id_(std::move(id)), splits_(std::move(splits)) {
    info_.fields = std::move(fields);
    for (const Split split : kSplits) {
      if (count(split) == 0) continue;
      check_tensors(split);
      check_rows(of(split), info_.fields, id_, split);
    }
  }

  std::string id() const override { return id_; }
  bool synthetic() const override { return false; }
  DatasetInfo info() const override { return info_; }
  void open(const OpenRequest&) override {}
  std::uint64_t count(Split split) const override {
    return static_cast<std::uint64_t>(of(split).rows());
  }
  RowTensors read(Split split, std::span<const std::uint64_t> index) const override {
    return gather(all(split), index, id_, split);
  }
  const RowTensors& all(Split split) const override {
    if (count(split) == 0) throw no_rows(id_, split, "");
    return of(split);
  }
  std::vector<std::string> files() const override { return {}; }

 private:
  const RowTensors& of(Split split) const { return splits_[static_cast<std::size_t>(split)]; }

  // The first split tells the shapes that are not known; the others must have them.
  void check_tensors(Split split) {
    const RowTensors& rows = of(split);
    if (rows.fields.size() != info_.fields.size())
      throw usage_error(fmt::format("split '{}' of data set '{}' has {} tensors for {} fields",
                                    name(split), id_, rows.fields.size(), info_.fields.size()));
    for (std::size_t i = 0; i < rows.fields.size(); ++i) {
      const Tensor& tensor = rows.fields[i];
      Field& field = info_.fields[i];
      if (tensor.dtype() != field.dtype || tensor.shape().rank() == 0 ||
          tensor.shape()[0] != rows.rows())
        throw usage_error(
            fmt::format("split '{}' of data set '{}' needs {} rows of {} for '{}', "
                        "not {} of shape {}",
                        name(split), id_, rows.rows(), name(field.dtype), field.name,
                        name(tensor.dtype()), tensor.shape().text()));
      const auto& dims = tensor.shape().dims();
      const Shape shape(std::vector<std::int64_t>(dims.begin() + 1, dims.end()));
      if (field.known_shape && shape != field.shape)
        throw usage_error(fmt::format("split '{}' of data set '{}' has '{}' of shape {}, not {}",
                                      name(split), id_, field.name, shape.text(),
                                      field.shape.text()));
      field.shape = shape;
      field.known_shape = true;
    }
  }

  std::string id_;
  std::array<RowTensors, 3> splits_;
  DatasetInfo info_;
};

}  // namespace

RowTensors gather(const RowTensors& all, std::span<const std::uint64_t> index, std::string_view id,
                  Split split) {
  const auto rows = static_cast<std::uint64_t>(all.rows());
  const auto beyond =
      std::find_if(index.begin(), index.end(), [rows](std::uint64_t row) { return row >= rows; });
  if (beyond != index.end())
    throw run_error(LATHE_OUT_OF_RANGE,
                    fmt::format("data set '{}' has {} rows in its split '{}'; row {} was asked for",
                                id, rows, name(split), *beyond));
  RowTensors out;
  for (const Tensor& tensor : all.fields) out.fields.push_back(gather_rows(tensor, index));
  return out;
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

std::shared_ptr<Dataset> dataset_of(std::string id, std::vector<Field> fields, RowTensors train,
                                    RowTensors validation, RowTensors test) {
  return std::make_shared<TensorDataset>(
      std::move(id), std::move(fields),
      std::array<RowTensors, 3>{std::move(train), std::move(validation), std::move(test)});
}

std::shared_ptr<Dataset> dataset_of(std::string id, RowTensors train, RowTensors validation,
                                    RowTensors test, std::int64_t classes) {
  Field samples{"samples", LATHE_FIELD_INPUT, DType::float32, {}, false, 0, {}};
  Field labels{"labels", LATHE_FIELD_TARGET, DType::int64, {}, true, classes, {}};
  return dataset_of(std::move(id), {std::move(samples), std::move(labels)}, std::move(train),
                    std::move(validation), std::move(test));
}

}  // namespace lathe
