// The example plugins, each built from its one file with one compiler line, as a student would.
#include "core/tensor/borrowed_tensor.hpp"
#include "tests/plugins/built_examples.hpp"
#include "tests/support/format_call.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <cmath>
#include <limits>
#include <set>

using namespace lathe_test;

BOOST_AUTO_TEST_CASE(the_pass_counts_the_same_in_cpp_and_in_c) {
  const Built built({"count_relu.cpp", "count_relu.c"});
  Workbench bench(8, built.registry());
  lathe::Graph graph = bench.model("jsc-toy");
  BOOST_TEST(scalar(bench.run("count_relu", graph), "relus") == 4);
  BOOST_TEST(scalar(bench.run("count_relu_c", graph), "relus") == 4);
}

BOOST_AUTO_TEST_CASE(without_dropout_joins_what_stood_around_it) {
  const Built built({"two_layers.cpp", "without_dropout.cpp"});
  Workbench bench(8, built.registry());
  lathe::Graph graph = bench.model("two-layers", {{"width", 8}}, samples_of({2}, 3));
  const std::int64_t parameters = graph.parameter_count();
  BOOST_TEST(parameters == (2 * 8 + 8) + (8 * 8 + 8) + (8 * 3 + 3));
  BOOST_TEST(scalar(bench.run("example.without_dropout", graph), "removed") == 2);
  BOOST_TEST((graph.find("hidden_2") == lathe::NodeId::none));
  const lathe::Node& next = graph.node(graph.find("hidden_3"));
  BOOST_TEST(graph.node(next.inputs()[0]).name == "hidden_1");
  BOOST_TEST(graph.parameter_count() == parameters);
  // Without dropout there is nothing to do, and nothing is done.
  BOOST_TEST(scalar(bench.run("example.without_dropout", graph), "removed") == 0);
}

BOOST_AUTO_TEST_CASE(the_model_says_what_it_needs_to_know) {
  const Built built({"two_layers.cpp"});
  Workbench bench(8, built.registry());
  BOOST_CHECK_EXCEPTION(bench.model("two-layers"), lathe::Error, [](const lathe::Error& e) {
    return e.message().find("how many features") != std::string::npos;
  });
}

BOOST_AUTO_TEST_CASE(powers_of_two_are_the_nearest_ones) {
  const Built built({"power_of_two.cpp"});
  const lathe::Component& component = built.registry().find(lathe::Kind::format, "power_of_two");
  const lathe::FormatInstance format(
      component, lathe::check_options(component.options, to_value({{"width", 4}, {"top", 1}})));
  // 4 bits: zero, and exponents -5 to 1 of either sign.
  std::vector<double> values = {0.0};
  for (int e = -5; e <= 1; ++e) {
    values.push_back(std::ldexp(1.0, e));
    values.push_back(-std::ldexp(1.0, e));
  }
  std::vector<float> x;
  for (int i = -3000; i <= 3000; ++i) x.push_back(static_cast<float>(i) * 0.000973F);
  const float inf = std::numeric_limits<float>::infinity();
  x.insert(x.end(), {inf, -inf, 1e30F, 1e-30F});
  std::vector<float> y = x;
  lathe::BorrowedTensor tensor(lathe::DType::float32, y.data(),
                               std::array{static_cast<std::int64_t>(x.size())}, 0);
  format.quantize(FormatCall().context(), tensor.view(), tensor.view());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double reachable = std::fmax(-2.0, std::fmin(2.0, x[i]));
    double least = 1e9;
    for (const double value : values) least = std::fmin(least, std::fabs(value - reachable));
    BOOST_TEST(std::fabs(y[i] - reachable) == least, "x " << x[i] << " is " << y[i]);
  }
}

BOOST_AUTO_TEST_CASE(the_sampler_depends_on_the_trial_alone_and_fills_the_space) {
  const Built built({"kronecker.cpp"});
  const lathe::Component& component = built.registry().find(lathe::Kind::sampler, "kronecker");
  lathe_parameter parameters[2] = {};
  parameters[0].name = {"a", 1};
  parameters[0].choices = 3;
  parameters[1].name = {"b", 1};
  parameters[1].kind = LATHE_PARAMETER_INTEGER;
  parameters[1].low = 10;
  parameters[1].high = 13;
  for (auto& p : parameters) p.parent = LATHE_NONE_ID;
  const lathe_direction direction = LATHE_DIRECTION_MINIMIZE;
  const lathe_space space = {sizeof(lathe_space),
                             sizeof(lathe_parameter),
                             parameters,
                             2,
                             &direction,
                             1,
                             7,
                             0,
                             0,
                             nullptr,
                             0};
  const lathe::Value no_options{lathe::Value::Map{}};
  lathe::SamplerInstance one(component, no_options, space), other(component, no_options, space);
  std::set<std::pair<double, double>> seen;
  for (std::uint64_t trial = 0; trial < 48; ++trial) {
    std::array<double, 2> p = {};
    BOOST_TEST(one.suggest(trial, p));
    seen.insert({p[0], p[1]});
    BOOST_TEST((p[0] == 0 || p[0] == 1 || p[0] == 2));
    BOOST_TEST((p[1] >= 10 && p[1] <= 13 && p[1] == std::floor(p[1])));
  }
  BOOST_TEST(seen.size() == 12U);  // every combination
  std::array<double, 2> here = {}, there = {};
  one.suggest(5, here);
  other.suggest(5, there);
  BOOST_TEST((here == there));
}

BOOST_AUTO_TEST_CASE(the_invented_data_set_says_that_it_is_invented) {
  const Built built({"spiral.cpp"});
  const lathe::Component& component = built.registry().find(lathe::Kind::dataset, "spiral");
  BOOST_TEST(component.has(LATHE_FLAG_SYNTHETIC));
  BOOST_TEST(component.options.options.size() == 3);
}

BOOST_AUTO_TEST_CASE(a_plugin_exports_its_entry_and_nothing_else) {
  TemporaryFolder folder;
  const std::filesystem::path file = lathe_test::built_plugin_dir() / "jsc.so";
  const std::string list = (folder.path() / "symbols").string();
  const std::string line = "nm -D --defined-only " + file.string() + " > " + list;
  BOOST_TEST_REQUIRE(std::system(line.c_str()) == 0);
  const std::string symbols = read_text(list);
  BOOST_TEST(std::count(symbols.begin(), symbols.end(), '\n') == 1);
  BOOST_TEST(symbols.find(LATHE_ENTRY_NAME) != std::string::npos);
}

namespace {

// rms_net for 16 features and 5 classes, at the batch of the bench.
lathe::Graph rms_net(Workbench& bench, int width = 32) {
  return bench.model("example.rms_net", {{"width", width}}, samples_of({16}, 5));
}

}  // namespace

BOOST_AUTO_TEST_CASE(an_op_of_ones_own_is_counted_as_it_says) {
  const Built built({"rms_norm.cpp"});
  Workbench bench(8, built.registry());
  lathe::Graph graph = rms_net(bench);
  const lathe::PassReport flops = bench.run("flops", graph);
  // A multiply-accumulate is one; the norm does four for each of its 8 * 32 elements.
  BOOST_TEST(scalar(flops, "computations") == 8 * 16 * 32 + 4 * 8 * 32 + 8 * 32 + 8 * 32 * 5);
  BOOST_TEST(scalar(flops, "parameters") == (16 * 32 + 32) + 32 + (32 * 5 + 5));
  BOOST_TEST(cell(table(flops, "nodes"), "norm", "computations").as_float() == 4.0 * 8 * 32);
  const lathe::PassReport bits = bench.run("bitops", graph);
  BOOST_TEST(cell(table(bits, "nodes"), "norm", "bitops").as_float() == 4.0 * 8 * 32 * 32 * 32);
}

BOOST_AUTO_TEST_CASE(an_op_of_ones_own_takes_number_formats_where_it_says) {
  const Built built({"rms_norm.cpp"});
  Workbench bench(8, built.registry());
  for (const char* selector : {"example.rms_norm", "default"}) {
    lathe::Graph graph = rms_net(bench);
    bench.run("quantize", graph,
              {{"by", "type"},
               {selector, {{"name", "integer"}, {"data_in_width", 6}, {"weight_width", 4}}}});
    const lathe::Node& norm = graph.node(graph.find("norm"));
    BOOST_TEST_REQUIRE(norm.formats.size() == 2U);
    BOOST_TEST((norm.format("weight")->options.find("width")->as_int() == 4));
    const lathe::PassReport bits = bench.run("bitops", graph);
    BOOST_TEST(cell(table(bits, "nodes"), "norm", "bitops").as_float() == 4.0 * 8 * 32 * 6 * 6);
  }
}

BOOST_AUTO_TEST_CASE(an_op_of_ones_own_follows_the_widths_around_it) {
  const Built built({"rms_norm.cpp"});
  Workbench bench(8, built.registry());
  lathe::Graph graph = rms_net(bench);
  bench.run("channel_multiplier", graph, {{"by", "name"}, {"fc1", {{"width", 2}}}});
  const lathe::NodeId norm = graph.find("norm");
  BOOST_TEST(graph.attributes(norm).find("normalized_shape")->text() == "[64]");
  BOOST_TEST(graph.node(norm).parameter("weight")->shape.text() == "[64]");
  BOOST_TEST(graph.node(graph.find("fc2")).parameter("weight")->shape.text() == "[5, 64]");
  // Copies of channels would change the mean, so a wider net cannot be made to compute the same.
  BOOST_CHECK_EXCEPTION(
      bench.run("channel_multiplier", graph,
                {{"by", "name"}, {"fc1", {{"width", 2}}}, {"weights", "net2wider"}}),
      lathe::Error, [](const lathe::Error& e) {
        return e.message().find("example.rms_norm") != std::string::npos;
      });
}

BOOST_AUTO_TEST_CASE(an_op_of_ones_own_prints_and_describes_itself) {
  const Built built({"rms_norm.cpp"});
  Workbench bench(8, built.registry());
  const lathe::Graph graph = rms_net(bench);
  const lathe::NodeId norm = graph.find("norm");
  const lathe::OpRow& row = *graph.ops().find("example.rms_norm");
  BOOST_TEST(row.module_text(graph.attributes(norm)) ==
             "RMSNorm((32,), eps=None, elementwise_affine=True)");
  const json common = to_json(lathe::node_metadata(graph, norm)).at("common");
  BOOST_TEST(common.at("mase_op") == "example.rms_norm");
  BOOST_TEST(common.at("mase_type") == "patched_func");
  BOOST_TEST(common.at("args").at("weight").at("shape") == json::array({32}));
}
