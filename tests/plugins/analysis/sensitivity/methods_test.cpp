// The five methods against oracles that know nothing of them: networks with rounded contents run as
// they are, and formulas in double.
#include "tests/plugins/analysis/sensitivity/scene.hpp"
#include "tests/support/messages.hpp"

using namespace lathe_test;

namespace {

constexpr const char* kWeights = R"(
setup.by = "type"
seed.linear.config = {name = ["integer"], weight_width = [2, 4, 8], weight_frac_width = [3]}
)";
constexpr const char* kInputs = R"(
setup.by = "name"
seed.fc2.config = {name = ["integer", "NA"], data_in = {width = [3, 6], frac_width = ["NA"]}}
)";

Graph classifier() {
  Writer w(11);
  w.input({16});
  w.linear("fc1", 16, 8);
  w.relu("act", true);
  w.linear("fc2", 8, 5);
  return w.finish(16);
}

std::vector<double> outputs_of(Scene& scene, const Graph& graph) {
  const Tensor x = scene.data->all(Split::validation).fields[0];
  const Tensor y = scene.engine->run(graph.with_batch(x.shape()[0]), {x}).at(0);
  const auto values = y.values<float>();
  return {values.begin(), values.end()};
}

std::vector<double> softmax(const double* logits) {
  std::vector<double> p(5);
  double total = 0;
  for (std::size_t c = 0; c < 5; ++c) total += std::exp(logits[c]);
  for (std::size_t c = 0; c < 5; ++c) p[c] = std::exp(logits[c]) / total;
  return p;
}

constexpr int kWidths[] = {2, 4, 8};

}  // namespace

BOOST_AUTO_TEST_SUITE(sensitivity_methods)

BOOST_AUTO_TEST_CASE(output_is_the_mean_squared_error_of_one_changed_layer) {
  Scene scene(classifier(), jets(40, 40), kWeights);
  const lathe::PassReport report = scene.run("output");
  const json file = Scene::file(report).at("output_error");
  const std::vector<double> plain = outputs_of(scene, scene.graph);
  for (const std::string layer : {"fc1", "fc2"}) {
    for (std::size_t i = 0; i < 3; ++i) {
      const std::vector<double> now =
          outputs_of(scene, rounded(scene.graph, layer + ".weight", kWidths[i], 3));
      double expected = 0;
      for (std::size_t k = 0; k < now.size(); ++k)
        expected += (now[k] - plain[k]) * (now[k] - plain[k]) / static_cast<double>(now.size());
      BOOST_TEST(file.at(layer + "/config/weight_width")[i].get<double>() == expected,
                 boost::test_tools::tolerance(1e-4));
      BOOST_TEST(
          told(report, layer, "weight", fmt::format("integer<width={},", kWidths[i])) == expected,
          boost::test_tools::tolerance(1e-4));
    }
  }
  BOOST_TEST(file.at("").at(0).get<double>() == 0.0);
  BOOST_TEST(scalar(report, "layers") == 2);
  BOOST_TEST(scalar(report, "evaluations") == 7);
}

BOOST_AUTO_TEST_CASE(kl_is_the_divergence_of_the_classes_float_first) {
  Scene scene(classifier(), jets(40, 40), kWeights);
  const json file = Scene::file(scene.run("kl")).at("kl");
  const std::vector<double> plain = outputs_of(scene, scene.graph);
  for (std::size_t i = 0; i < 3; ++i) {
    const std::vector<double> now =
        outputs_of(scene, rounded(scene.graph, "fc1.weight", kWidths[i], 3));
    double expected = 0;
    for (std::size_t row = 0; row < 40; ++row) {
      const std::vector<double> p = softmax(&plain[5 * row]), q = softmax(&now[5 * row]);
      for (std::size_t c = 0; c < 5; ++c) expected += p[c] * std::log(p[c] / q[c]) / 40;
    }
    BOOST_TEST(file.at("fc1/config/weight_width")[i].get<double>() == expected,
               boost::test_tools::tolerance(1e-4));
  }
}

BOOST_AUTO_TEST_CASE(accuracy_is_what_is_left_of_it) {
  Scene scene(classifier(), jets(40, 40), kWeights);
  const lathe::PassReport report = scene.run("accuracy");
  const json file = Scene::file(report).at("accuracy");
  const auto accuracy = [&](const Graph& graph) {
    return scene.engine->evaluate(graph, *scene.data, {Split::validation, 0, 16})
        .number("accuracy");
  };
  const double base = accuracy(scene.graph);
  BOOST_TEST(file.at("").at(0).get<double>() == base);
  BOOST_TEST(scalar(report, "base_accuracy") == base);
  for (std::size_t i = 0; i < 3; ++i) {
    const double now = accuracy(rounded(scene.graph, "fc2.weight", kWidths[i], 3));
    BOOST_TEST(std::abs(base + file.at("fc2/config/weight_width")[i].get<double>() - now) < 1e-12);
    BOOST_TEST(
        std::abs(told(report, "fc2", "weight", fmt::format("integer<width={},", kWidths[i])) -
                 (base - now)) < 1e-12);
  }
}

// fc2 is the last layer: y is the output, dL/dy = softmax - onehot, whatever the batches.
BOOST_AUTO_TEST_CASE(gradient_is_half_the_fisher_information_along_the_error) {
  for (const int batch : {16, 7, 40}) {
    Scene scene(classifier(), jets(40, 40), kWeights);
    const json file = Scene::file(scene.run("gradient", {{"batch_size", batch}})).at("loss");
    const std::vector<double> plain = outputs_of(scene, scene.graph);
    const auto labels = scene.data->all(Split::validation).fields[1].values<std::int64_t>();
    for (std::size_t i = 0; i < 3; ++i) {
      const std::vector<double> now =
          outputs_of(scene, rounded(scene.graph, "fc2.weight", kWidths[i], 3));
      double expected = 0;
      for (std::size_t row = 0; row < 40; ++row) {
        const std::vector<double> p = softmax(&plain[5 * row]);
        double change = 0;
        for (std::size_t c = 0; c < 5; ++c) {
          const double slope = p[c] - (static_cast<std::size_t>(labels[row]) == c ? 1 : 0);
          change += slope * (now[5 * row + c] - plain[5 * row + c]);
        }
        expected += 0.5 * change * change / 40;
      }
      BOOST_TEST(file.at("fc2/config/weight_width")[i].get<double>() == expected,
                 boost::test_tools::tolerance(1e-4));
    }
    BOOST_TEST(file.at("").at(0).get<double>() ==
                   scene.engine->evaluate(scene.graph, *scene.data, {Split::validation, 0, 16})
                       .number("loss"),
               boost::test_tools::tolerance(1e-6));
  }
}

// Calls of one module, and a function that reads its weight, against layers of their own with the
// same contents: their scores add up, for a weight that is there once.
BOOST_AUTO_TEST_CASE(a_weight_that_several_nodes_use_is_scored_at_all_of_them) {
  constexpr const char* kOne = R"(
setup.by = "type"
seed.linear.config = {name = ["integer"], weight_width = [3], weight_frac_width = [2]}
)";
  Writer shared(5);
  shared.input({16});
  shared.linear("fc", 16, 16);
  const NodeId second = shared.linear("fc", 16, 16);
  lathe::NodeSpec spec;
  spec.opcode = lathe::Opcode::get_attr;
  spec.target = "fc.weight";
  spec.attributes = Value(Value::Map{{"shape", Value::List{16, 16}}, {"buffer", false}});
  const NodeId weight = shared.edit().add(std::move(spec));
  shared.function("linear", {lathe::Argument{second}, lathe::Argument{weight}});
  shared.linear("head", 16, 5);
  Writer apart(5);
  apart.input({16});
  for (const char* name : {"fc", "fc_1"}) apart.linear(name, 16, 16);
  apart.module("linear", "linear", {{"in_features", 16}, {"out_features", 16}, {"bias", false}});
  apart.linear("head", 16, 5);
  const Graph graph = shared.finish(16);
  std::map<std::string, std::vector<float>> contents;
  for (const char* own : {"fc", "fc_1", "linear"})
    contents[std::string(own) + ".weight"] = contents_of(graph, "fc.weight");
  for (const char* own : {"fc", "fc_1"})
    contents[std::string(own) + ".bias"] = contents_of(graph, "fc.bias");
  for (const char* part : {"head.weight", "head.bias"}) contents[part] = contents_of(graph, part);
  Scene together(graph, jets(40, 40), kOne);
  Scene each(with_contents(apart.finish(16), contents), jets(40, 40), kOne);
  const lathe::PassReport all = together.run("gradient"), parts = each.run("gradient");
  double sum = 0;
  for (const char* node : {"fc", "fc_1", "linear"}) sum += told(parts, node, "weight", "integer");
  BOOST_TEST(sum > 0);
  BOOST_TEST(told(all, "fc", "weight", "integer") == sum, boost::test_tools::tolerance(1e-5));
  BOOST_TEST(told(all, "head", "weight", "integer") == told(parts, "head", "weight", "integer"),
             boost::test_tools::tolerance(1e-5));
  // The other methods change all of them at once, too.
  for (const std::string method : {"output", "kl", "accuracy", "hessian"}) together.run(method);
}

BOOST_AUTO_TEST_CASE(gradient_runs_the_network_once_for_each_format) {
  Scene scene(classifier(), jets(40, 40), kWeights);
  BOOST_TEST(scalar(scene.run("gradient"), "evaluations") == 1 + 3);
}

BOOST_AUTO_TEST_CASE(inputs_are_rounded_and_na_costs_nothing) {
  Scene scene(classifier(), jets(40, 40), kInputs);
  const lathe::PassReport report = scene.run("output");
  const json file = Scene::file(report).at("output_error");
  // Name: integer or NA; the least with integer is that of 6 bits, and with NA nothing is lost.
  const double six = told(report, "fc2", "data_in", "integer<width=6");
  const double three = told(report, "fc2", "data_in", "integer<width=3");
  BOOST_TEST(six > 0);
  BOOST_TEST(three > six);
  BOOST_TEST(told(report, "fc2", "data_in", "float") == 0.0);
  BOOST_TEST(file.at("fc2/config/name")[0].get<double>() == six);
  BOOST_TEST(file.at("fc2/config/name")[1].get<double>() == 0.0);
  // By hand: fc2 of what relu gave, rounded.
  const std::vector<float> weight = contents_of(scene.graph, "fc2.weight");
  const Tensor x = scene.data->all(Split::validation).fields[0];
  std::vector<double> hidden;
  scene.engine->observe(scene.graph, *scene.data, {Split::validation, 0, 40},
                        {scene.graph.find("act")}, [&](const lathe::Observation& o) {
                          if (o.operand.kind != LATHE_OPERAND_OUTPUT) return;
                          const auto values = o.tensor.values<float>();
                          hidden.assign(values.begin(), values.end());
                        });
  double expected = 0;
  for (std::size_t row = 0; row < 40; ++row)
    for (std::size_t c = 0; c < 5; ++c) {
      double change = 0;
      for (std::size_t k = 0; k < 8; ++k) {
        const double h = hidden[8 * row + k];
        change += static_cast<double>(weight[8 * c + k]) * (fixed_point(h, 3, 1) - h);
      }
      expected += change * change / 200;
    }
  BOOST_TEST(three == expected, boost::test_tools::tolerance(1e-4));
}

// One input at a time, and the mean squared error: the Hessian is diagonal and the loss quadratic,
// so that every probe gives 2/(n m) * m * sum of x^2, and w_q - w changes the loss by 1/2 H of it.
BOOST_AUTO_TEST_CASE(hessian_is_exact_where_the_loss_is_quadratic) {
  constexpr std::size_t kIn = 4, kOut = 3, kCount = 8;
  Writer w(13);
  w.input({static_cast<int>(kIn)});
  w.linear("fc", static_cast<int>(kIn), static_cast<int>(kOut));
  const Graph graph = w.finish(4);
  std::vector<float> x(kIn * kCount), y(kOut * kCount);
  double squares = 0;
  for (std::size_t row = 0; row < kCount; ++row) {
    x[row * kIn + row % kIn] = 0.5F + 0.25F * static_cast<float>(row);
    squares += std::pow(0.5 + 0.25 * static_cast<double>(row), 2);
    for (std::size_t c = 0; c < kOut; ++c)
      y[row * kOut + c] = 0.1F * static_cast<float>((row * 7 + c * 3) % 5) - 0.2F;
  }
  const Tensor targets = floats(Shape{kCount, kOut}, y);
  const lathe::RowTensors rows{{floats(Shape{kCount, kIn}, x), targets}};
  const auto data = lathe::dataset_of(
      "numbers", {input("x", Shape{kIn}), target_field("y", targets)}, rows, rows, rows);
  Scene scene(graph, data, R"(
setup.by = "type"
seed.linear.config = {name = ["integer"], weight_width = [3], weight_frac_width = [2]}
)");
  for (const int batch : {4, 8, 3}) {
    const lathe::PassReport report = scene.run("hessian", {{"probes", 2}, {"batch_size", batch}});
    const double trace = 2.0 / kCount * squares;  // over m outputs of 1/m each
    const auto traces = std::ranges::find(report.tables, "traces", &lathe::ReportTable::name);
    BOOST_REQUIRE(traces != report.tables.end());
    const auto& row = *traces->rows.begin();
    BOOST_TEST(row[2].as_int() == static_cast<std::int64_t>(kIn * kOut));
    BOOST_TEST(row[3].as_float() == trace / (kIn * kOut), boost::test_tools::tolerance(1e-3));
    double error = 0;
    for (const float weight : contents_of(graph, "fc.weight")) {
      const double v = static_cast<double>(weight);
      error += std::pow(fixed_point(v, 3, 2) - v, 2);
    }
    BOOST_TEST(
        told(report, "fc", "weight", "integer<width=3") == 0.5 * trace / (kIn * kOut) * error,
        boost::test_tools::tolerance(1e-3));
  }
}

BOOST_AUTO_TEST_CASE(hessian_is_the_same_again_and_another_with_another_seed) {
  Scene scene(classifier(), jets(40, 40), kWeights);
  const json options{{"probes", 2}};
  const json once = Scene::file(scene.run("hessian", options));
  const json again = Scene::file(scene.run("hessian", options));
  BOOST_TEST((once == again));
  const json other = Scene::file(scene.run("hessian", {{"probes", 2}, {"seed", 1}}));
  BOOST_TEST((once != other));
}

BOOST_AUTO_TEST_CASE(methods_of_classes_refuse_numbers) {
  Writer w(13);
  w.input({4});
  w.linear("fc", 4, 2);
  const Tensor targets = floats(Shape{4, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
  const lathe::RowTensors rows{{floats(Shape{4, 4}, std::vector<float>(16, 0.5F)), targets}};
  const auto data = lathe::dataset_of("numbers", {input("x", Shape{4}), target_field("y", targets)},
                                      rows, rows, rows);
  Scene scene(w.finish(4), data, kWeights);
  for (const std::string method : {"accuracy", "kl"}) {
    const std::string said = message_of([&] { scene.run(method); });
    BOOST_TEST(said.find("method '" + method + "' needs a network that tells classes apart") !=
                   std::string::npos,
               said);
  }
  scene.run("output");
}

BOOST_AUTO_TEST_SUITE_END()
