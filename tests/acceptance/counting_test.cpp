// The figures of the jet nets, as the command line prints them.
#include "tests/acceptance/run.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe_test;

namespace {

// The scalars of the last pass of that id.
nlohmann::json scalars(const nlohmann::json& run, const std::string& pass) {
  nlohmann::json found;
  for (const auto& report : run.at("passes"))
    if (report.at("pass") == pass) found = report.at("scalars");
  BOOST_REQUIRE_MESSAGE(!found.is_null(), "no pass " << pass << " in " << run.dump());
  return found;
}

nlohmann::json count(const std::string& model, const std::string& passes) {
  TemporaryFolder folder;
  return succeed({"transform", model, "jsc-sim", "--batch-size", "8", "--passes", passes, "--json",
                  "--project-dir", "."},
                 folder.path())
      .json();
}

const std::string kLinearIn8Bits =
    "quantize<by=type,default.name=NA,linear.name=integer,linear.data_in_width=8,"
    "linear.data_in_frac_width=4,linear.weight_width=8,linear.weight_frac_width=4,"
    "linear.bias_width=8,linear.bias_frac_width=4>";

}  // namespace

BOOST_AUTO_TEST_SUITE(counting)

BOOST_AUTO_TEST_CASE(the_jet_nets_cost_what_mase_says) {
  struct Row {
    const char* model;
    std::int64_t flops, bitops, parameters;
  };
  for (const Row& row : {Row{"jsc-tiny", 1320, 1205504, 117}, Row{"jsc-toy", 3336, 3181824, 327},
                         Row{"jsc-s", 46408, 47437056, 5615}}) {
    const auto run = count(row.model, "flops,bitops");
    BOOST_TEST(scalars(run, "flops").at("total_flops") == row.flops);
    BOOST_TEST(scalars(run, "flops").at("parameters") == row.parameters);
    BOOST_TEST(scalars(run, "bitops").at("total_bitops") == row.bitops);
  }
}

BOOST_AUTO_TEST_CASE(eight_bit_linear_layers_take_680_flops_and_575744_bitops) {
  const auto run = count("jsc-tiny", kLinearIn8Bits + ",flops,bitops,average_bitwidth");
  BOOST_TEST(scalars(run, "flops").at("total_flops") == 680);
  BOOST_TEST(scalars(run, "bitops").at("total_bitops") == 575744);
  BOOST_TEST(scalars(run, "average_bitwidth").at("average_bitwidth") == 8.0);
  BOOST_TEST(scalars(run, "average_bitwidth").at("memory_density") == 4.0);
}

BOOST_AUTO_TEST_CASE(the_students_nets_have_the_parameters_they_counted) {
  const auto parameters = [](const std::string& model) {
    return scalars(count(model, "flops"), "flops").at("parameters").get<std::int64_t>();
  };
  BOOST_TEST(parameters("jsc-custom<hidden=[32,16,8],batch_norm=all>") == 1407);
  BOOST_TEST(parameters("jsc-custom<hidden=[64,128,8,8],batch_norm=all>") == 11015);
  BOOST_TEST(parameters("jsc-custom<hidden=[16,16],batch_norm=input>") == 661);
}

BOOST_AUTO_TEST_SUITE_END()
