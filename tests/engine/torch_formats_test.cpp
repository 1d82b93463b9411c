// Values of every number format beside its formula in LibTorch's operators, on random numbers,
// powers of two, ties and ends of ranges.
#include "tests/engine/torch_formats.hpp"
#include "core/engine/tensors.hpp"
#include "core/tensor/borrowed_tensor.hpp"
#include "tests/engine/format_cases.hpp"
#include "tests/support/format_call.hpp"

#include <random>

using namespace lathe_test;

namespace {

const Shape kShape{48, 40};

// Each row has a magnitude of its own; every fifth number is a multiple of 1/16, every seventh a
// power of two.
std::vector<float> numbers_of_all_kinds(unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> noise;
  std::vector<float> out;
  for (int row = 0; row < kShape[0]; ++row) {
    for (int column = 0; column < kShape[1]; ++column) {
      float x = noise(random) * std::ldexp(1.0F, row % 7 - 3);
      if (column % 5 == 0) x = std::nearbyint(x * 16) / 16;
      if (column % 7 == 0) x = std::copysign(std::exp2(std::nearbyint(std::log2(std::abs(x)))), x);
      if (row == 20) x = 0;
      out.push_back(x);
    }
  }
  return out;
}

// A state for what the format learns, its buffers set.
std::vector<std::vector<float>> numbers_of(const std::vector<lathe::StateSpec>& state) {
  std::vector<std::vector<float>> out;
  for (const lathe::StateSpec& spec : state) {
    std::vector<float> values(static_cast<std::size_t>(spec.shape.numel()), 1.0F);
    for (std::size_t i = 0; i < values.size() && spec.learnable; ++i) {
      values[i] = std::ldexp(0.37F, -static_cast<int>(i));
    }
    out.push_back(values);
  }
  return out;
}

void check_values(const FormatCase& c, lathe_role role) {
  const bool is_activation = role == LATHE_ROLE_DATA_IN;
  const lathe::FormatInstance& format = lathe::format_instance(registry(), c.id, c.options());
  FormatCall call(role, "linear");
  call.of_shape({kShape[0], kShape[1]});
  const auto specs = format.state(call.site());
  std::vector<std::vector<float>> state = numbers_of(specs);
  std::vector<at::Tensor> learned;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    call.lend(state[i], specs[i].shape);
    if (!specs[i].learnable) continue;
    learned.push_back(lathe::engine::share(floats(specs[i].shape, state[i])));
  }
  const std::vector<float> x = numbers_of_all_kinds(7);
  std::vector<float> y(x.size());
  const std::array extents{kShape[0], kShape[1]};
  const lathe::BorrowedTensor from(DType::float32, x.data(), extents, LATHE_TENSOR_READ_ONLY);
  lathe::BorrowedTensor to(DType::float32, y.data(), extents, 0);
  format.quantize(call.context(), from.view(), to.view());

  const at::Tensor all = lathe::engine::share(floats(kShape, x));
  const at::Tensor expected =
      torch_format(c.id, c.options(), all, {is_activation, false, is_activation ? 1 : 0}, learned)
          .contiguous();
  for (std::size_t i = 0; i < x.size(); ++i) {
    const float wanted = expected.data_ptr<float>()[i];
    BOOST_TEST(std::abs(y[i] - wanted) <= 1e-6F * std::abs(wanted),
               "x " << x[i] << " is " << y[i] << ", expected " << wanted);
  }
  at::Tensor in_place = all.clone();
  if (torch_format_in_place(c.id, c.options(), in_place, {is_activation, false, -1})) {
    BOOST_TEST(at::equal(in_place, expected));
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(torch_formats)

BOOST_AUTO_TEST_CASE(values_of_weights_are_those_of_the_formula) {
  for (const FormatCase& c : kFormatCases) {
    if (std::string_view(c.json).find("[0.1") != std::string_view::npos) continue;  // 4 channels
    BOOST_TEST_CONTEXT(c.name()) { check_values(c, LATHE_ROLE_WEIGHT); }
  }
}

BOOST_AUTO_TEST_CASE(values_of_activations_are_those_of_the_formula) {
  for (const FormatCase& c : kFormatCases) {
    if (std::find(c.roles.begin(), c.roles.end(), "data_in") == c.roles.end()) continue;
    BOOST_TEST_CONTEXT(c.name()) { check_values(c, LATHE_ROLE_DATA_IN); }
  }
}

BOOST_AUTO_TEST_SUITE_END()
