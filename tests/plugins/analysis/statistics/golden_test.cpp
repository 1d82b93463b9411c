// golden/statistics.json, each case on its own: against the original where that is right, and all
// of them against the definitions.
#include "tests/plugins/analysis/statistics/statistic_cases.hpp"
#include "tests/support/support.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

using namespace lathe_test;
using nlohmann::json;

namespace {

constexpr int kCases = 144;

const json& golden_file() {
  static const json file = golden_json("statistics.json");
  return file;
}

std::vector<Sample> samples_of(const std::string& name) {
  std::vector<Sample> samples;
  for (const json& tensor : golden_file().at("samples").at(name)) {
    Sample sample{tensor.at("shape").get<std::vector<std::int64_t>>(), {}};
    for (const json& x : tensor.at("data")) {
      sample.data.push_back(static_cast<float>(x.get<double>()));
    }
    samples.push_back(std::move(sample));
  }
  return samples;
}

// What of the original's result is right. [D]: variance_online over everything mixes the unbiased
// variance of a sample with a population's total; one value gives NaN, here NA; range_min_max of a
// list of dimensions gives tensors with their indices.
json right_part(const json& one) {
  json result = one.at("result").at(one.at("stat").get<std::string>());
  const bool is_all = !one.at("args").contains("dims") || one.at("args").at("dims") == "all";
  if (one.at("stat") == "variance_online" && is_all && result.contains("count")) {
    result.erase("variance");
  }
  if (one.at("stat") == "range_min_max" && result.at("min").is_array() &&
      result.at("min")[0].is_string()) {
    result = {{"range", result.at("range")}, {"count", result.at("count")}};
  }
  for (auto& [key, value] : result.items()) {
    if (value == "nan") value = "NA";
  }
  return result;
}

// Dimensions that a sample lacks crash the original and are an error here; a sample without any
// counts as one of one dimension.
bool is_out_of_range(const std::vector<Sample>& samples, const json& args) {
  if (!args.contains("dims") || !args.at("dims").is_array()) return false;
  const auto rank = std::max<std::int64_t>(1, static_cast<std::int64_t>(samples[0].shape.size()));
  return std::any_of(args.at("dims").begin(), args.at("dims").end(),
                     [&](const json& d) { return d.get<std::int64_t>() >= rank; });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(golden_statistics)

BOOST_DATA_TEST_CASE(case_, boost::unit_test::data::xrange(kCases), number) {
  const json& one = golden_file().at("cases").at(static_cast<std::size_t>(number));
  const std::string name = one.at("stat");
  const json& args = one.at("args");
  const std::vector<Sample> samples = samples_of(one.at("samples"));
  BOOST_TEST_CONTEXT(one.at("samples").get<std::string>() << " " << name << " " << args.dump()) {
    const auto found = statistic(name, args);
    if (is_out_of_range(samples, args)) {
      BOOST_TEST(one.contains("error"));
      BOOST_CHECK_THROW(see(*found, samples[0]), lathe::error);
      return;
    }
    for (const Sample& sample : samples) see(*found, sample);
    const json result = result_of(*found);
    check_alike(result, oracle(samples, args).of(name, args), 1e-12, 1e-14);
    if (!one.contains("result")) return;  // [D]: the original crashes
    const json right = right_part(one);
    for (const auto& [key, value] : right.items()) {
      BOOST_TEST_REQUIRE(result.contains(key));
      check_alike(result.at(key), value, 1e-5, 1e-6, key);
    }
  }
}

BOOST_AUTO_TEST_CASE(every_case_of_the_file_is_one_of_these) {
  BOOST_TEST(golden_file().at("cases").size() == kCases);
  std::vector<std::string> names;
  for (const lathe_option& row : statistics::kStatistics) names.emplace_back(row.key);
  std::sort(names.begin(), names.end());
  BOOST_TEST(golden_file().at("available") == json(names));
}

BOOST_AUTO_TEST_SUITE_END()
