// Number format affine against QONNX's definition of Quant, written out in float32, and its scales
// against their formulas.
#include "tests/plugins/one_format.hpp"
#include "tests/plugins/transforms/formats/inputs.hpp"
#include "tests/support/messages.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>

namespace {

using namespace lathe_test;

struct Set {
  int width = 8;
  bool is_signed = true, narrow = false;
  double scale = 1;
  std::int64_t zero_point = 0;
  std::string rounding = "half_even";

  json options() const {
    return {{"width", width}, {"is_signed", is_signed},   {"narrow", narrow},
            {"scale", scale}, {"zero_point", zero_point}, {"rounding", rounding}};
  }
  std::int64_t most() const { return (std::int64_t{1} << (is_signed ? width - 1 : width)) - 1; }
  // QONNX's min_int and max_int: narrow takes the least code of a signed range, the largest of an
  // unsigned one.
  std::int64_t last() const { return most() - (!is_signed && narrow ? 1 : 0); }
  std::int64_t first() const { return is_signed ? -most() - (narrow ? 0 : 1) : 0; }
};

// QONNX, operator Quant: numpy float32, a clip by two comparisons, then the rounding.
float qonnx(float x, const Set& set) {
  const auto scale = static_cast<float>(set.scale), zero = static_cast<float>(set.zero_point);
  const float last = static_cast<float>(set.last()), first = static_cast<float>(set.first());
  float k = x / scale;
  k = k + zero;
  if (k > last) k = last;
  if (k < first) k = first;
  if (set.rounding == "half_even") k = std::nearbyint(k);
  if (set.rounding == "floor") k = std::floor(k);
  if (set.rounding == "ceil") k = std::ceil(k);
  if (set.rounding == "toward_zero") k = std::trunc(k);
  k = k - zero;
  return k * scale;
}

std::vector<float> inputs() {
  std::vector<float> x = all_halves();
  const std::vector<float> random = random_floats(200000, 1);
  x.insert(x.end(), random.begin(), random.end());
  return x;
}

std::string refusal(const json& options) {
  return message_of([&] { const OneFormat made("affine", options); });
}

float nearest_float(double x) { return static_cast<float>(x); }

}  // namespace

BOOST_AUTO_TEST_SUITE(affine_format)

BOOST_AUTO_TEST_CASE(values_are_qonnxs_on_all_halves_and_random_floats) {
  const std::vector<float> x = inputs();
  for (const Set& set :
       {Set{}, Set{8, true, true, 0.05, -3}, Set{4, false, false, 0.37, 6, "floor"},
        Set{4, false, true, 0.125, 14, "ceil"}, Set{2, true, false, 1e-3, 1, "toward_zero"},
        Set{1, true, false, 0.5, -1}, Set{24, true, false, 0.013, 77777}, Set{1, false, false, 2},
        Set{16, false, false, 3e-4, 40000, "ceil"}}) {
    const std::vector<float> y = OneFormat("affine", set.options()).quantize(x);
    long wrong = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const float expected = qonnx(x[i], set);
      if (std::isnan(expected) ? std::isnan(y[i])
                               : y[i] == expected && !(y[i] == 0 && std::signbit(y[i]))) {
        continue;
      }
      if (++wrong < 5) BOOST_ERROR(x[i] << " is " << y[i] << ", not " << expected);
    }
    BOOST_TEST(wrong == 0, set.options());
  }
}

BOOST_AUTO_TEST_CASE(wide_codes_end_at_the_last_that_a_float_holds) {
  const std::vector<float> y =
      OneFormat("affine", {{"width", 32}, {"scale", 1.0}}).quantize({3e9F, -3e9F, 16777217.0F});
  BOOST_TEST(y[0] == 2147483520.0F);
  BOOST_TEST(y[1] == -2147483648.0F);
  BOOST_TEST(y[2] == 16777216.0F);
}

BOOST_AUTO_TEST_CASE(an_axis_has_a_scale_and_a_zero_point_for_each_index) {
  const std::vector<double> scales{0.1, 0.02, 0.3};
  const std::vector<std::int64_t> zeros{0, 5, -7};
  struct Case {
    OneFormat::Extents shape;
    int axis;
    std::int64_t inner;
  };
  for (const Case& of :
       {Case{{3, 50}, 0, 50}, Case{{40, 3}, 1, 1}, Case{{40, 3}, -1, 1}, Case{{4, 3, 5}, 1, 5},
        Case{{4, 3, 5}, -2, 5}, Case{{2, 3, 100}, 1, 100}, Case{{3}, 0, 1}}) {
    std::int64_t count = 1;
    for (const std::int64_t extent : of.shape) count *= extent;
    const std::vector<float> x = normal_floats(static_cast<std::size_t>(count), 2);
    const OneFormat format(
        "affine", {{"width", 5}, {"scale", scales}, {"zero_point", zeros}, {"axis", of.axis}});
    const std::vector<float> y = format.quantize(x, of.shape);
    const std::vector<float> dx = format.backward(x, std::vector<float>(x.size(), 2.0F), of.shape);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const auto index = i / static_cast<std::size_t>(of.inner) % 3;
      const Set set{5, true, false, scales[index], zeros[index]};
      BOOST_TEST(y[i] == qonnx(x[i], set));
      const float k = x[i] / static_cast<float>(set.scale) + static_cast<float>(set.zero_point);
      BOOST_TEST(dx[i] == (k >= -16 && k <= 15 ? 2.0F : 0.0F));
    }
    const lathe::IntegerCodes codes = format.codes(x, of.shape);
    BOOST_TEST((codes.values() == y));
    BOOST_TEST(codes.zero_point == zeros, boost::test_tools::per_element());
    BOOST_TEST(format.storage_bits(of.shape) == static_cast<double>(5 * count + 3 * (32 + 5)));
  }
}

// Past the caches, in pieces that begin anywhere.
BOOST_AUTO_TEST_CASE(large_tensors_are_as_small_ones) {
  constexpr std::int64_t kRows = 1400, kColumns = 1531;
  const std::vector<float> x = normal_floats(kRows * kColumns, 3);
  std::vector<double> scales;
  for (int i = 0; i < kColumns; ++i) scales.push_back(0.01 + 0.001 * i);
  const OneFormat format("affine", {{"width", 6}, {"scale", scales}, {"axis", 1}});
  const std::vector<float> y = format.quantize(x, {kRows, kColumns});
  long wrong = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const Set set{6, true, false, scales[i % kColumns]};
    if (y[i] != qonnx(x[i], set)) ++wrong;
  }
  BOOST_TEST(wrong == 0);
  scales.resize(kRows);
  const std::vector<float> by_row =
      OneFormat("affine", {{"width", 6}, {"scale", scales}, {"axis", 0}})
          .quantize(x, {kRows, kColumns});
  for (std::size_t i = 0; i < x.size(); ++i) {
    const Set set{6, true, false, scales[i / kColumns]};
    if (by_row[i] != qonnx(x[i], set)) ++wrong;
  }
  BOOST_TEST(wrong == 0);
}

BOOST_AUTO_TEST_CASE(the_gradient_passes_where_nothing_is_clipped) {
  const Set set{4, true, false, 0.25, 2};
  const std::vector<float> x{-2.5F, -2.51F, 3.25F, 3.26F, 0.0F, std::nanf(""), 1e30F};
  const std::vector<float> dy{1, 2, 3, 4, 5, 6, 7};
  const std::vector<float> dx = OneFormat("affine", set.options()).backward(x, dy);
  // -2.5/0.25 + 2 = -8 and 3.25/0.25 + 2 = 15 > 7.
  const std::vector<float> expected{1, 0, 0, 0, 5, 0, 0};
  BOOST_TEST(dx == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_open_scale_follows_from_each_tensor) {
  const float inf = std::numeric_limits<float>::infinity();
  const std::vector<float> x{-0.3F, 1.9F, 0.7F, -inf, std::nanf(""), 0.0F};
  const std::vector<float> y = OneFormat("affine", {{"width", 4}}).quantize(x);
  const float s = 1.9F / 7;
  const std::vector<float> signed_ones{-1 * s, 7 * s, 3 * s, -8 * s};
  for (std::size_t i = 0; i < 4; ++i) BOOST_TEST(y[i] == signed_ones[i]);
  BOOST_TEST(std::isnan(y[4]));
  const lathe::IntegerCodes codes =
      OneFormat("affine", {{"width", 4}, {"is_signed", false}}).codes({-0.3F, 1.9F, 0.7F, 0.0F});
  const double step = (static_cast<double>(1.9F) + static_cast<double>(0.3F)) / 15;
  BOOST_TEST(codes.scale[0] == static_cast<double>(nearest_float(step)));
  BOOST_TEST(codes.zero_point[0] == 2);  // 0.3 / 0.1467 = 2.05
  BOOST_TEST(codes.codes[3] == 2);
}

BOOST_AUTO_TEST_CASE(fit_holds_what_was_seen) {
  const json open{{"width", 4}};
  json fitted = to_json(OneFormat("affine", open).fit({8}, {{-1.0F, 2.1F, 0.5}}));
  BOOST_TEST(nearest_float(fitted.at("scale").at(0).get<double>()) == 2.1F / 7);
  BOOST_TEST(fitted.at("zero_point").at(0) == 0);
  // Another range, without the sign: 3 / 15 and 1 / 0.2.
  fitted = to_json(
      OneFormat("affine", {{"width", 4}, {"is_signed", false}}).fit({8}, {{-1.0F, 2.0F, 0.5}}));
  BOOST_TEST(nearest_float(fitted.at("scale").at(0).get<double>()) == 0.2F);
  BOOST_TEST(fitted.at("zero_point").at(0) == 5);
  // A range around 0 has a tie, 7.5, which goes to the even code.
  fitted = to_json(
      OneFormat("affine", {{"width", 4}, {"is_signed", false}}).fit({8}, {{-1.0F, 1.0F, 0.5}}));
  BOOST_TEST(fitted.at("zero_point").at(0) == 8);
  // One that leaves out 0 is widened to it.
  fitted = to_json(
      OneFormat("affine", {{"width", 4}, {"symmetric", false}}).fit({8}, {{1.0F, 3.0F, 2.0}}));
  BOOST_TEST(nearest_float(fitted.at("scale").at(0).get<double>()) == 0.2F);
  BOOST_TEST(fitted.at("zero_point").at(0) == -8);
  // Nothing follows from zeros; beside other indices they have the scale 1.
  BOOST_TEST(
      to_json(OneFormat("affine", open).fit({8}, {{0.0F, 0.0F, 0.0}})).at("scale").is_null());
  fitted = to_json(OneFormat("affine", {{"width", 4}, {"axis", 0}})
                       .fit({2, 8}, {{0.0F, 0.0F, 0.0}, {-0.7F, 0.2F, 0.1}}));
  BOOST_TEST(fitted.at("scale").at(0) == 1.0);
  BOOST_TEST(nearest_float(fitted.at("scale").at(1).get<double>()) == 0.7F / 7);
}

BOOST_AUTO_TEST_CASE(fit_asks_for_a_row_for_each_index_of_an_axis) {
  const auto axis_of = [](const json& options) {
    return OneFormat("affine", options).instance().fit_axis(SiteOf({4, 5, 6}).site());
  };
  BOOST_TEST(axis_of(json::object()).value() == -1);
  BOOST_TEST(axis_of({{"axis", 1}}).value() == 1);
  BOOST_TEST(axis_of({{"axis", -1}}).value() == 2);
  BOOST_TEST(!axis_of({{"scale", 0.5}}).has_value());
}

BOOST_AUTO_TEST_CASE(zeros_and_empty_tensors_are_no_trouble) {
  for (const bool is_signed : {true, false}) {
    const OneFormat format("affine", {{"is_signed", is_signed}});
    for (const float y : format.quantize({0.0F, -0.0F})) BOOST_TEST(!(y != 0 || std::signbit(y)));
    BOOST_TEST(format.quantize({}, {0}).empty());
    BOOST_TEST(OneFormat("affine", {{"axis", 1}}).quantize({}, {3, 0}).empty());
  }
  const float tiny = std::numeric_limits<float>::denorm_min();
  BOOST_TEST(OneFormat("affine", json::object()).quantize({tiny, -tiny})[0] == tiny);
}

BOOST_AUTO_TEST_CASE(codes_rebuild_the_values_bit_for_bit) {
  const std::vector<float> x = random_floats(20000, 4);
  for (const Set& set :
       {Set{}, Set{3, false, true, 0.7, 2, "floor"}, Set{24, true, false, 0.013, -8000000},
        Set{32, true, false, 1e-6}, Set{1, true, false, 0.5, -1}}) {
    const OneFormat format("affine", set.options());
    const lathe::IntegerCodes codes = format.codes(x);
    BOOST_TEST(codes.width == set.width);
    BOOST_TEST((codes.values() == format.quantize(x)));
  }
  const OneFormat wide("affine", Set{25, true, false, 1.0, 1}.options());
  BOOST_TEST(contains(message_of([&] { wide.codes(x); }), "no codes above 24 bits"));
  const OneFormat plain("affine", json{{"scale", 1.0}});
  BOOST_TEST(contains(message_of([&] { plain.codes({std::nanf("")}); }), "NaN has no code"));
}

BOOST_AUTO_TEST_CASE(wrong_options_say_what_is_wrong) {
  BOOST_TEST(contains(refusal({{"width", 0}}), "width"));
  BOOST_TEST(contains(refusal({{"width", 33}}), "width"));
  BOOST_TEST(contains(refusal({{"scale", 0.0}}), "a finite float32 above 0"));
  BOOST_TEST(contains(refusal({{"scale", -1.0}}), "-1 is no scale"));
  BOOST_TEST(contains(refusal({{"scale", 1e-60}}), "a finite float32 above 0"));
  BOOST_TEST(contains(refusal({{"scale", 1e60}}), "a finite float32 above 0"));
  BOOST_TEST(contains(refusal({{"scale", {0.5, 0.0}}, {"axis", 0}}), "0 is no scale"));
  BOOST_TEST(contains(refusal({{"scale", 1.0}, {"zero_point", 128}}),
                      "128 is outside the codes, -128 to 127"));
  BOOST_TEST(
      contains(refusal({{"scale", 1.0}, {"zero_point", -128}, {"narrow", true}}), "-127 to 127"));
  BOOST_TEST(contains(refusal({{"zero_point", 3}}), "without 'scale'"));
  BOOST_TEST(contains(refusal({{"scale", {0.5, 0.25}}}), "'axis' must say"));
  BOOST_TEST(contains(refusal({{"width", 1}, {"narrow", true}}), "one bit has two codes"));
  BOOST_TEST(contains(refusal({{"rounding", "up"}}), "half_even"));
}

BOOST_AUTO_TEST_CASE(lists_that_do_not_fit_the_tensor_say_so) {
  const auto said = [](const json& options, const OneFormat::Extents& shape) {
    std::vector<float> x(6);
    return message_of([&] { OneFormat("affine", options).quantize(x, shape); });
  };
  BOOST_TEST(contains(said({{"scale", {0.5, 0.25}}, {"axis", 1}}, {2, 3}), "2 numbers; axis 1 of"));
  BOOST_TEST(contains(said({{"scale", {0.5, 0.25}}, {"axis", 1}}, {2, 3}), "has 3 indices"));
  BOOST_TEST(contains(said({{"scale", 1.0}, {"zero_point", {1, 2}}, {"axis", 1}}, {2, 3}),
                      "2 numbers; axis 1 of"));
  BOOST_TEST(contains(said({{"axis", 2}}, {2, 3}), "no axis 2"));
  BOOST_TEST(contains(said({{"axis", -3}}, {2, 3}), "no axis -3"));
}

BOOST_AUTO_TEST_CASE(storage_is_the_width_and_what_an_axis_needs) {
  BOOST_TEST(OneFormat("affine", {{"width", 4}}).storage_bits({10, 3}) == 120.0);
  BOOST_TEST(OneFormat("affine", {{"width", 4}, {"axis", 0}}).storage_bits({10, 3}) ==
             120.0 + 10 * 32);  // symmetric: without zero points
  BOOST_TEST(OneFormat("affine", {{"width", 4}, {"axis", 0}, {"symmetric", false}})
                 .storage_bits({10, 3}) == 120.0 + 10 * 36);
  BOOST_TEST(
      OneFormat("affine", {{"width", 4}, {"axis", 0}, {"scale", 0.5}}).storage_bits({10, 3}) ==
      120.0);
  BOOST_TEST(OneFormat("affine", {{"width", 4}}).instance().precision().text() == "[4]");
}

BOOST_AUTO_TEST_SUITE_END()
