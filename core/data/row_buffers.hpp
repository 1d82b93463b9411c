// Tensors of rows that one call of a plugin fills or changes.
#pragma once

#include "core/host/dataset.hpp"
#include "core/tensor/borrowed_tensor.hpp"

#include <memory>

namespace lathe {

class RowBuffers {
 public:
  // Zeros. Throws std::bad_alloc if there is no memory. REQUIRES: all shapes are known.
  RowBuffers(std::span<const Field> fields, std::uint64_t rows);
  // Copies of these rows.
  RowBuffers(std::span<const Field> fields, const RowTensors& rows);

  lathe_tensor* const* views() { return views_.data(); }
  std::uint64_t size() const { return views_.size(); }
  // The first `rows` of them. Nothing may be written through the views afterwards.
  RowTensors take(std::uint64_t rows);

 private:
  RowTensors tensors_;
  std::vector<std::unique_ptr<BorrowedTensor>> borrowed_;
  std::vector<lathe_tensor*> views_;
};

// A batch's part of these rows, one after another.
RowTensors joined(std::span<const Field> fields, std::vector<RowTensors> parts);

}  // namespace lathe
