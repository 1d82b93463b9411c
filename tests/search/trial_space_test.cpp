// What a pass is told of a search space: names and choices of the study, what hangs on what, and
// the graphs of trials.
#include "core/search/loop/trial_space.hpp"

#include "core/options/text/document.hpp"
#include "tests/plugins/workbench.hpp"
#include "tests/support/messages.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe_test;

namespace {

struct Opened {
  explicit Opened(const std::string& toml)
      : document(lathe::parse_toml(toml, "space.toml")), graph(bench.model("jsc-tiny")) {
    space = lathe::open_trial_space(document, graph, built_plugins(), nullptr, bench.context);
  }
  const lathe::TrialParameter& parameter(const std::string& name) const {
    for (const lathe::TrialParameter& p : space->parameters())
      if (p.name == name) return p;
    throw std::runtime_error("no parameter " + name);
  }
  Workbench bench;
  lathe::Value document;
  lathe::Graph graph;
  std::unique_ptr<lathe::TrialSpace> space;
};

constexpr const char* kSpace = R"(
setup.by = "type"
seed.linear.config = {name = ["NA", "integer"], weight_width = {low = 2, high = 8, step = 2}, data_in_width = [8]}
)";

std::string weight_format(const lathe::Graph& graph) {
  for (const lathe::NodeId id : graph.order()) {
    const lathe::Node& node = graph.node(id);
    if (node.op != "linear") continue;
    const lathe::OperandFormat* format = node.format("weight");
    return format == nullptr ? "float" : format->options.find("width")->text();
  }
  return "no linear layer";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(trial_space)

BOOST_AUTO_TEST_CASE(parameters_are_those_of_a_study_with_ranges_counted_out) {
  const Opened opened(kSpace);
  const lathe::SearchSpace study =
      lathe::build_space(opened.document, opened.graph, built_plugins());
  BOOST_REQUIRE_EQUAL(opened.space->parameters().size(), study.parameters.size());
  for (std::size_t p = 0; p < study.parameters.size(); ++p) {
    BOOST_TEST(opened.space->parameters()[p].name == study.parameters[p].name);
    BOOST_TEST(opened.space->parameters()[p].choices.size() == study.parameters[p].count());
  }
  const lathe::TrialParameter& width = opened.parameter("seq_blocks_2/config/weight_width");
  BOOST_TEST(lathe::Value(width.choices).text() == "[2, 4, 6, 8]");
  BOOST_TEST(width.part == LATHE_SPACE_NODE);
}

BOOST_AUTO_TEST_CASE(a_width_hangs_on_the_names_that_have_one) {
  const Opened opened(kSpace);
  const lathe::TrialParameter& width = opened.parameter("seq_blocks_2/config/weight_width");
  BOOST_REQUIRE(width.parent.has_value());
  BOOST_TEST(opened.space->parameters()[*width.parent].name == "seq_blocks_2/config/name");
  BOOST_TEST((width.parent_choices == std::vector<std::uint64_t>{1}));
  BOOST_TEST(!opened.parameter("seq_blocks_2/config/name").parent.has_value());
}

BOOST_AUTO_TEST_CASE(a_built_graph_is_that_of_a_trial_and_the_graph_stays_as_it_was) {
  const Opened opened(kSpace);
  const std::size_t count = opened.space->parameters().size();
  const auto build = [&](const std::string& name, std::uint64_t width) {
    std::vector<std::uint64_t> choices(count);
    for (std::size_t p = 0; p < count; ++p) {
      const std::string& of = opened.space->parameters()[p].name;
      if (of == "seq_blocks_2/config/name") choices[p] = name == "integer" ? 1 : 0;
      if (of == "seq_blocks_2/config/weight_width") choices[p] = width;
    }
    return weight_format(opened.space->build(choices));
  };
  BOOST_TEST(build("integer", 0) == "2");
  BOOST_TEST(build("integer", 3) == "8");
  BOOST_TEST(build("NA", 3) == "float");
  BOOST_TEST(weight_format(opened.graph) == "float");
}

BOOST_AUTO_TEST_CASE(a_range_without_steps_has_no_choices_and_parts_are_told_apart) {
  const Opened opened(R"(
setup.by = "type"
seed.linear.config = {name = ["integer"], weight_width = [2, 4]}
training = {learning_rate = {low = 1e-4, high = 1e-1, log = true}, batch_size = [16, 32]}
)");
  BOOST_TEST(opened.parameter("training/learning_rate").choices.empty());
  BOOST_TEST(opened.parameter("training/learning_rate").part == LATHE_SPACE_TRAINING);
  BOOST_TEST(opened.parameter("training/batch_size").choices.size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_space_that_fits_no_graph_is_refused_with_its_place) {
  const std::string said = message_of([] {
    Opened opened("setup.by = 'type'\nseed.linear.config = {name = ['integer'], widht = [2]}\n");
  });
  BOOST_TEST(contains(said, "space.toml:2"), said);
  BOOST_TEST(contains(said, "widht"), said);
}

BOOST_AUTO_TEST_SUITE_END()
