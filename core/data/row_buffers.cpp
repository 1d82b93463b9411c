#include "core/data/row_buffers.hpp"

#include "core/base/error.hpp"

#include <cstring>
#include <new>

namespace lathe {

namespace {

Shape shape_of(const Field& field, std::uint64_t rows) {
  std::vector<std::int64_t> dims{static_cast<std::int64_t>(rows)};
  dims.insert(dims.end(), field.shape.begin(), field.shape.end());
  return Shape(std::move(dims));
}

Tensor made(const Field& field, std::uint64_t rows,
            const std::function<void(std::span<std::byte>)>& fill) {
  try {
    return Tensor::make(field.dtype, shape_of(field, rows), fill);
  } catch (const Error& error) {
    if (error.code() != LATHE_RESOURCE_EXHAUSTED) throw;
    throw std::bad_alloc();
  }
}

// The first rows, sharing memory.
Tensor first_rows(const Tensor& tensor, std::uint64_t rows) {
  Shape shape = tensor.shape();
  shape[0] = static_cast<std::int64_t>(rows);
  return Tensor::adopt(tensor.dtype(), std::move(shape), tensor.owner(), tensor.bytes().data());
}

}  // namespace

RowBuffers::RowBuffers(std::span<const Field> fields, std::uint64_t rows) {
  for (const Field& field : fields) {
    // Nobody else sees the tensor before take().
    std::byte* memory = nullptr;
    tensors_.fields.push_back(
        made(field, rows, [&](std::span<std::byte> bytes) { memory = bytes.data(); }));
    const Tensor& tensor = tensors_.fields.back();
    borrowed_.push_back(
        std::make_unique<BorrowedTensor>(tensor.dtype(), memory, tensor.shape().dims(), 0));
    views_.push_back(&borrowed_.back()->view());
  }
}

RowBuffers::RowBuffers(std::span<const Field> fields, const RowTensors& rows)
    : RowBuffers(fields, static_cast<std::uint64_t>(rows.rows())) {
  for (std::size_t i = 0; i < views_.size(); ++i) {
    const auto from = rows.fields.at(i).bytes();
    if (!from.empty()) std::memcpy(views_[i]->dl.data, from.data(), from.size());
  }
}

RowTensors RowBuffers::take(std::uint64_t rows) {
  RowTensors taken;
  for (const Tensor& tensor : tensors_.fields) taken.fields.push_back(first_rows(tensor, rows));
  return taken;
}

RowTensors joined(std::span<const Field> fields, std::vector<RowTensors> parts) {
  std::uint64_t rows = 0;
  for (const RowTensors& part : parts) rows += static_cast<std::uint64_t>(part.rows());
  RowTensors all;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    all.fields.push_back(made(fields[i], rows, [&](std::span<std::byte> out) {
      std::byte* to = out.data();
      for (RowTensors& part : parts) {
        const auto from = part.fields[i].bytes();
        std::memcpy(to, from.data(), from.size());
        to += from.size();
        part.fields[i] = Tensor();  // its memory goes back before the next field is joined
      }
    }));
  }
  return all;
}

}  // namespace lathe
