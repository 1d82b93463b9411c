// Fraction widths that the quantize pass chooses from what it observes. The expected ones are found
// here in double precision, by trying every one.
#include "core/graph/operands.hpp"
#include "core/graph/transaction.hpp"
#include "tests/plugins/transforms/calibrated.hpp"
#include "tests/support/messages.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>

namespace {

using namespace lathe_test;

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

// A bell of values, wide tails included: sums of three uniform draws, cubed.
std::vector<float> bell(std::uint64_t seed, std::size_t count, double scale) {
  const std::vector<float> u = draws(seed, 3 * count, 1.0);
  std::vector<float> out;
  for (std::size_t i = 0; i < count; ++i) {
    const double sum = double{u[3 * i]} + double{u[3 * i + 1]} + double{u[3 * i + 2]};
    out.push_back(static_cast<float>(scale * sum * sum * sum));
  }
  return out;
}

// The values less so many of the smallest and of the largest.
std::vector<float> without_tails(std::vector<float> values, std::size_t each) {
  std::ranges::sort(values);
  return {values.begin() + static_cast<std::ptrdiff_t>(each),
          values.end() - static_cast<std::ptrdiff_t>(each)};
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
  run.weight[19] = -std::numeric_limits<float>::infinity();
  const LogText log;
  const lathe::PassReport report = run.quantize({{"calibration", "range"}});
  const Seen data_in = seen_of(report, "data_in");
  BOOST_TEST(data_in.low.value() == double{*std::ranges::min_element(finite)});
  BOOST_TEST(data_in.high.value() == double{*std::ranges::max_element(finite)});
  BOOST_TEST(data_in.fraction.value() == widest(finite, 8));
  BOOST_TEST(contains(log.text(),
                      "1 of 80 values of 'weight' of node 'seq_blocks_2', which are "
                      "not finite; the first is -inf at [1, 3]"),
             log.text());
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

BOOST_AUTO_TEST_CASE(calibration_by_percentile_leaves_out_both_tails) {
  Calibrated run;
  run.data_in = bell(11, 64 * 16, 2.0);
  for (const double percentile : {99.9, 99.0, 90.0, 50.0, 100.0}) {
    run.quantize({{"calibration", "percentile"}, {"calibration_percentile", percentile}});
    const auto each =
        static_cast<std::size_t>(std::floor(64.0 * 16.0 * (100.0 - percentile) / 200.0));
    BOOST_TEST(run.fraction("data_in") == widest(without_tails(run.data_in, each), 8), percentile);
    const auto of_weights = static_cast<std::size_t>(std::floor(80 * (100.0 - percentile) / 200.0));
    BOOST_TEST(run.fraction("weight") == widest(without_tails(run.weight, of_weights), 6),
               percentile);
  }
}

BOOST_AUTO_TEST_CASE(calibration_by_divergence_clips_a_far_value_and_nothing_of_an_even_spread) {
  Calibrated run;
  run.data_in = bell(12, 256 * 16, 0.1);
  run.data_in[7] = 40.0F;
  run.weight = draws(13, 80, 0.9);
  run.quantize({{"calibration", "entropy"}},
               {{"name", "integer"}, {"data_in_width", 4}, {"weight_width", 4}, {"bias_width", 8}});
  BOOST_TEST(run.fraction("data_in") > widest(run.data_in, 4));
  BOOST_TEST(run.fraction("data_in") <= widest(run.data_in, 4) + 4);
  BOOST_TEST(run.fraction("weight") == widest(run.weight, 4));
}

BOOST_AUTO_TEST_CASE(what_is_chosen_is_the_same_whatever_batches_are_shown) {
  for (const char* method : {"range", "percentile", "mse", "entropy"}) {
    std::optional<std::string> chosen;
    for (const std::int64_t rows : {0, 1, 3, 16}) {
      Calibrated run;
      run.data_in = bell(14, 37 * 16, 1.5);
      run.rows_at_once = rows;
      const lathe::PassReport report = run.quantize(
          {{"calibration", method}, {"calibration_percentile", 97.0}},
          {{"name", "integer"}, {"data_in_width", 5}, {"weight_width", 3}, {"bias_width", 8}});
      const Seen seen = seen_of(report, "data_in");
      const std::string all = seen.chosen.value() + " " + std::to_string(seen.clipped) + " " +
                              std::to_string(seen.zeroed);
      BOOST_TEST(chosen.value_or(all) == all, method << " with " << rows << " rows");
      chosen = all;
    }
  }
}

BOOST_AUTO_TEST_CASE(the_table_counts_what_is_clipped_and_what_becomes_zero) {
  Calibrated run;
  run.data_in = bell(15, 64 * 16, 1.0);
  const lathe::PassReport report =
      run.quantize({{"calibration", "percentile"}, {"calibration_percentile", 80.0}},
                   {{"name", "integer"}, {"data_in_width", 4}, {"weight_width", 4}});
  const double scale = std::ldexp(1.0, run.fraction("data_in"));
  std::int64_t clipped = 0, zeroed = 0;
  for (const float x : run.data_in) {
    const double code = std::nearbyint(double{x} * scale);
    clipped += code > 7 || code < -8 ? 1 : 0;
    zeroed += code == 0 && x != 0 ? 1 : 0;
  }
  const Seen seen = seen_of(report, "data_in");
  BOOST_TEST(clipped > 0);
  BOOST_TEST(seen.values == 64 * 16);
  BOOST_TEST(seen.clipped == clipped);
  BOOST_TEST(seen.zeroed == zeroed);
  BOOST_TEST(seen.clipped_percent == 100.0 * static_cast<double>(clipped) / (64 * 16),
             boost::test_tools::tolerance(1e-12));
  BOOST_TEST(seen.zeroed_percent == 100.0 * static_cast<double>(zeroed) / (64 * 16),
             boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(a_range_that_no_choice_holds_is_a_warning) {
  Calibrated run;
  run.data_in[5] = 1e30F;  // 4 bits reach 7 * 2^64 at most
  const LogText log;
  const lathe::PassReport report = run.quantize(
      {{"calibration", "range"}}, {{"name", "integer"}, {"data_in_width", 4}, {"weight_width", 4}});
  for (const char* part : {"'data_in' of node 'seq_blocks_2'", "1e+30", "1.29127e+20", "clipped"})
    BOOST_TEST(contains(log.text(), part), log.text());
  BOOST_TEST(!contains(log.text(), "'weight'"), log.text());
  BOOST_TEST(seen_of(report, "data_in").clipped == 1);
}

BOOST_AUTO_TEST_CASE(values_below_zero_under_a_format_without_a_sign_are_a_warning) {
  Calibrated run;
  const LogText log;
  run.quantize({{"calibration", "range"}},
               {{"name", "integer"}, {"weight", {{"width", 4}, {"is_signed", false}}}});
  BOOST_TEST(contains(log.text(), "no values below zero"), log.text());
}

BOOST_AUTO_TEST_CASE(a_split_without_rows_is_refused_with_its_option) {
  Calibrated run;
  run.data_in.clear();
  const std::string said = message_of(
      [&] { run.quantize({{"calibration", "mse"}, {"calibration_split", "validation"}}); });
  for (const char* part : {"'data_in' of node 'seq_blocks_2'", "'validation'", "calibration_split"})
    BOOST_TEST(contains(said, part), said);
  BOOST_TEST(run.graph.node(run.graph.find(kLinear)).format("weight") == nullptr);
}

BOOST_AUTO_TEST_CASE(a_scale_for_each_channel_is_chosen_from_the_channel) {
  Calibrated run;
  for (std::size_t i = 0; i < 80; ++i) run.weight[i] *= std::ldexp(1.0F, static_cast<int>(i / 16));
  const lathe::PassReport report = run.quantize(
      {{"calibration", "range"}}, {{"name", "affine"}, {"weight", {{"width", 6}, {"axis", 0}}}});
  const lathe::Value::List& scales = run.option("weight", "scale").as_list();
  BOOST_REQUIRE_EQUAL(scales.size(), 5U);
  for (std::size_t channel = 0; channel < 5; ++channel) {
    double largest = 0;
    for (std::size_t i = 0; i < 16; ++i)
      largest = std::max(largest, std::abs(double{run.weight[16 * channel + i]}));
    BOOST_TEST(scales[channel].as_float() == largest / 31, boost::test_tools::tolerance(1e-6));
  }
  BOOST_TEST(seen_of(report, "weight").clipped == 0);
}

BOOST_AUTO_TEST_CASE(the_least_error_is_found_for_each_channel) {
  Calibrated run;
  for (std::size_t i = 0; i < 80; ++i) run.weight[i] *= i % 16 == 3 && i / 16 != 2 ? 3.0F : 0.5F;
  const json entry = {{"name", "affine"}, {"weight", {{"width", 3}, {"axis", 0}}}};
  const auto error = [&](const std::string& method) {
    run.quantize({{"calibration", method}}, entry);
    std::vector<double> errors;
    for (std::size_t channel = 0; channel < 5; ++channel) {
      const double scale = run.option("weight", "scale").as_list()[channel].as_float();
      double sum = 0;
      for (std::size_t i = 16 * channel; i < 16 * channel + 16; ++i) {
        const double code = std::clamp(std::nearbyint(double{run.weight[i]} / scale), -4.0, 3.0);
        sum += std::pow(code * scale - double{run.weight[i]}, 2);
      }
      errors.push_back(sum);
    }
    return errors;
  };
  const std::vector<double> of_range = error("range"), least = error("mse");
  for (std::size_t channel = 0; channel < 5; ++channel)
    BOOST_TEST(least[channel] <= of_range[channel] * (1 + 1e-6), channel);
  BOOST_TEST(least[0] < 0.9 * of_range[0]);
}

BOOST_AUTO_TEST_CASE(biases_of_floating_formats_are_chosen_so_that_the_range_is_held) {
  for (const char* format : {"minifloat_ieee", "minifloat_denorm", "log", "block_fp"}) {
    Calibrated run;
    run.weight = draws(21, 80, 300.0);
    const lathe::PassReport report =
        run.quantize({{"calibration", "range"}}, {{"name", format}, {"weight", {{"width", 8}}}});
    BOOST_TEST(!run.option("weight", "exponent_bias").is_none(), format);
    BOOST_TEST(seen_of(report, "weight").clipped == 0, format);
  }
}

BOOST_AUTO_TEST_CASE(both_inputs_of_a_sum_are_observed_for_its_one_format) {
  lathe::Graph graph(0);
  {
    lathe::Transaction build(graph);
    const auto add = [&build](lathe::Opcode opcode, const char* op, const char* target,
                              std::vector<lathe::Argument> args, json attributes = json::object()) {
      lathe::NodeSpec spec;
      spec.opcode = opcode;
      spec.op = op;
      spec.target = target;
      spec.args = std::move(args);
      spec.attributes = to_value(attributes);
      return build.add(std::move(spec));
    };
    const json row = {{"shape", {4}}, {"batch", 4}};
    const auto x = add(lathe::Opcode::placeholder, "placeholder", "x", {}, row);
    const auto y = add(lathe::Opcode::placeholder, "placeholder", "y", {}, row);
    const auto sum = add(lathe::Opcode::call_function, "add", "add", {{x}, {y}});
    add(lathe::Opcode::output, "output", "output", {{sum}});
    build.commit();
  }
  StandIn engine;
  NoData data;
  Workbench bench{4};
  bench.context.executor = [&]() -> lathe::Executor& { return engine; };
  bench.context.dataset = [&]() -> const lathe::Dataset& { return data; };
  std::vector<float> all;
  double scale = 1.0;
  for (const lathe::Operand& operand : lathe::operands_of(graph, graph.find("add"))) {
    if (operand.kind != LATHE_OPERAND_INPUT) continue;
    const std::vector<float> values = draws(31, 16, scale);
    engine.seen.push_back({graph.find("add"), operand, tensor_of(values, {4, 4})});
    all.insert(all.end(), values.begin(), values.end());
    scale *= 40.0;
  }
  for (const char* method : {"range", "mse"}) {
    lathe::Graph quantized = graph;
    const lathe::PassReport report =
        bench.run("quantize", quantized,
                  {{"by", "type"},
                   {"add", {{"name", "integer"}, {"data_in_width", 8}}},
                   {"calibration", method}});
    const auto& options = quantized.node(quantized.find("add")).format("data_in")->options;
    const auto fraction = static_cast<int>(options.find("frac_width")->as_int());
    BOOST_TEST(fraction == (method == std::string("range") ? widest(all, 8) : least_error(all, 8)));
    BOOST_TEST(seen_of(report, "data_in").values == 32);
  }
}

BOOST_AUTO_TEST_CASE(calibration_looks_at_both_weights_of_an_attention) {
  StandIn engine;
  NoData data;
  Workbench bench{4};
  bench.context.executor = [&]() -> lathe::Executor& { return engine; };
  bench.context.dataset = [&]() -> const lathe::Dataset& { return data; };
  const std::vector<float> in = draws(41, 12 * 4, 0.3), out = draws(42, 4 * 4, 6.0);
  const lathe::Graph graph =
      bench
          .model("transformer-encoder", {{"vocab_size", 5},
                                         {"width", 4},
                                         {"heads", 2},
                                         {"layers", 1},
                                         {"length", 3},
                                         {"classes", 2}})
          .with_parameters(
              {{"encoder.layers.0.self_attn.in_proj_weight", tensor_of(in, {12, 4})},
               {"encoder.layers.0.self_attn.out_proj.weight", tensor_of(out, {4, 4})}});
  std::vector<float> both = in;
  both.insert(both.end(), out.begin(), out.end());
  for (const char* method : {"range", "mse"}) {
    lathe::Graph quantized = graph;
    const lathe::PassReport report =
        bench.run("quantize", quantized,
                  {{"by", "type"},
                   {"multi_head_attention", {{"name", "integer"}, {"weight_width", 6}}},
                   {"calibration", method}});
    const lathe::Node& node = quantized.node(quantized.find("encoder_layers_0_self_attn"));
    const auto fraction =
        static_cast<int>(node.format("weight")->options.find("frac_width")->as_int());
    BOOST_TEST(fraction ==
               (method == std::string("range") ? widest(both, 6) : least_error(both, 6)));
    BOOST_TEST(seen_of(report, "weight").values == 64);
  }
}
