#include "core/cli/format/placed_format.hpp"

#include "core/graph/formats/sites.hpp"
#include "core/tensor/borrowed_tensor.hpp"

#include <list>

namespace lathe {

// What one call is handed; stays where it was made.
class PlacedFormat::Call {
 public:
  Call(const PlacedFormat& placed, const Shape& shape) : shape_(shape) {
    site_.struct_size = sizeof site_;
    site_.role = placed.role_;
    const std::string_view name = placed.role_ == LATHE_ROLE_WEIGHT ? "weight"
                                  : placed.role_ == LATHE_ROLE_BIAS ? "bias"
                                                                    : "";
    site_.parameter = {name.data(), name.size()};
    // Messages name a node.
    site_.node = {placed.row_.op.data(), placed.row_.op.size()};
    site_.op = {placed.row_.op.data(), placed.row_.op.size()};
    site_.is_unsigned = placed.row_.is_unsigned ? 1 : 0;
    site_.channel_axis = -1;
    const std::vector<StateSpec> specs = placed.format_.state(site_);
    site_.shape = shape_.dims().data();
    site_.rank = shape_.rank();
    site_.channel_axis = placed.channels_of(shape_);
    for (const StateSpec& spec : specs) keep(spec);
    context_ = {sizeof context_, 0, &site_, placed.seed_, 0, state_.data(), state_.size()};
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  const lathe_site& site() const { return site_; }
  const lathe_format_context& context() const { return context_; }

 private:
  void keep(const StateSpec& spec) {
    const std::int32_t axis = site_.channel_axis;
    const Shape shape = spec.per_channel
                            ? Shape{axis < 0 ? 1 : shape_[static_cast<std::size_t>(axis)]}
                            : spec.shape;
    memory_.emplace_back(static_cast<std::size_t>(shape.numel()), static_cast<float>(spec.initial));
    tensors_.emplace_back(DType::float32, memory_.back().data(), shape.dims(),
                          LATHE_TENSOR_READ_ONLY);
    state_.push_back(&tensors_.back().view());
  }

  Shape shape_;
  lathe_site site_{};
  lathe_format_context context_{};
  std::list<std::vector<float>> memory_;
  std::list<BorrowedTensor> tensors_;
  std::vector<lathe_tensor*> state_;
};

namespace {

BorrowedTensor read_only(std::span<const float> x, const Shape& shape) {
  return {DType::float32, x.data(), shape.dims(), LATHE_TENSOR_READ_ONLY};
}

}  // namespace

PlacedFormat::PlacedFormat(const FormatInstance& format, const OpRow& row, lathe_role role,
                           std::uint64_t seed)
    : format_(format), row_(row), role_(role), seed_(seed) {}

std::vector<float> PlacedFormat::quantize(const Shape& shape, std::span<const float> x) const {
  std::vector<float> y(x.size());
  const Call call(*this, shape);
  BorrowedTensor to(DType::float32, y.data(), shape.dims(), 0);
  format_.quantize(call.context(), read_only(x, shape).view(), to.view());
  return y;
}

IntegerCodes PlacedFormat::codes(const Shape& shape, std::span<const float> x) const {
  const Call call(*this, shape);
  return format_.codes(call.context(), read_only(x, shape).view());
}

double PlacedFormat::storage_bits(const Shape& shape) const {
  return format_.storage_bits(Call(*this, shape).site());
}

std::int32_t PlacedFormat::channels_of(const Shape& shape) const {
  return channel_axis(row_, role_, shape);
}

}  // namespace lathe
