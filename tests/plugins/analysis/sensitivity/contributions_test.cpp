// The file: names and choices are a study's, and its costs add up to what the passes publish.
#include "core/tensor/random.hpp"
#include "tests/plugins/analysis/sensitivity/scene.hpp"
#include "tests/support/messages.hpp"

using namespace lathe_test;

namespace {

Graph jsc() { return jet_net("seq_blocks", {0, 8, -1, 8, -1, 5, -1}, 16, 17); }

// The sum of a file's contributions at a point.
double added(const json& objective, const lathe::TrialSpace& space,
             const std::vector<std::uint64_t>& choices) {
  double sum = objective.at("").at(0).get<double>();
  for (std::size_t p = 0; p < choices.size(); ++p)
    sum += objective.at(space.parameters()[p].name).at(choices[p]).get<double>();
  return sum;
}

void check_costs(const std::string& text, const Graph& graph) {
  Scene scene(graph, jets(40, 40), text);
  const json file = Scene::file(scene.run("output", {{"num_samples", 8}}));
  const auto space = scene.space();
  for (std::uint64_t point = 0; point < 20; ++point) {
    std::vector<std::uint64_t> choices;
    for (std::size_t p = 0; p < space->parameters().size(); ++p) {
      double u = 0;
      lathe::uniform(point, p, 0, {&u, 1});
      const auto count = static_cast<double>(space->parameters()[p].choices.size());
      choices.push_back(static_cast<std::uint64_t>(u * count));
    }
    const Graph trial = space->build(choices);
    const double width = scalar(scene.run("average_bitwidth", trial), "average_bitwidth");
    BOOST_TEST(added(file.at("average_bitwidth"), *space, choices) == width,
               boost::test_tools::tolerance(1e-12));
    const double bitops = scalar(scene.run("bitops", trial), "total_bitops");
    BOOST_TEST(added(file.at("total_bitops"), *space, choices) == bitops,
               boost::test_tools::tolerance(1e-12));
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(sensitivity_file)

BOOST_AUTO_TEST_CASE(costs_of_one_parameter_per_layer_are_exact_everywhere) {
  check_costs(R"(
setup.by = "type"
seed.linear.config = {name = ["integer"], weight_width = [2, 3, 4, 8], data_in_width = [6]}
)",
              jsc());
}

BOOST_AUTO_TEST_CASE(so_are_those_of_layers_that_some_points_leave_float) {
  check_costs(R"(
setup.by = "name"
seed.seq_blocks_1.config = {name = ["integer", "NA"]}
seed.seq_blocks_3.config = {name = ["NA", "block_fp", "integer"]}
)",
              jsc());
}

BOOST_AUTO_TEST_CASE(a_layer_called_twice_has_its_weight_once_and_its_work_twice) {
  Writer w(3);
  w.input({16});
  w.linear("fc", 16, 16);
  w.linear("fc", 16, 16);
  w.linear("head", 16, 5);
  check_costs(R"(
setup.by = "type"
seed.linear.config = {name = ["integer"], weight_width = [2, 8]}
)",
              w.finish(16));
}

BOOST_AUTO_TEST_CASE(every_parameter_has_a_value_for_each_choice_under_its_name_in_the_study) {
  Scene scene(jsc(), jets(40, 40), R"(
setup.by = "name"
seed.seq_blocks_1.config = {name = ["integer", "NA"], weight_width = {low = 2, high = 8, step = 2}, bias_width = [4]}
seed.seq_blocks_3.config.weight = {name = ["integer"], width = [2, 4]}
)");
  const json file = Scene::file(scene.run("gradient", {{"num_samples", 8}}));
  const lathe::SearchSpace study = lathe::build_space(scene.document(), scene.graph, registry());
  BOOST_TEST(file.size() == 3U);
  for (const char* objective : {"loss", "average_bitwidth", "total_bitops"}) {
    const json& values = file.at(objective);
    BOOST_TEST(values.size() == study.parameters.size() + 1);
    BOOST_TEST(values.at("").size() == 1U);
    for (const lathe::SearchParameter& parameter : study.parameters) {
      BOOST_TEST(values.at(parameter.name).size() == parameter.count(), parameter.name);
      for (const json& value : values.at(parameter.name)) BOOST_TEST(value.is_number());
    }
  }
}

BOOST_AUTO_TEST_CASE(errors_of_several_layers_add_up) {
  Scene scene(jsc(), jets(40, 40), R"(
setup.by = "type"
seed.linear.config = {name = ["integer"], data_in_width = [8], weight_width = [4, 8], bias_width = [8]}
)");
  const lathe::PassReport report = scene.run("output");
  const json file = Scene::file(report).at("output_error");
  // Inputs and biases have one format each: they are constant.
  double constant = 0;
  for (const char* node : {"seq_blocks_1", "seq_blocks_3", "seq_blocks_5"})
    for (const char* operand : {"data_in", "bias"}) constant += told(report, node, operand, "int");
  BOOST_TEST(file.at("").at(0).get<double>() == constant, boost::test_tools::tolerance(1e-12));
  BOOST_TEST(file.at("seq_blocks_1/config/weight_width")[0].get<double>() ==
                 told(report, "seq_blocks_1", "weight", "integer<width=4"),
             boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(the_table_is_ranked) {
  Scene scene(jsc(), jets(40, 40), R"(
setup.by = "type"
seed.linear.config = {name = ["integer"], weight_width = [2, 4, 8]}
)");
  const lathe::PassReport report = scene.run("gradient");
  double last = std::numeric_limits<double>::infinity();
  for (const auto& row : report.tables.at(0).rows) {
    BOOST_TEST(row[4].as_float() <= last);
    last = row[4].as_float();
  }
}

BOOST_AUTO_TEST_CASE(spaces_of_other_things_are_refused_by_the_name_of_the_parameter) {
  const auto said = [](const std::string& space) {
    Scene scene(jsc(), jets(40, 40), space);
    return message_of([&] { scene.run("output"); });
  };
  const std::string formats = R"(
setup.by = "type"
seed.linear.config = {name = ["integer"], weight_width = [2, 4]}
)";
  std::string text = said(formats + "training = {batch_size = [16, 32]}\n");
  BOOST_TEST(contains(text, "'training/batch_size'"), text);
  BOOST_TEST(contains(text, "option of the training"), text);
  text = said(
      "setup.by = 'type'\nseed.linear.config = {name = ['output_only'], "
      "channel_multiplier = [1, 2]}\n");
  BOOST_TEST(contains(text, "channel_multiplier'"), text);
  BOOST_TEST(contains(text, "changes the network itself"), text);
  text = said("setup.by = 'type'\nseed.linear.config = {name = ['NA']}\n");
  BOOST_TEST(contains(text, "gives no node a number format"), text);
}

BOOST_AUTO_TEST_CASE(a_weight_that_is_no_number_is_told_with_its_node) {
  Graph graph = jsc();
  std::vector<float> weights = contents_of(graph, "seq_blocks.3.weight");
  weights[3] = std::numeric_limits<float>::quiet_NaN();
  graph = with_contents(graph, {{"seq_blocks.3.weight", weights}});
  Scene scene(graph, jets(40, 40), R"(
setup.by = "type"
seed.linear.config = {name = ["integer"], weight_width = [2, 4]}
)");
  const json file = Scene::file(scene.run("output"));
  BOOST_TEST(file.at("output_error").at("seq_blocks_1/config/weight_width")[0].is_null());
}

BOOST_AUTO_TEST_SUITE_END()
