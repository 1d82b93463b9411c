// examples/plugins/lsq.cpp against the formulas of Esser et al., "Learned step size quantization"
// (ICLR 2020), in double: equations 1 and 2 (values), 3 (gradient of the step), 5 (of the data),
// the gradient scale of section 2.2 and the first step of section 2.1.
#include "tests/plugins/built_examples.hpp"
#include "tests/support/format_call.hpp"

#include <cmath>
#include <random>

namespace {

using namespace lathe_test;

const lathe::Component& lsq() {
  static const Built built({"lsq.cpp"});
  return built.registry().find(lathe::Kind::format, "example.lsq");
}

// Of one site: its state, and calls on it.
struct Site {
  Site(int bits, lathe_role of_role, const char* of_op)
      : format(lsq(), lathe::check_options(lsq().options, to_value({{"width", bits}}))),
        role(of_role),
        op(of_op) {}

  std::vector<float> quantize(std::vector<float> x, std::vector<std::int64_t> shape,
                              bool training) {
    FormatCall call(role, op, training);
    call.lend(step);
    call.lend(initialised);
    const lathe::BorrowedTensor from(lathe::DType::float32, x.data(), shape,
                                     LATHE_TENSOR_READ_ONLY);
    std::vector<float> y(x.size());
    lathe::BorrowedTensor to(lathe::DType::float32, y.data(), shape, 0);
    format.quantize(call.context(), from.view(), to.view());
    return y;
  }

  struct Gradients {
    std::vector<float> dx;
    float step = 0;
  };
  Gradients backward(const std::vector<float>& x, const std::vector<float>& dy,
                     std::vector<std::int64_t> shape) {
    FormatCall call(role, op, false);
    call.lend(step);
    call.lend(initialised);
    Gradients out;
    out.dx.resize(x.size());
    const lathe::BorrowedTensor from(lathe::DType::float32, x.data(), shape,
                                     LATHE_TENSOR_READ_ONLY);
    const lathe::BorrowedTensor above(lathe::DType::float32, dy.data(), shape,
                                      LATHE_TENSOR_READ_ONLY);
    lathe::BorrowedTensor below(lathe::DType::float32, out.dx.data(), shape, 0);
    lathe::BorrowedTensor of_step(lathe::DType::float32, &out.step, std::span<const std::int64_t>(),
                                  0);
    lathe_tensor* const d_state[] = {&of_step.view(), nullptr};
    lathe_format_gradients gradients{sizeof gradients, 0, &above.view(), &below.view(), d_state, 2};
    format.backward(call.context(), from.view(), gradients);
    return out;
  }

  lathe::FormatInstance format;
  lathe_role role;
  const char* op;
  float step = 1, initialised = 0;
};

// The paper's Q_N and Q_P.
struct Levels {
  double negative, positive;
  static Levels of(int bits, bool is_unsigned) {
    if (is_unsigned) return {0, std::ldexp(1.0, bits) - 1};
    return {std::ldexp(1.0, bits - 1), std::ldexp(1.0, bits - 1) - 1};
  }
};

double value(double v, double s, const Levels& q) {
  return std::nearbyint(std::fmin(std::fmax(v / s, -q.negative), q.positive)) * s;
}
double slope_of_step(double v, double s, const Levels& q) {
  if (v / s <= -q.negative) return -q.negative;
  if (v / s >= q.positive) return q.positive;
  return std::nearbyint(v / s) - v / s;
}
double first_step(const std::vector<float>& v, const Levels& q) {
  double sum = 0;
  for (const float x : v) sum += std::fabs(static_cast<double>(x));
  return 2 * sum / static_cast<double>(v.size()) / std::sqrt(q.positive);
}

std::vector<float> normal(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> noise;
  std::vector<float> out(count);
  for (float& x : out) x = noise(random);
  return out;
}

void check_values(const std::vector<float>& x, const std::vector<float>& y, double step,
                  const Levels& q) {
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double code = static_cast<double>(x[i]) / step;
    // Where a float's rounding decides between two codes, either will do.
    const bool tie = std::fabs(code - std::floor(code) - 0.5) < 1e-4;
    const double bound = tie ? 1.01 * step : 1e-6 * step * std::fmax(1.0, std::fabs(code));
    BOOST_TEST(std::fabs(static_cast<double>(y[i]) - value(x[i], step, q)) <= bound,
               "x " << x[i] << " is " << y[i]);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(learned_step)

BOOST_AUTO_TEST_CASE(values_are_the_papers) {
  for (const int bits : {2, 3, 4, 8, 16}) {
    for (const bool relu : {false, true}) {
      Site site(bits, LATHE_ROLE_DATA_IN, relu ? "relu" : "linear");
      site.step = 0.13F;
      site.initialised = 1;
      const std::vector<float> x = normal(500, 1);
      check_values(x, site.quantize(x, {500}, false), static_cast<double>(0.13F),
                   Levels::of(bits, relu));
      BOOST_TEST(site.step == 0.13F);
    }
  }
}

BOOST_AUTO_TEST_CASE(gradients_are_the_papers) {
  for (const int bits : {2, 4, 8}) {
    for (const bool relu : {false, true}) {
      for (const bool weight : {false, true}) {
        if (relu && weight) continue;
        Site site(bits, weight ? LATHE_ROLE_WEIGHT : LATHE_ROLE_DATA_IN, relu ? "relu" : "linear");
        site.step = 0.21F;
        site.initialised = 1;
        const Levels q = Levels::of(bits, relu);
        const auto s = static_cast<double>(site.step);
        const std::vector<float> x = normal(600, 2), dy = normal(600, 3);
        const auto found = site.backward(x, dy, {20, 30});
        double of_step = 0, size = 0;
        for (std::size_t i = 0; i < x.size(); ++i) {
          const double v = x[i], code = v / s;
          const bool inside = code > -q.negative && code < q.positive;
          BOOST_TEST(found.dx[i] == (inside ? dy[i] : 0.0F));
          of_step += slope_of_step(v, s, q) * static_cast<double>(dy[i]);
          size += std::fabs(slope_of_step(v, s, q) * static_cast<double>(dy[i]));
        }
        // N: the weights, or the features of one of the 20 rows.
        const double scale = 1 / std::sqrt((weight ? 600 : 30) * q.positive);
        BOOST_TEST(
            std::fabs(static_cast<double>(found.step) - of_step * scale) <= 1e-5 * size * scale,
            bits << " bits: " << found.step << ", expected " << of_step * scale);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(the_first_batch_of_training_sets_the_step_and_the_next_does_not) {
  for (const bool relu : {false, true}) {
    Site site(4, LATHE_ROLE_DATA_IN, relu ? "relu" : "linear");
    const Levels q = Levels::of(4, relu);
    const std::vector<float> x = normal(400, 4);
    const std::vector<float> y = site.quantize(x, {20, 20}, true);
    const double expected = first_step(x, q);
    BOOST_TEST(std::fabs(static_cast<double>(site.step) - expected) <= 1e-6 * expected);
    BOOST_TEST(site.initialised == 1.0F);
    check_values(x, y, static_cast<double>(site.step), q);
    const float kept = site.step;
    site.quantize(normal(400, 5), {20, 20}, true);
    BOOST_TEST(site.step == kept);
  }
}

BOOST_AUTO_TEST_CASE(before_any_training_a_tensor_goes_by_its_own_step_and_nothing_is_kept) {
  Site site(4, LATHE_ROLE_WEIGHT, "linear");
  const Levels q = Levels::of(4, false);
  const std::vector<float> x = normal(300, 6);
  const std::vector<float> y = site.quantize(x, {300}, false);
  check_values(x, y, first_step(x, q), q);
  BOOST_TEST(site.initialised == 0.0F);
  BOOST_TEST(site.step == 1.0F);
  BOOST_TEST((site.quantize(x, {300}, false) == y));
}

BOOST_AUTO_TEST_CASE(zeros_stay_zeros_and_nothing_is_divided_by_nothing) {
  for (const int bits : {1, 4}) {
    Site site(bits, LATHE_ROLE_WEIGHT, "linear");
    for (const float y : site.quantize(std::vector<float>(8, 0.0F), {8}, true)) {
      BOOST_TEST(y == 0.0F);
    }
    BOOST_TEST(site.step > 0.0F);
    const auto found = site.backward(std::vector<float>(8, 0.0F), std::vector<float>(8, 1.0F), {8});
    BOOST_TEST(std::isfinite(found.step));
  }
}

BOOST_AUTO_TEST_CASE(it_keeps_a_learned_step_and_whether_it_was_ever_set) {
  const lathe::FormatInstance format(lsq(), lathe::check_options(lsq().options, to_value({})));
  const auto state = format.state(FormatCall().site());
  BOOST_REQUIRE(state.size() == 2U);
  BOOST_TEST(state[0].name == "step");
  BOOST_TEST(state[0].learnable);
  BOOST_TEST(state[1].name == "initialised");
  BOOST_TEST(!state[1].learnable);
  BOOST_TEST(format.storage_bits(SiteOf({10, 3}).site()) == 120.0);
  BOOST_TEST(format.precision().text() == "[4]");
}

BOOST_AUTO_TEST_SUITE_END()
