// A built-in number format on one tensor, outside of any network.
#pragma once

#include "core/tensor/borrowed_tensor.hpp"
#include "tests/plugins/workbench.hpp"
#include "tests/support/format_call.hpp"

namespace lathe_test {

class OneFormat {
 public:
  using Extents = std::vector<std::int64_t>;

  // Throws what a user is told for an unknown format or wrong options.
  explicit OneFormat(std::string_view id, const json& options = json::object(),
                     lathe_role role = LATHE_ROLE_WEIGHT, std::string_view op = "linear")
      : component_(built_plugins().find(lathe::Kind::format, id)),
        instance_(component_, lathe::check_options(component_.options, to_value(options))),
        role_(role),
        op_(op) {}

  const lathe::Component& component() const { return component_; }
  const lathe::FormatInstance& instance() const { return instance_; }

  // Without a shape: of rank 1.
  std::vector<float> quantize(const std::vector<float>& x, const Extents& shape = {},
                              std::uint64_t seed = 0) const {
    std::vector<float> y(x.size());
    FormatCall call(role_, op_);
    const Extents extents = shape_of(x, shape);
    call.of_shape(extents);
    call.random_stream(seed, 0);
    lathe::BorrowedTensor to(lathe::DType::float32, y.data(), extents, 0);
    instance_.quantize(call.context(), read_only(x, extents).view(), to.view());
    return y;
  }
  // dx of dy; REQUIRES: the format has a backward and no learnable state.
  std::vector<float> backward(const std::vector<float>& x, const std::vector<float>& dy,
                              const Extents& shape = {}) const {
    std::vector<float> dx(x.size());
    FormatCall call(role_, op_, true);
    const Extents extents = shape_of(x, shape);
    call.of_shape(extents);
    const lathe::BorrowedTensor above = read_only(dy, extents);
    lathe::BorrowedTensor below(lathe::DType::float32, dx.data(), extents, 0);
    lathe_format_gradients gradients{sizeof gradients, 0, &above.view(), &below.view(), nullptr, 0};
    instance_.backward(call.context(), read_only(x, extents).view(), gradients);
    return dx;
  }
  lathe::IntegerCodes codes(const std::vector<float>& x, const Extents& shape = {}) const {
    FormatCall call(role_, op_);
    const Extents extents = shape_of(x, shape);
    call.of_shape(extents);
    return instance_.codes(call.context(), read_only(x, extents).view());
  }
  // The options that hold what was seen: one row for the tensor, or one per index.
  lathe::Value fit(const Extents& shape, const std::vector<lathe_seen>& seen) const {
    FormatCall call(role_, op_);
    call.of_shape(shape);
    return instance_.fit(call.site(), seen);
  }
  double storage_bits(const Extents& shape) const {
    FormatCall call(role_, op_);
    call.of_shape(shape);
    return instance_.storage_bits(call.site());
  }

 private:
  static Extents shape_of(const std::vector<float>& x, const Extents& shape) {
    return shape.empty() ? Extents{static_cast<std::int64_t>(x.size())} : shape;
  }
  static lathe::BorrowedTensor read_only(const std::vector<float>& x, const Extents& extents) {
    return {lathe::DType::float32, x.data(), extents, LATHE_TENSOR_READ_ONLY};
  }

  const lathe::Component& component_;
  lathe::FormatInstance instance_;
  lathe_role role_;
  std::string_view op_;
};

}  // namespace lathe_test
