// Number format lsq against the formulas of Esser et al., "Learned step size quantization" (ICLR
// 2020), in double: equations 1 and 2 (values), 3 (gradient of the step), 5 (of the data), the
// gradient scale of section 2.2 over all elements, and the first step of section 2.1.
#include "tests/plugins/one_format.hpp"
#include "tests/plugins/one_site.hpp"
#include "tests/plugins/transforms/formats/inputs.hpp"
#include "tests/support/messages.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>

namespace {

using namespace lathe_test;

const lathe::Component& lsq() { return built_plugins().find(lathe::Kind::format, "lsq"); }

constexpr std::size_t kStep = 0, kInitialised = 1;

OneSite site_of(int bits, lathe_role role, const char* op) {
  return {lsq(), {{"width", bits}}, role, op};
}
OneSite site_with(float step, const json& options, lathe_role role = LATHE_ROLE_WEIGHT,
                  const char* op = "linear") {
  return {lsq(), options, role, op, {step, 1.0F}};
}

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

void check_values(const std::vector<float>& x, const std::vector<float>& y, float step,
                  const Levels& q) {
  long wrong = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (std::isnan(x[i]) ? std::isnan(y[i])
                         : y[i] == static_cast<float>(value(x[i], static_cast<double>(step), q))) {
      continue;
    }
    if (++wrong < 5) BOOST_ERROR("x " << x[i] << " is " << y[i] << " with step " << step);
  }
  BOOST_TEST(wrong == 0);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(lsq_format)

BOOST_AUTO_TEST_CASE(values_are_the_nearest_of_all_halves_and_random_floats) {
  std::vector<float> x = all_halves();
  const std::vector<float> random = random_floats(200000, 1);
  x.insert(x.end(), random.begin(), random.end());
  struct Set {
    int width;
    bool is_signed;
    float step;
  };
  for (const Set& set : {Set{8, true, 0.01F}, Set{8, false, 0.037F}, Set{2, true, 0.5F},
                         Set{1, true, 1.0F}, Set{4, true, 3.0F}, Set{24, true, 1e-4F}}) {
    OneSite site = site_with(set.step, {{"width", set.width}, {"is_signed", set.is_signed}});
    check_values(x, site.quantize(x, {static_cast<std::int64_t>(x.size())}), set.step,
                 Levels::of(set.width, !set.is_signed));
    BOOST_TEST(site.state[kStep] == set.step);
  }
}

BOOST_AUTO_TEST_CASE(a_relu_has_no_sign) {
  OneSite site = site_with(0.13F, {{"width", 4}}, LATHE_ROLE_DATA_IN, "relu");
  const std::vector<float> x = normal_floats(500, 1);
  check_values(x, site.quantize(x, {500}), 0.13F, Levels::of(4, true));
}

BOOST_AUTO_TEST_CASE(gradients_are_the_papers) {
  for (const int bits : {2, 4, 8}) {
    for (const bool relu : {false, true}) {
      for (const float s : {0.21F, -0.21F}) {
        OneSite site =
            site_with(s, {{"width", bits}}, LATHE_ROLE_DATA_IN, relu ? "relu" : "linear");
        const Levels q = Levels::of(bits, relu);
        const double step = std::fabs(static_cast<double>(s));
        const std::vector<float> x = normal_floats(600, 2), dy = normal_floats(600, 3);
        const OneSite::Gradients found = site.backward(x, dy, {20, 30});
        double of_step = 0, size = 0;
        for (std::size_t i = 0; i < x.size(); ++i) {
          const double v = x[i], code = v / step;
          const bool inside = code > -q.negative && code < q.positive;
          BOOST_TEST(found.dx[i] == (inside ? dy[i] : 0.0F));
          of_step += slope_of_step(v, step, q) * static_cast<double>(dy[i]);
          size += std::fabs(slope_of_step(v, step, q) * static_cast<double>(dy[i]));
        }
        const double scale = (s < 0 ? -1 : 1) / std::sqrt(600 * q.positive);
        const double error = static_cast<double>(found.state[kStep]) - of_step * scale;
        BOOST_TEST(std::fabs(error) <= 1e-6 * size * std::fabs(scale), bits << " bits");
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(the_first_batch_of_training_sets_the_step_and_the_next_does_not) {
  for (const bool relu : {false, true}) {
    OneSite site = site_of(4, LATHE_ROLE_DATA_IN, relu ? "relu" : "linear");
    const Levels q = Levels::of(4, relu);
    const std::vector<float> x = normal_floats(400, 4);
    const std::vector<float> y = site.quantize(x, {20, 20}, true);
    const double expected = first_step(x, q);
    BOOST_TEST(std::fabs(static_cast<double>(site.state[kStep]) - expected) <= 1e-7 * expected);
    BOOST_TEST(site.state[kInitialised] == 1.0F);
    check_values(x, y, site.state[kStep], q);
    const float kept = site.state[kStep];
    site.quantize(normal_floats(400, 5), {20, 20}, true);
    BOOST_TEST(site.state[kStep] == kept);
  }
}

BOOST_AUTO_TEST_CASE(before_any_training_a_tensor_goes_by_its_own_step_and_nothing_is_kept) {
  OneSite site = site_of(4, LATHE_ROLE_WEIGHT, "linear");
  const Levels q = Levels::of(4, false);
  const std::vector<float> x = normal_floats(300, 6);
  const std::vector<float> y = site.quantize(x, {300});
  check_values(x, y, static_cast<float>(first_step(x, q)), q);
  BOOST_TEST(site.state[kInitialised] == 0.0F);
  BOOST_TEST(site.state[kStep] == 1.0F);
  BOOST_TEST((site.quantize(x, {300}) == y));
}

BOOST_AUTO_TEST_CASE(zeros_stay_zeros_and_leave_the_step_to_the_next_tensor) {
  for (const int bits : {1, 4}) {
    OneSite site = site_of(bits, LATHE_ROLE_WEIGHT, "linear");
    for (const float y : site.quantize(std::vector<float>(8, 0.0F), {8}, true)) {
      BOOST_TEST(y == 0.0F);
    }
    BOOST_TEST(site.state[kInitialised] == 0.0F);
    const auto found = site.backward(std::vector<float>(8, 0.0F), std::vector<float>(8, 1.0F), {8});
    BOOST_TEST(std::isfinite(found.state[kStep]));
    site.quantize(std::vector<float>(8, 0.5F), {8}, true);
    BOOST_TEST(site.state[kInitialised] == 1.0F);
  }
}

BOOST_AUTO_TEST_CASE(a_step_counts_without_its_sign_and_is_above_zero) {
  const std::vector<float> x = normal_floats(100, 7);
  BOOST_TEST((site_with(-0.3F, {{"width", 4}}).quantize(x, {100}) ==
              site_with(0.3F, {{"width", 4}}).quantize(x, {100})));
  for (const float y : site_with(0.0F, {{"width", 4}}).quantize(x, {100})) {
    BOOST_TEST(std::isfinite(y));
  }
}

BOOST_AUTO_TEST_CASE(codes_rebuild_the_values_bit_for_bit) {
  const std::vector<float> x = normal_floats(1000, 8);
  for (const int bits : {1, 3, 8, 24}) {
    OneSite site = site_with(0.07F, {{"width", bits}});
    const lathe::IntegerCodes codes = site.codes(x, {10, 100});
    BOOST_TEST(codes.width == bits);
    BOOST_TEST((codes.values() == site.quantize(x, {10, 100})));
  }
  OneSite site = site_with(0.07F, {{"width", 4}});
  BOOST_TEST(
      contains(message_of([&] { site.codes({1.0F, std::nanf("")}, {2}); }), "NaN has no code"));
}

BOOST_AUTO_TEST_CASE(it_keeps_a_learned_step_and_whether_it_was_ever_set) {
  const OneSite fresh(lsq(), {{"width", 4}});
  BOOST_REQUIRE(fresh.specs.size() == 2U);
  BOOST_TEST(fresh.specs[kStep].name == "step");
  BOOST_TEST(fresh.specs[kStep].learnable);
  BOOST_TEST(fresh.specs[kInitialised].name == "initialised");
  BOOST_TEST(!fresh.specs[kInitialised].learnable);
  BOOST_TEST(fresh.format.storage_bits(SiteOf({10, 3}).site()) == 120.0);
  BOOST_TEST(fresh.format.precision().text() == "[4]");
  const OneSite given(lsq(), {{"step", 0.25}});
  BOOST_TEST(given.state[kStep] == 0.25F);
  BOOST_TEST(given.state[kInitialised] == 1.0F);
}

BOOST_AUTO_TEST_CASE(an_open_step_follows_from_the_mean_magnitude) {
  const OneFormat format("lsq", {{"width", 4}});
  const json fitted = to_json(format.fit({3, 4}, {{-1.0F, 2.0F, 0.5}}));
  BOOST_TEST(static_cast<float>(fitted.at("step").get<double>()) ==
             static_cast<float>(2 * 0.5 / std::sqrt(7.0)));
  BOOST_TEST(to_json(format.fit({3}, {{0.0F, 0.0F, 0.0}})).at("step").is_null());
  BOOST_TEST(
      !OneFormat("lsq", {{"step", 1.0}}).instance().fit_axis(SiteOf({3}).site()).has_value());
}

BOOST_AUTO_TEST_CASE(wrong_options_are_refused) {
  for (const json& options : {json{{"width", 0}}, json{{"width", 25}}, json{{"step", 0.0}},
                              json{{"step", -1.0}}, json{{"step", 1e-60}}}) {
    const std::string said = message_of([&] { const OneFormat made("lsq", options); });
    BOOST_TEST(contains(said, options.begin().key()), options << ": " << said);
  }
}

BOOST_AUTO_TEST_SUITE_END()
