// Values that statistics must survive: none, one, not finite, the smallest and the largest.
#include "tests/plugins/analysis/statistics/statistic_cases.hpp"

#include <limits>

using namespace lathe_test;
using nlohmann::json;

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

const std::vector<std::string> kNames = {"record",        "variance_online", "variance_precise",
                                         "range_n_sigma", "range_min_max",   "range_quantile",
                                         "abs_mean"};

json seen(const std::string& name, const json& args, const std::vector<Sample>& samples) {
  const auto found = statistic(name, args);
  for (const Sample& sample : samples) see(*found, sample);
  return result_of(*found);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(odd_values)

BOOST_AUTO_TEST_CASE(nothing_seen_is_na) {
  for (const json& dims : {json("all"), json(nullptr), json{0}}) {
    for (const std::string& name : kNames) {
      if (name == "record") continue;
      const json nothing = result_of(*statistic(name, {{"dims", dims}}));
      for (const auto& [key, value] : nothing.items()) {
        BOOST_TEST((key == "count" ? value == 0 : value == "NA"), name << " " << key);
      }
      const json empty = seen(name, {{"dims", dims}}, {{{0, 3}, {}}});
      for (const auto& [key, value] : empty.items()) {
        if (key != "count") BOOST_TEST(value == "NA", name << " " << key);
      }
    }
  }
  const json record = seen("record", json::object(), {{{0, 3}, {}}});
  BOOST_TEST(record == json({{"count", 1}, {"size_in_bytes", 0}, {"data_shape", {0, 3}}}));
}

BOOST_AUTO_TEST_CASE(what_is_not_finite_is_left_out_and_counted) {
  const std::vector<Sample> samples{
      {{1, 3}, {1, kNan, 3}}, {{1, 3}, {-kInfinity, 5, 7}}, {{1, 3}, {2, kInfinity, 4}}};
  for (const std::string& name : kNames) {
    for (const json& dims : {json("all"), json(nullptr), json{0}}) {
      for (const bool is_abs : {false, true}) {
        const json args = {{"dims", dims}, {"abs", is_abs}};
        json result = seen(name, args, samples);
        BOOST_TEST_CONTEXT(name << " " << args.dump()) {
          BOOST_TEST(result.at("nonfinite") == 3);
          result.erase("nonfinite");
          check_alike(result, oracle(samples, args).of(name, args), 1e-12, 0);
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(an_element_that_is_never_finite_is_na_among_others) {
  const std::vector<Sample> samples{{{1, 2}, {1, kNan}}, {{1, 2}, {3, kInfinity}}};
  const json found = seen("range_min_max", {{"dims", nullptr}}, samples);
  BOOST_TEST(found.at("min") == json::parse("[[1.0, \"NA\"]]"));
  BOOST_TEST(found.at("count") == json::parse("[[2, 0]]"));
  BOOST_TEST(found.at("nonfinite") == 2);
}

BOOST_AUTO_TEST_CASE(extremes_of_float_do_not_overflow) {
  constexpr float kMost = std::numeric_limits<float>::max();
  constexpr float kLeast = std::numeric_limits<float>::denorm_min();
  const std::vector<Sample> samples{{{1, 6}, {kMost, -kMost, kLeast, -kLeast, 0.0F, -0.0F}}};
  for (const std::string& name : kNames) {
    const json args = {{"quantile", 0.7}};
    check_alike(seen(name, args, samples), oracle(samples, args).of(name, args), 1e-12, 0, name);
  }
}

// A mean a million deviations away: sums of squares would have no correct digit.
BOOST_AUTO_TEST_CASE(variance_keeps_its_digits_far_from_zero) {
  std::vector<Sample> samples;
  for (int i = 0; i < 5000; ++i) {
    samples.push_back({{1}, {static_cast<float>(1.0e6 + 0.0625 * (i % 7))}});
  }
  const json args = json::object();
  check_alike(seen("variance_precise", args, samples),
              oracle(samples, args).of("variance_precise", args), 1e-9, 0);
}

BOOST_AUTO_TEST_CASE(quantiles_order_negative_numbers_zeros_and_ties) {
  Sample sample{{600000}, {}};
  for (std::int64_t i = 0; i < 600000; ++i) {
    const std::int64_t k = i * 7919 % 600011 - 300000;
    sample.data.push_back(k % 2 == 0 ? 0.0F : static_cast<float>(k) * 0x1p-20F);
  }
  for (const double q : {0.5, 0.6, 0.9, 0.9999}) {
    const auto found = statistic("range_quantile", {{"quantile", q}});
    see(*found, sample);
    BOOST_TEST_REQUIRE(found->wants_second_pass());
    found->begin_second_pass();
    BOOST_TEST(!found->wants_second_pass());
    see(*found, sample);
    const json args = {{"quantile", q}};
    check_alike(result_of(*found), oracle({sample}, args).of("range_quantile", args), 0, 0);
  }
}

BOOST_AUTO_TEST_CASE(samples_of_other_shapes_are_refused_where_elements_count) {
  for (const json& dims : {json(nullptr), json{0}}) {
    for (const char* name : {"range_min_max", "range_quantile"}) {
      const auto found = statistic(name, {{"dims", dims}});
      see(*found, {{1, 2}, {1, 2}});
      BOOST_CHECK_THROW(see(*found, {{1, 3}, {1, 2, 3}}), lathe::error);
    }
  }
  BOOST_TEST(seen("range_min_max", json::object(), {{{1, 2}, {1, 2}}, {{1}, {5}}}).at("max") == 5);
}

BOOST_AUTO_TEST_CASE(records_are_files_of_numpy) {
  const auto record = statistic("record", json::object());
  see(*record, {{1, 2}, {1.5F, -2}});
  see(*record, {{1, 2}, {kNan, 4}});
  const std::string file = record->file();
  BOOST_TEST(file.substr(0, 8) == std::string("\x93NUMPY\x01\x00", 8));
  const std::size_t header =
      static_cast<unsigned char>(file[8]) + 256U * static_cast<unsigned char>(file[9]);
  BOOST_TEST((10 + header) % 64 == 0U);
  BOOST_TEST(file[9 + header] == '\n');
  BOOST_TEST(file.find("'shape': (2, 2, ), }") != std::string::npos);
  BOOST_TEST_REQUIRE(file.size() == 10 + header + 16);
  float values[4];
  std::memcpy(values, &file[10 + header], sizeof values);
  BOOST_TEST(values[0] == 1.5F);
  BOOST_TEST(values[1] == -2);
  BOOST_TEST(std::isnan(values[2]));
  BOOST_TEST(values[3] == 4);
}

BOOST_AUTO_TEST_SUITE_END()
