// Fraction widths that the quantize pass chooses from what it observes. The expected ones are found
// here in double precision, by trying every one.
#include "core/tensor/random.hpp"
#include "tests/plugins/stand_in.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <optional>

namespace {

using namespace lathe_test;

constexpr const char* kLinear = "seq_blocks_2";  // of jsc-tiny: 16 to 5

std::vector<float> draws(std::uint64_t seed, std::size_t count, double scale) {
  std::vector<double> uniform(count);
  lathe::uniform(seed, 1, 0, uniform);
  std::vector<float> out;
  for (const double u : uniform) out.push_back(static_cast<float>(scale * (2.0 * u - 1.0)));
  return out;
}

lathe::Tensor tensor_of(const std::vector<float>& values, const lathe::Shape& shape) {
  return lathe::Tensor::make(lathe::DType::float32, shape, [&](std::span<std::byte> out) {
    std::memcpy(out.data(), values.data(), out.size());
  });
}

double squared_error(const std::vector<float>& values, int width, int fraction) {
  double sum = 0;
  for (const float x : values) {
    const double code = std::clamp(std::nearbyint(std::ldexp(double{x}, fraction)),
                                   -std::ldexp(1.0, width - 1), std::ldexp(1.0, width - 1) - 1.0);
    sum += std::pow(std::ldexp(code, -fraction) - double{x}, 2);
  }
  return sum;
}

// The finest fraction that clips nothing.
int widest(const std::vector<float>& values, int width) {
  int best = -64;
  for (int fraction = -64; fraction <= 64; ++fraction) {
    bool clips = false;
    for (const float x : values) {
      const double code = std::nearbyint(std::ldexp(double{x}, fraction));
      clips =
          clips || code > std::ldexp(1.0, width - 1) - 1.0 || code < -std::ldexp(1.0, width - 1);
    }
    if (!clips) best = fraction;
  }
  return best;
}

int least_error(const std::vector<float>& values, int width) {
  int best = -64;
  for (int fraction = -64; fraction <= 64; ++fraction) {
    if (squared_error(values, width, fraction) < squared_error(values, width, best))
      best = fraction;
  }
  return best;
}

// jsc-tiny with given weights, and an engine that shows given activations.
struct Calibrated {
  StandIn engine;
  NoData data;
  Workbench bench{4};
  lathe::Graph graph;
  std::vector<float> weight = draws(1, 16 * 5, 0.7), bias = draws(2, 5, 0.03),
                     data_in = draws(3, 4 * 16, 5.0);

  lathe::PassReport quantize(const json& options, const json& entry = {{"name", "integer"},
                                                                       {"data_in_width", 8},
                                                                       {"weight_width", 6},
                                                                       {"bias_width", 8}}) {
    bench.context.executor = [this]() -> lathe::Executor& { return engine; };
    bench.context.dataset = [this]() -> const lathe::Dataset& { return data; };
    graph = bench.model("jsc-tiny")
                .with_parameters({{"seq_blocks.2.weight", tensor_of(weight, {5, 16})},
                                  {"seq_blocks.2.bias", tensor_of(bias, {5})}});
    const lathe::NodeId linear = graph.find(kLinear);
    for (const lathe::Operand& operand : lathe::operands_of(graph, linear)) {
      if (operand.kind == LATHE_OPERAND_INPUT) {
        engine.seen = {{linear, operand, tensor_of(data_in, {4, 16})}};
      }
    }
    json all = options;
    all["by"] = "type";
    all["linear"] = entry;
    return bench.run("quantize", graph, all);
  }
  int fraction(const std::string& role) const {
    return static_cast<int>(
        graph.node(graph.find(kLinear)).format(role)->options.find("frac_width")->as_int());
  }
};

// The row of one operand in the table of what was observed and chosen.
struct Seen {
  std::optional<double> low, high;
  std::optional<int> fraction;
};

Seen seen_of(const lathe::PassReport& report, const std::string& operand) {
  const lathe::ReportTable& rows = table(report, "calibration");
  for (std::size_t i = 0; i < rows.rows.size(); ++i) {
    const lathe::ReportRows::Row row = rows.rows[i];
    if (row[1].as_string() != operand) continue;
    Seen seen;
    if (!row[2].is_none()) seen.low = row[2].as_float();
    if (!row[3].is_none()) seen.high = row[3].as_float();
    if (!row[5].is_none()) seen.fraction = static_cast<int>(row[5].as_int());
    return seen;
  }
  throw std::runtime_error("there is no row of " + operand);
}

}  // namespace

BOOST_AUTO_TEST_CASE(calibration_by_range_takes_the_finest_step_that_clips_nothing) {
  Calibrated run;
  const lathe::PassReport report = run.quantize({{"calibration", "range"}});
  BOOST_TEST(run.fraction("data_in") == widest(run.data_in, 8));
  BOOST_TEST(run.fraction("weight") == widest(run.weight, 6));
  BOOST_TEST(run.fraction("bias") == widest(run.bias, 8));
  BOOST_TEST(table(report, "calibration").rows.size() == 3);
}

BOOST_AUTO_TEST_CASE(calibration_by_error_clips_an_outlier_for_the_sake_of_the_rest) {
  Calibrated run;
  run.weight = draws(7, 16 * 5, 0.2);
  run.weight[11] = 0.5F;
  run.data_in = draws(8, 4 * 16, 3.0);
  json entry = {{"name", "integer"}, {"data_in_width", 4}, {"weight_width", 3}, {"bias_width", 8}};
  run.quantize({{"calibration", "mse"}}, entry);
  BOOST_TEST(run.fraction("weight") == least_error(run.weight, 3));
  BOOST_TEST(run.fraction("weight") > widest(run.weight, 3));
  BOOST_TEST(run.fraction("data_in") == least_error(run.data_in, 4));
}

BOOST_AUTO_TEST_CASE(a_fraction_that_is_given_is_not_calibrated) {
  Calibrated run;
  run.quantize({{"calibration", "range"}},
               {{"name", "integer"}, {"data_in_width", 8}, {"weight_frac_width", 2}});
  BOOST_TEST(run.fraction("weight") == 2);
  BOOST_TEST(run.fraction("data_in") == widest(run.data_in, 8));
}

BOOST_AUTO_TEST_CASE(without_calibration_an_open_fraction_is_half_the_width_and_nothing_is_run) {
  Calibrated run;
  run.engine.rows.samples = 77;
  run.quantize(json::object());
  BOOST_TEST(run.graph.node(run.graph.find(kLinear))
                 .format("weight")
                 ->options.find("frac_width")
                 ->is_none());
  BOOST_TEST(
      run.graph.node(run.graph.find(kLinear)).format("weight")->precision.as_list()[1].as_int() ==
      3);
  BOOST_TEST(run.engine.rows.samples == 77);
}

BOOST_AUTO_TEST_CASE(calibration_observes_the_rows_it_is_told_to) {
  Calibrated run;
  run.quantize({{"calibration", "range"}});
  BOOST_TEST((run.engine.rows.split == lathe::Split::train));
  BOOST_TEST(run.engine.rows.samples == 256);
  run.quantize(
      {{"calibration", "range"}, {"calibration_split", "validation"}, {"calibration_samples", 32}});
  BOOST_TEST((run.engine.rows.split == lathe::Split::validation));
  BOOST_TEST(run.engine.rows.samples == 32);
}

BOOST_AUTO_TEST_CASE(an_operand_of_zeros_only_keeps_its_default) {
  Calibrated run;
  run.bias.assign(5, 0.0F);
  const lathe::PassReport report = run.quantize({{"calibration", "mse"}});
  BOOST_TEST(run.graph.node(run.graph.find(kLinear))
                 .format("bias")
                 ->options.find("frac_width")
                 ->is_none());
  const Seen bias = seen_of(report, "bias");
  BOOST_TEST(bias.low.value() == 0.0);
  BOOST_TEST(bias.high.value() == 0.0);
  BOOST_TEST(!bias.fraction.has_value());
}

BOOST_AUTO_TEST_CASE(the_table_shows_what_was_observed) {
  Calibrated run;
  run.data_in.assign(4 * 16, 3.5F);
  run.bias = {-2.0F, -0.5F, -1.0F, -0.25F, -0.5F};
  const lathe::PassReport report = run.quantize({{"calibration", "range"}});
  const Seen data_in = seen_of(report, "data_in");
  BOOST_TEST(data_in.low.value() == 3.5);
  BOOST_TEST(data_in.high.value() == 3.5);
  BOOST_TEST(data_in.fraction.value() == widest(run.data_in, 8));
  // Nothing above zero was seen, and nothing is shown that was not.
  const Seen bias = seen_of(report, "bias");
  BOOST_TEST(bias.low.value() == -2.0);
  BOOST_TEST(bias.high.value() == -0.25);
  BOOST_TEST(bias.fraction.value() == widest(run.bias, 8));
}

BOOST_AUTO_TEST_CASE(numbers_that_are_not_finite_are_left_out) {
  Calibrated run;
  std::vector<float> finite = run.data_in;
  run.data_in[0] = std::numeric_limits<float>::quiet_NaN();
  run.data_in[1] = std::numeric_limits<float>::infinity();
  finite.erase(finite.begin(), finite.begin() + 2);
  run.bias.assign(5, std::numeric_limits<float>::quiet_NaN());
  const lathe::PassReport report = run.quantize({{"calibration", "range"}});
  const Seen data_in = seen_of(report, "data_in");
  BOOST_TEST(data_in.low.value() == double{*std::ranges::min_element(finite)});
  BOOST_TEST(data_in.high.value() == double{*std::ranges::max_element(finite)});
  BOOST_TEST(data_in.fraction.value() == widest(finite, 8));
  const Seen bias = seen_of(report, "bias");
  BOOST_TEST(!bias.low.has_value());
  BOOST_TEST(!bias.high.has_value());
  BOOST_TEST(!bias.fraction.has_value());
}

BOOST_AUTO_TEST_CASE(calibration_changes_no_weight) {
  Calibrated run;
  run.quantize({{"calibration", "mse"}});
  const lathe::Node& linear = run.graph.node(run.graph.find(kLinear));
  const auto bias = linear.parameter("bias")->content->tensor().values<float>();
  BOOST_TEST(std::vector<float>(bias.begin(), bias.end()) == run.bias,
             boost::test_tools::per_element());
}
