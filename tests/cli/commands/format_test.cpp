// lathe format: what a number format does to numbers. Expected values are worked out by hand.
#include "tests/support/examples.hpp"
#include "tests/support/messages.hpp"
#include "tests/support/npy_file.hpp"
#include "tests/support/process.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>

using namespace lathe_test;
using nlohmann::json;

namespace {

constexpr const char* kSmall = "integer<width=4,frac_width=1>";  // -4 to 3.5 in steps of a half

Outcome shown(const std::string& format, const std::string& numbers, const Words& more) {
  const TemporaryFolder folder;
  write_file(folder.path() / "x.json", numbers);
  Words words{"format", format, "--in", "x.json"};
  words.insert(words.end(), more.begin(), more.end());
  return good(words, folder.path());
}

json told(const std::string& format, const Words& more = {}) {
  const TemporaryFolder folder;
  Words words{"format", format, "--json"};
  words.insert(words.end(), more.begin(), more.end());
  return good(words, folder.path()).json();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(format_command)

BOOST_AUTO_TEST_CASE(values_codes_and_errors_are_those_of_the_format) {
  const std::string numbers =
      R"({"shape": [2, 4], "data": [0.24, 0.25, 0.75, 3.6, -9, "inf", "-inf", -0.0]})";
  const Outcome outcome = shown(kSmall, numbers, {"--values", "--json"});
  const json out = outcome.json();
  BOOST_TEST(out.at("format") == kSmall);
  BOOST_TEST(out.at("values").at("shape") == json({2, 4}));
  BOOST_TEST(out.at("values").at("data") == json({0.0, 0.0, 1.0, 3.5, -4.0, 3.5, -4.0, 0.0}));
  BOOST_TEST(out.at("codes").at("shape") == json({2, 4}));
  BOOST_TEST(out.at("codes").at("data") == json({0, 0, 2, 7, -8, 7, -8, 0}));
  BOOST_TEST(out.at("codes").at("scale") == json({0.5}));
  BOOST_TEST(out.at("codes").at("width") == 4);
  const json& error = out.at("error");
  BOOST_TEST(error.at("max_abs") == 5.0);
  // Of the six that are finite.
  BOOST_TEST(std::abs(error.at("mean_abs").get<double>() - 5.84 / 6) < 1e-7);
  const double squares = 0.24 * 0.24 + 0.25 * 0.25 * 2 + 0.1 * 0.1 + 25;
  BOOST_TEST(std::abs(error.at("mean_square").get<double>() - squares / 6) < 1e-6);
  const double signal = 0.24 * 0.24 + 0.25 * 0.25 + 0.75 * 0.75 + 3.6 * 3.6 + 81;
  BOOST_TEST(std::abs(error.at("snr_db").get<double>() - 10 * std::log10(signal / squares)) < 1e-5);
  BOOST_TEST(error.at("levels_used") == 4);
  BOOST_TEST(error.at("clipped") == 4);
  BOOST_TEST(error.at("became_zero") == 2);
  BOOST_TEST(error.at("infinities") == 2);
  BOOST_TEST(error.at("nans") == 0);
}

BOOST_AUTO_TEST_CASE(the_values_that_a_format_has_are_counted_and_few_are_listed) {
  const json small = told(kSmall).at("representable");
  BOOST_TEST(small.at("count") == 16);
  BOOST_TEST(small.at("complete") == true);
  BOOST_TEST(small.at("follows_from_tensor") == false);
  BOOST_TEST(small.at("lowest") == -4.0);
  BOOST_TEST(small.at("smallest_positive") == 0.5);
  BOOST_TEST(small.at("largest") == 3.5);
  json expected = json::array();
  for (int k = -8; k < 8; ++k) expected.push_back(k * 0.5);
  BOOST_TEST(small.at("values") == expected);

  const json wide = told("integer<width=32,frac_width=0>").at("representable");
  BOOST_TEST(wide.at("count") == 4294967296);
  BOOST_TEST(wide.at("lowest").get<float>() == -2147483648.0F);
  BOOST_TEST(wide.at("largest").get<float>() == 2147483520.0F);  // of float32, below 2^31
  BOOST_TEST(wide.at("smallest_positive") == 1.0);
  BOOST_TEST(!wide.contains("values"));
  BOOST_TEST(wide.at("first").at(0).get<float>() == -2147483648.0F);
  BOOST_TEST(wide.at("last").size() == 8U);
}

BOOST_AUTO_TEST_CASE(without_numbers_random_ones_are_drawn_and_said_to_be) {
  const json out = told("integer<width=8,frac_width=4>");
  BOOST_TEST(out.at("data").at("source") == "65536 random numbers (standard normal, seed 0)");
  BOOST_TEST(out.at("data").at("shape") == json({256, 256}));
  BOOST_TEST(out.at("bits_per_element") == 8.0);
  BOOST_TEST(out.at("precision") == json({8, 4}));
  // A uniform error over steps of 1/16 has a mean square of step^2 / 12.
  const double mean_square = out.at("error").at("mean_square").get<double>();
  BOOST_TEST(std::abs(mean_square * 12 * 256 - 1) < 0.02);
  BOOST_TEST(out.at("error").at("clipped") == 0);
  BOOST_TEST(!out.contains("values"));
  BOOST_TEST(told("integer", {"--seed", "1"}).at("error") != told("integer").at("error"));
  BOOST_TEST(told("integer", {"--seed", "1"}) == told("integer", {"--seed", "1"}));
}

BOOST_AUTO_TEST_CASE(floats_are_written_in_the_fewest_digits_that_read_back) {
  const std::string numbers = R"({"shape": [4], "data": [0.1, -0.0, 1e-9, 0.30000001192092896]})";
  const std::string out =
      shown("integer<width=64,frac_width=60,mase_compat=true>", numbers, {"--values", "--json"})
          .out;
  BOOST_TEST(contains(out, R"("values": {"shape": [4], "data": [0.1, -0.0, 1e-09, 0.3]})"), out);
}

BOOST_AUTO_TEST_CASE(a_nan_leaves_the_codes_out_and_says_why) {
  const std::string numbers = R"({"shape": [2], "data": ["nan", 1.5]})";
  const json out = shown(kSmall, numbers, {"--values", "--json"}).json();
  BOOST_TEST(out.at("values").at("data") == json({"nan", 1.5}));
  BOOST_TEST(out.at("codes").is_null());
  BOOST_TEST(contains(out.at("codes_reason").get<std::string>(), "NaN has no code"), out.dump());
  BOOST_TEST(out.at("error").at("nans") == 1);
  BOOST_TEST(out.at("error").at("snr_db") == "inf");
  BOOST_TEST(contains(shown(kSmall, numbers, {"--values"}).out, "There are no codes: "));
}

BOOST_AUTO_TEST_CASE(an_array_of_numpys_gives_the_same) {
  const TemporaryFolder folder;
  const std::vector<float> numbers{0.75F, -9.0F, 3.0F, 0.0F, -0.25F, 1.25F};
  const std::string bytes(reinterpret_cast<const char*>(numbers.data()),
                          numbers.size() * sizeof(float));
  write_file(folder.path() / "x.npy", npy("'<f4'", "(3, 2)", bytes));
  const json out =
      good({"format", kSmall, "--in", "x.npy", "--values", "--json"}, folder.path()).json();
  BOOST_TEST(out.at("values").at("shape") == json({3, 2}));
  BOOST_TEST(out.at("values").at("data") == json({1.0, -4.0, 3.0, 0.0, 0.0, 1.0}));
  BOOST_TEST(out.at("codes").at("data") == json({2, -8, 6, 0, 0, 2}));
}

BOOST_AUTO_TEST_CASE(an_empty_array_has_no_errors) {
  const json out = shown(kSmall, R"({"shape": [2, 0], "data": []})", {"--values", "--json"}).json();
  BOOST_TEST(out.at("values").at("data").empty());
  BOOST_TEST(out.at("codes").at("data").empty());
  BOOST_TEST(out.at("error").at("levels_used") == 0);
}

BOOST_AUTO_TEST_CASE(role_and_op_say_what_the_numbers_are) {
  const std::string numbers = R"({"shape": [1, 2], "data": [7.5, -1]})";
  const json out =
      shown(kSmall, numbers, {"--values", "--json", "--role", "data_in", "--op", "relu"}).json();
  BOOST_TEST(out.at("values").at("data") == json({7.5, 0.0}));  // fixed point of a ReLU is unsigned
  BOOST_TEST(out.at("representable").at("lowest") == 0.0);
  BOOST_TEST(out.at("representable").at("largest") == 7.5);
}

BOOST_AUTO_TEST_CASE(minifloats_carry_and_keep_the_sign_of_zero) {
  constexpr const char* kEight = "minifloat_ieee<width=8,exponent_width=4>";  // 3 bits of mantissa
  const std::string numbers =
      R"({"shape": [6], "data": [1.0625, 1.1875, 1000, -0.0, 0.001, -1e-5]})";
  const json out = shown(kEight, numbers, {"--values", "--json"}).json();
  BOOST_TEST(out.at("values").at("data") == json({1.0, 1.25, 480.0, -0.0, 0.001953125, -0.0}));
  BOOST_TEST(std::signbit(out.at("values").at("data").at(3).get<double>()));
  // Sign, exponent plus 7, mantissa.
  BOOST_TEST(out.at("codes").at("data") == json({0x38, 0x3a, 0x7f, 0x80, 0x01, 0x80}));
  BOOST_TEST(out.at("codes").at("levels").at(0x3a) == 1.25);
  const json& values = out.at("representable");
  BOOST_TEST(values.at("count") == 255);  // +0 and -0 are one
  BOOST_TEST(values.at("lowest") == -480.0);
  BOOST_TEST(values.at("smallest_positive") == std::ldexp(1.0, -9));
  BOOST_TEST(values.at("largest") == 480.0);
  BOOST_TEST(out.at("error").at("clipped") == 1);
}

BOOST_AUTO_TEST_CASE(values_that_follow_from_the_tensor_are_those_of_a_largest_magnitude_of_1) {
  struct Row {
    const char* format;
    int count;
    double smallest, largest;
  };
  const Row rows[] = {
      {"mxint<element_bits=8,block_size=32>", 255, 1.0 / 64, 127.0 / 64},  // k * 2^-6
      {"mxfp<element=E2M1,block_size=32>", 15, 0.125, 1.5},                // 6 * 2^(0 - 2)
      // 7 * 2^(E - 3) holds 1 from E = 1 on.
      {"block_fp<width=4,exponent_width=8,block_size=[1, 16]>", 15, 0.25, 1.75},
      {"scale_integer<width=4>", 15, 1.0 / 7, 1.0},
      {"ternary", 3, 1.0, 1.0},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.format) {
      const json values = told(row.format).at("representable");
      BOOST_TEST(values.at("follows_from_tensor") == true);
      BOOST_TEST(values.at("complete") == true);
      BOOST_TEST(values.at("count") == row.count);
      BOOST_TEST(std::abs(values.at("smallest_positive").get<double>() - row.smallest) < 1e-7);
      BOOST_TEST(values.at("largest") == row.largest);
      BOOST_TEST(values.at("lowest") == -row.largest);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_zero_point_moves_the_values_and_what_is_clipped) {
  // Codes from 0 to 255, of which 55 is zero: -5.5 to 20.
  const std::string numbers = R"({"shape": [4], "data": [-5.5, 20, 20.1, -6]})";
  const json out =
      shown("affine<is_signed=false,scale=0.1,zero_point=55>", numbers, {"--json"}).json();
  BOOST_TEST(out.at("representable").at("count") == 256);
  BOOST_TEST(std::abs(out.at("representable").at("lowest").get<double>() + 5.5) < 1e-5);
  BOOST_TEST(std::abs(out.at("representable").at("largest").get<double>() - 20) < 1e-5);
  BOOST_TEST(out.at("error").at("clipped") == 2);
  // A zero point that follows from the tensor: -1 to 1 in 255 steps.
  const json open = told("affine<is_signed=false>").at("representable");
  BOOST_TEST(open.at("follows_from_tensor") == true);
  BOOST_TEST(open.at("count") == 256);
}

BOOST_AUTO_TEST_CASE(values_that_only_others_round_to_are_values) {
  const json values = told("binary<bipolar=false>").at("representable").at("values");
  BOOST_TEST(values == json({0.0, 1.0}));  // 0 itself becomes 1
}

BOOST_AUTO_TEST_CASE(the_largest_number_of_a_row_is_not_clipped_by_the_rounding_of_its_scale) {
  const std::string numbers = R"({"shape": [3, 2], "data": [0.3, -0.1, 0.7, 0.2, -1.3, 1.1]})";
  BOOST_TEST(shown("scale_integer", numbers, {"--json"}).json().at("error").at("clipped") == 0);
}

BOOST_AUTO_TEST_CASE(each_format_gives_its_values_and_codes_that_rebuild_them) {
  struct Row {
    const char* format;
    std::vector<double> numbers, values;  // of one row
  };
  const Row rows[] = {
      {"integer_floor<width=4,frac_width=1>", {0.74, -0.1}, {0.5, -0.5}},
      // 2^E * k / 2 with E from -1 to 2 and k of one bit: 0.25, 0.5, 1, 2.
      {"minifloat_denorm<width=4,exponent_width=2>", {0.3, 3, 0.1, -5}, {0.25, 2, 0, -2}},
      {"minifloat_mx<exp_bits=2,frac_bits=1>", {2.4, 5, -0.3, 100}, {2, 4, -0.5, 6}},
      {"log<width=4>", {3, 0, -0.4, 100}, {4, 0.125, -0.5, 16}},  // 2^-3 to 2^4
      {"affine<width=4,scale=0.5,zero_point=2>", {0.74, 9, -9}, {0.5, 2.5, -5}},
      {"lsq<width=4,step=0.5>", {0.8, 9, -9}, {1, 3.5, -4}},
      {"binary", {0.3, -2, 0}, {1, -1, 1}},
      {"ternary<scaling_factor=false>", {0.9, -0.1, -1.2, 0.2}, {1, 0, -1, 0}},
      {"block_fp<width=4,exponent_width=8,block_size=[1, 2]>", {5, 0.4}, {5, 0}},  // k * 2^0
      // The exponents end at that of the block's largest: 2^2, and 2^-5 below.
      {"block_log<width=4,block_size=[1, 2]>", {5, 0.3}, {4, 0.25}},
      // A bias of 1: 0.5, 1, 1.5, 2, 3, 4, 6.
      {"block_minifloat<width=4,exponent_width=2,block_size=[1, 2]>", {5, 0.3}, {4, 0.5}},
      {"mxint<element_bits=4,block_size=[1, 2]>", {5, 0.6}, {5, 1}},  // k * 2^0
      // Exponents of the tiles: 3 - 3 and -1 - 3.
      {"mxint_hardware<width=4,parallelism=[1, 2]>", {5, -3, 0.3, 0.1}, {5, -3, 0.3125, 0.125}},
      {"scale_integer<width=4>", {7, 2.6, -0.4}, {7, 3, 0}},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.format) {
      const json given{{"shape", {1, row.numbers.size()}}, {"data", row.numbers}};
      const json out = shown(row.format, given.dump(), {"--values", "--json"}).json();
      BOOST_TEST(out.at("values").at("data") == json(row.values));
      const json& codes = out.at("codes");
      const std::size_t blocks = codes.at("scale").size();
      for (std::size_t i = 0; i < row.values.size(); ++i) {
        const std::size_t block = i * blocks / row.values.size();
        const auto code = codes.at("data").at(i).get<std::int64_t>();
        const double level =
            codes.contains("levels")
                ? codes.at("levels").at(static_cast<std::size_t>(code)).get<double>()
            : codes.contains("zero_point")
                ? static_cast<double>(code - codes.at("zero_point").at(block).get<std::int64_t>())
                : static_cast<double>(code);
        BOOST_TEST(level * codes.at("scale").at(block).get<double>() == row.values[i]);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(clipping_is_beyond_the_ends_of_a_numbers_own_block) {
  // The largest of the first block is 1.99, of the second 100: k * 2^-6 up to 127 / 64, and
  // k * 2^0 up to 127.
  const std::string numbers = R"({"shape": [2, 2], "data": [1.999, 0.5, 100, -99.5]})";
  const json out =
      shown("mxint<element_bits=8,block_size=[1, 2]>", numbers, {"--values", "--json"}).json();
  BOOST_TEST(out.at("values").at("data") == json({1.984375, 0.5, 100.0, -100.0}));
  BOOST_TEST(out.at("codes").at("data") == json({127, 32, 100, -100}));
  BOOST_TEST(out.at("codes").at("block") == json({1, 2}));
  BOOST_TEST(out.at("codes").at("scale") == json({1.0 / 64, 1.0}));
  BOOST_TEST(out.at("error").at("clipped") == 1);
}

BOOST_AUTO_TEST_CASE(a_person_reads_values_and_errors) {
  const Outcome outcome = shown(kSmall, R"({"shape": [2], "data": [0.75, 9]})", {"--values"});
  for (const char* part :
       {"Fixed point", "Values, 16 (found from the format's codes):", "-4.0 -3.5", "3.0 3.5",
        "bits per element", "maximum absolute error", "the 2 numbers of", "as weight of linear"})
    BOOST_TEST(contains(outcome.out, part), part << "\n" << outcome.out);
  BOOST_TEST(contains(outcome.out, "[1]"), outcome.out);
}

BOOST_AUTO_TEST_CASE(a_format_of_a_plugin_is_shown_by_probes) {
  const TemporaryFolder folder;
  const std::string plugin = built_example("power_of_two.cpp", folder.path()).string();
  const json out =
      good({"format", "power_of_two", "--plugin", plugin, "--values", "--json"}, folder.path())
          .json();
  // Exponents from -5 to 1 of either sign, and zero.
  BOOST_TEST(out.at("representable").at("count") == 15);
  BOOST_TEST(out.at("representable").at("complete") == false);
  BOOST_TEST(out.at("representable").at("smallest_positive") == 0.03125);
  BOOST_TEST(out.at("representable").at("largest") == 2.0);
  BOOST_TEST(out.at("codes").is_null());
  BOOST_TEST(out.at("codes_reason") == "'power_of_two' has no codes");
}

BOOST_AUTO_TEST_SUITE_END()
