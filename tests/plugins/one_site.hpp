// A number format that keeps state, single numbers, on one tensor of a node. `changed` are those
// that it has come to; without them it is fresh.
#pragma once

#include "core/tensor/borrowed_tensor.hpp"
#include "tests/plugins/workbench.hpp"
#include "tests/support/format_call.hpp"

namespace lathe_test {

class OneSite {
 public:
  using Extents = std::vector<std::int64_t>;

  OneSite(const lathe::Component& component, const json& options,
          lathe_role role = LATHE_ROLE_WEIGHT, std::string_view op = "linear",
          const std::vector<float>& changed = {})
      : format(component, lathe::check_options(component.options, to_value(options))),
        role_(role),
        op_(op) {
    for (const lathe::StateSpec& spec : format.state(FormatCall(role, op).site())) {
      specs.push_back(spec);
      state.push_back(static_cast<float>(spec.initial));
    }
    if (!changed.empty()) state = changed;
  }

  std::vector<float> quantize(const std::vector<float>& x, const Extents& shape,
                              bool training = false) {
    FormatCall call(role_, op_, training);
    prepare(call, shape);
    std::vector<float> y(x.size());
    lathe::BorrowedTensor to(lathe::DType::float32, y.data(), shape, 0);
    format.quantize(call.context(), read_only(x, shape).view(), to.view());
    return y;
  }

  struct Gradients {
    std::vector<float> dx, state;
  };
  Gradients backward(const std::vector<float>& x, const std::vector<float>& dy,
                     const Extents& shape) {
    FormatCall call(role_, op_, false);
    prepare(call, shape);
    Gradients out{std::vector<float>(x.size()), std::vector<float>(state.size())};
    std::list<lathe::BorrowedTensor> tensors;
    std::vector<lathe_tensor*> d_state;
    for (std::size_t i = 0; i < state.size(); ++i) {
      d_state.push_back(nullptr);
      if (!specs[i].learnable) continue;
      tensors.emplace_back(lathe::DType::float32, &out.state[i], std::span<const std::int64_t>(),
                           0);
      d_state.back() = &tensors.back().view();
    }
    const lathe::BorrowedTensor above = read_only(dy, shape);
    lathe::BorrowedTensor below(lathe::DType::float32, out.dx.data(), shape, 0);
    lathe_format_gradients gradients{
        sizeof gradients, 0, &above.view(), &below.view(), d_state.data(), d_state.size()};
    format.backward(call.context(), read_only(x, shape).view(), gradients);
    return out;
  }

  lathe::IntegerCodes codes(const std::vector<float>& x, const Extents& shape) {
    FormatCall call(role_, op_);
    prepare(call, shape);
    return format.codes(call.context(), read_only(x, shape).view());
  }

  lathe::FormatInstance format;
  std::vector<lathe::StateSpec> specs;
  std::vector<float> state;

 private:
  void prepare(FormatCall& call, const Extents& shape) {
    call.of_shape(shape);
    for (float& number : state) call.lend(number);
  }
  static lathe::BorrowedTensor read_only(const std::vector<float>& x, const Extents& shape) {
    return {lathe::DType::float32, x.data(), shape, LATHE_TENSOR_READ_ONLY};
  }

  lathe_role role_;
  std::string_view op_;
};

}  // namespace lathe_test
