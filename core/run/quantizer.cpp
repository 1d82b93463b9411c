// Calls of number formats. Knows nothing about graphs.
#include "core/run/quantizer.hpp"

#include "core/graph/operands.hpp"
#include "core/tensor/borrowed_tensor.hpp"
#include "core/tensor/random.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lathe::run {

namespace {

struct Reads : BorrowedTensor {
  Reads(const float* data, std::span<const std::int64_t> shape)
      : BorrowedTensor(DType::float32, data, shape, LATHE_TENSOR_READ_ONLY) {}
};

struct Writes : BorrowedTensor {
  Writes(float* data, std::span<const std::int64_t> shape)
      : BorrowedTensor(DType::float32, data, shape, 0) {}
};

}  // namespace

Quantizer::Quantizer(const Registry& registry, const OperandFormat& format, std::string_view role,
                     std::uint32_t input_index, const OpRow& row, std::string_view node)
    : format_(&format_instance(registry, format.format, format.options)),
      role_(role_named(role)),
      input_index_(input_index),
      row_(&row) {
  stochastic_ = format_->component().has(LATHE_FLAG_STOCHASTIC);
  if (stochastic_) stream_ = stream_of(fmt::format("{}/{}/{}", node, role, input_index));
}

ContentHash Quantizer::identity() const {
  Hasher hasher;
  hasher.add(static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(format_)));
  hasher.add(std::int64_t{role_}).add(std::int64_t{input_index_}).add(std::string_view(row_->op));
  return hasher.finish();
}

lathe_format_context Quantizer::context(bool training, RandomPlace place) const {
  lathe_format_context out{};
  out.struct_size = sizeof out;
  out.role = role_;
  out.op = {row_->op.data(), row_->op.size()};
  out.is_unsigned = row_->is_unsigned ? 1 : 0;
  out.training = training ? 1 : 0;
  out.input_index = input_index_;
  out.seed = place.seed ^ stream_;
  out.counter = place.counter;
  return out;
}

void Quantizer::quantize(const float* x, float* y, std::span<const std::int64_t> shape,
                         bool training, RandomPlace place) const {
  const Reads from(x, shape);
  Writes to(y, shape);
  format_->quantize(context(training, place), from.view(), to.view());
}

void Quantizer::quantize_rows(const float* x, float* y, std::span<const std::int64_t> shape,
                              RandomPlace place, std::int64_t rows) const {
  const std::int64_t total = shape.empty() ? 0 : shape[0];
  if (rows <= 0 || total <= rows) {
    quantize(x, y, shape, false, place);
    return;
  }
  std::vector<std::int64_t> part(shape.begin(), shape.end());
  std::int64_t row_elements = 1;
  for (const std::int64_t extent : shape.subspan(1)) row_elements *= extent;
  for (std::int64_t first = 0; first < total; first += rows) {
    part[0] = std::min(rows, total - first);
    const std::int64_t at = first * row_elements;
    quantize(x + at, y + at, part, false,
             {place.seed, place.counter + static_cast<std::uint64_t>(at)});
  }
}

void Quantizer::backward(const float* x, const float* dy, float* dx,
                         std::span<const std::int64_t> shape, bool training,
                         RandomPlace place) const {
  const Reads from(x, shape);
  const Reads given(dy, shape);
  Writes to(dx, shape);
  format_->backward(context(training, place), from.view(), given.view(), to.view());
}

Quantizer quantizer_of(const Registry& registry, const OpRow& row, const Node& node,
                       std::string_view role, std::uint32_t input_index) {
  const OperandFormat* format = node.format(role);
  if (format == nullptr) return {};
  return {registry, *format, role, input_index, row, node.name};
}

}  // namespace lathe::run
