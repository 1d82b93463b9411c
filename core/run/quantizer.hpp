// One number format on one operand of a node, as programs call it: on contiguous float32 on the
// CPU, whole batch by whole batch. Knows nothing about graphs beyond the node it belongs to.
#pragma once

#include "core/graph/ops/op_table.hpp"
#include "core/host/instances/instances.hpp"
#include "core/run/random_place.hpp"

namespace lathe::run {

class Quantizer {
 public:
  Quantizer() = default;
  // `row` of the node's op must outlive the quantizer.
  Quantizer(const Registry& registry, const OperandFormat& format, std::string_view role,
            std::uint32_t input_index, const OpRow& row, std::string_view node);

  explicit operator bool() const { return format_ != nullptr; }
  bool stochastic() const { return stochastic_; }
  bool has_backward() const { return format_->has_backward(); }

  // What makes two quantizers give the same tensor for the same contents.
  ContentHash identity() const;

  // The nearest representable values of x in y, between contiguous memory of one shape.
  void quantize(const float* x, float* y, std::span<const std::int64_t> shape, bool training,
                RandomPlace place) const;
  // The same by so many rows at a time, because a format may look at the whole tensor; 0: all.
  void quantize_rows(const float* x, float* y, std::span<const std::int64_t> shape,
                     RandomPlace place, std::int64_t rows) const;
  // REQUIRES: has_backward(). The gradient of x from that of y.
  void backward(const float* x, const float* dy, float* dx, std::span<const std::int64_t> shape,
                bool training, RandomPlace place) const;

 private:
  lathe_format_context context(bool training, RandomPlace place) const;

  const FormatInstance* format_ = nullptr;
  lathe_role role_ = LATHE_ROLE_DATA_IN;
  std::uint32_t input_index_ = 0;
  const OpRow* row_ = nullptr;
  std::uint64_t stream_ = 0;
  bool stochastic_ = false;
};

// That of an operand in evaluation mode ("data_in", "weight", ...), or none.
Quantizer quantizer_of(const Registry& registry, const OpRow& row, const Node& node,
                       std::string_view role, std::uint32_t input_index = 0);

}  // namespace lathe::run
