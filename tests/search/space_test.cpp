// golden/search_space.json whole, and what it does not hold: routing, refusals, speed. The
// transforms are tables without code, so that a space is tested apart from any plugin.
#include "core/search/space/build_space.hpp"

#include "core/options/text/document.hpp"
#include "tests/graph/models.hpp"
#include "tests/options/expect.hpp"
#include "tests/options/rules.hpp"
#include "tests/support/support.hpp"

#include <algorithm>
#include <cmath>

using namespace lathe;
using lathe_test::expect_usage_error;

namespace {

using Json = nlohmann::json;

const Component& component(const std::string& id) {
  static std::map<std::string, Component> made;
  Component& result = made[id];
  result.kind = Kind::pass;
  result.id = id;
  return result;
}

const SpaceTransform& quantize() {
  static const SpaceTransform transform{&component("quantize"), lathe_test::quantize_rules()};
  return transform;
}

const SpaceTransform& widen() {
  static const SpaceTransform transform{&component("widen"), lathe_test::widen_rules()};
  return transform;
}

const std::vector<SpaceTransform>& only_quantize() {
  static const std::vector<SpaceTransform> transforms{quantize()};
  return transforms;
}

const std::vector<SpaceTransform>& both() {
  static const std::vector<SpaceTransform> transforms{widen(), quantize()};
  return transforms;
}

Json json_of(const Value& value) {
  if (value.is_none()) return nullptr;
  if (value.is_bool()) return value.as_bool();
  if (value.is_int()) return value.as_int();
  if (value.is_float()) return value.as_float();
  if (value.is_string()) return value.as_string();
  Json json = value.is_list() ? Json::array() : Json::object();
  if (value.is_list()) {
    for (const Value& item : value.as_list()) json.push_back(json_of(item));
  } else {
    for (const auto& [key, item] : value.as_map()) json[key] = json_of(item);
  }
  return json;
}

// The nets that the golden file names; jsc-d is a student's (661 parameters).
Graph graph_of(const std::string& model) {
  if (model == "jsc-d") {
    return lathe_test::jet_net("seq_blocks", {0, -1, 16, -1, 16, -1, 5, -1}, 8);
  }
  return lathe_test::model(model, model == "vgg7" ? 1 : 8);
}

Value space_table(const std::string& toml, const std::string& file = "a.toml") {
  return *parse_toml(toml, file).find("search")->find("search_space");
}

// A seed under setup.by = "name" unless it says otherwise; the keys stand on line 1.
SearchSpace space_of(const std::string& seed,
                     const std::vector<SpaceTransform>& transforms = only_quantize(),
                     const Graph& graph = lathe_test::jsc_tiny()) {
  const std::string toml = "seed = {" + seed + "}\nsetup.by = 'name'\n";
  return build_space(parse_toml(toml, "a.toml"), graph, transforms);
}

std::string joined(const SearchSpace& space) {
  std::string text;
  for (const SearchParameter& parameter : space.parameters) {
    text += parameter.name + " " + Value(parameter.choices).text() + "\n";
  }
  return text;
}

std::string told(const SearchSpace& space, const Graph& graph, const std::vector<double>& point) {
  std::string text;
  for (const TransformOptions& transform : space.node_options(point)) {
    for (const NodeOptions& row : transform.nodes) {
      text += transform.transform->id + " " + graph.node(row.node).name + " " + row.options.text() +
              "\n";
    }
  }
  return text;
}

const std::string kInteger =
    "name=['integer'], data_in_width=[4,8], weight_width=[2,4,8], bias_width=[8]";

}  // namespace

BOOST_AUTO_TEST_SUITE(space)

BOOST_AUTO_TEST_CASE(the_golden_spaces_are_flattened_exactly) {
  const Json golden = lathe_test::golden_json("search_space.json");
  int cases = 0, parameters = 0, configs = 0;
  for (const Json& row : golden.at("cases")) {
    BOOST_TEST_CONTEXT(row.at("name").get<std::string>()) {
      const Graph graph = graph_of(row.at("model"));
      const SearchSpace space = build_space(space_table(row.at("toml")), graph, only_quantize());
      const Json& choices = row.at("choices_flattened");
      BOOST_REQUIRE(space.parameters.size() == choices.size());
      for (const SearchParameter& parameter : space.parameters) {
        BOOST_REQUIRE_MESSAGE(choices.contains(parameter.name), parameter.name);
        BOOST_TEST((json_of(Value(parameter.choices)) == choices.at(parameter.name)));
        BOOST_TEST(parameter.choices.size() ==
                   row.at("choice_lengths_flattened").at(parameter.name).get<std::size_t>());
        ++parameters;
      }
      BOOST_TEST(space.size() == row.at("grid_size").get<std::uint64_t>());
      const Value described = space.describe();
      BOOST_TEST((json_of(*described.find("parameters")) == choices));
      for (const Json& sample : row.at("configs")) {
        std::vector<double> point;
        for (const SearchParameter& parameter : space.parameters) {
          point.push_back(sample.at("indexes").at(parameter.name).get<double>());
        }
        BOOST_TEST((json_of(sampled_config(space, point)) == sample.at("config")));
        ++configs;
      }
      ++cases;
    }
  }
  BOOST_TEST(cases == 5);
  BOOST_TEST_MESSAGE(cases << " cases of golden/search_space.json checked: " << parameters
                           << " parameters, " << configs << " configs");
}

BOOST_AUTO_TEST_CASE(the_golden_files_order_their_parameters_by_node_then_by_file) {
  const nlohmann::ordered_json golden =
      nlohmann::ordered_json::parse(std::ifstream(lathe_test::golden("search_space.json")));
  for (const auto& row : golden.at("cases")) {
    const SearchSpace space =
        build_space(space_table(row.at("toml")), graph_of(row.at("model")), only_quantize());
    std::size_t i = 0;
    for (const auto& [name, choices] : row.at("choices_flattened").items()) {
      BOOST_TEST(space.parameters.at(i++).name == name);
    }
  }
}

BOOST_AUTO_TEST_CASE(the_golden_configs_reach_the_transform_as_options) {
  const Json golden = lathe_test::golden_json("search_space.json");
  const Graph graph = graph_of("jsc-tiny");
  const SearchSpace space =
      build_space(space_table(golden.at("cases").at(2).at("toml")), graph, only_quantize());
  space.check_runnable();
  BOOST_TEST(told(space, graph, {0, 0, 1, 0, 2, 0, 1, 0, 0}) ==
             "quantize seq_blocks_2 {data_in={name=integer, width=8, frac_width=NA}, "
             "weight={name=integer, width=8, frac_width=NA}, "
             "bias={name=integer, width=4, frac_width=NA}}\n");
}

BOOST_AUTO_TEST_CASE(a_point_never_depends_on_the_point_before) {
  // MASE re-quantizes one graph over and over: golden state_leak_between_trials.
  const Graph graph = lathe_test::jsc_tiny();
  const SearchSpace space = space_of(
      "seq_blocks_2={name=['integer','NA'], data_in_width=[4], "
      "weight_width=[2], bias_width=[2]}");
  const std::string first = told(space, graph, {0, 0, 0, 0});
  BOOST_TEST(told(space, graph, {1, 0, 0, 0}).empty());
  BOOST_TEST(told(space, graph, {0, 0, 0, 0}) == first);
}

BOOST_AUTO_TEST_CASE(a_width_file_has_its_space_though_nothing_can_run_it_yet) {
  const Json golden = lathe_test::golden_json("search_space.json");
  const SearchSpace space =
      build_space(space_table(golden.at("cases").at(0).at("toml"), "jsc.toml"), graph_of("jsc-d"),
                  only_quantize());
  BOOST_TEST(space.size() == 36);
  expect_usage_error([&] { space.check_runnable(); }, "jsc.toml:34:9",
                     {"no loaded transform accepts the name 'output_only' of node 'seq_blocks_2'"});
  expect_usage_error([&] { space.node_options(std::vector<double>(9, 0.0)); }, "jsc.toml:34:9",
                     {"output_only"});
}

BOOST_AUTO_TEST_CASE(a_width_file_runs_once_a_transform_accepts_its_names) {
  const Json golden = lathe_test::golden_json("search_space.json");
  const Graph graph = graph_of("jsc-d");
  const SearchSpace space =
      build_space(space_table(golden.at("cases").at(0).at("toml")), graph, both());
  space.check_runnable();
  BOOST_TEST(space.size() == 36);
  BOOST_TEST(told(space, graph, {0, 0, 5, 0, 0, 2, 0, 0, 0}) ==
             "widen seq_blocks_2 {name=output_only, channel_multiplier=10, width=NA}\n"
             "widen seq_blocks_4 {name=both, channel_multiplier=4, width=NA}\n"
             "widen seq_blocks_6 {name=input_only, channel_multiplier=1, width=NA}\n");
}

BOOST_AUTO_TEST_CASE(a_width_beside_a_format_goes_to_the_other_transform_which_runs_first) {
  const Graph graph = lathe_test::jsc_tiny();
  const SearchSpace space =
      space_of("seq_blocks_2={" + kInteger + ", width=['NA', 2, 0.5]}", both());
  space.check_runnable();
  BOOST_TEST(space.size() == 18);
  const std::string format =
      "quantize seq_blocks_2 {data_in={name=integer, width=4, frac_width=NA}, "
      "weight={name=integer, width=8, frac_width=NA}, "
      "bias={name=integer, width=8, frac_width=NA}}\n";
  BOOST_TEST(told(space, graph, {0, 0, 2, 0, 0}) ==
             "widen seq_blocks_2 {name=NA, width=NA}\n" + format);
  BOOST_TEST(told(space, graph, {0, 0, 2, 0, 2}) ==
             "widen seq_blocks_2 {name=NA, width=0.5}\n" + format);
}

BOOST_AUTO_TEST_CASE(a_width_needs_no_name) {
  const Graph graph = lathe_test::jsc_tiny();
  const SearchSpace space = space_of("seq_blocks_2={width=[1, 2, 4]}", both());
  space.check_runnable();
  BOOST_TEST(joined(space) == "seq_blocks_2/config/width [1, 2, 4]\n");
  BOOST_TEST(told(space, graph, {2}) == "widen seq_blocks_2 {name=NA, width=4.0}\n");
}

BOOST_AUTO_TEST_CASE(a_width_beside_names_of_both_transforms_is_said_once_whatever_the_name) {
  const Graph graph = lathe_test::jsc_tiny();
  const SearchSpace space =
      space_of("seq_blocks_2={name=['log', 'both', 'NA'], width=[2, 4]}", both());
  space.check_runnable();
  const std::string log =
      "quantize seq_blocks_2 {data_in={name=log, width=8, exponent_bias=NA}, "
      "weight={name=log, width=8, exponent_bias=NA}, "
      "bias={name=log, width=8, exponent_bias=NA}}\n";
  BOOST_TEST(told(space, graph, {0, 1}) == "widen seq_blocks_2 {name=NA, width=4.0}\n" + log);
  BOOST_TEST(told(space, graph, {1, 1}) ==
             "widen seq_blocks_2 {name=both, channel_multiplier=1, width=4.0}\n");
  BOOST_TEST(told(space, graph, {2, 1}) == "widen seq_blocks_2 {name=NA, width=4.0}\n");
}

BOOST_AUTO_TEST_CASE(a_default_width_reaches_only_what_its_transform_widens) {
  const Graph graph = lathe_test::jsc_tiny();
  const SearchSpace space = space_of("default={name=['NA'], width=[1, 2]}", both());
  BOOST_TEST(joined(space) == "seq_blocks_2/config/name [NA]\nseq_blocks_2/config/width [1, 2]\n");
}

BOOST_AUTO_TEST_CASE(setup_holds_options_of_the_transforms_themselves) {
  Component tuned = component("widen");
  tuned.options.owner = "pass 'widen'";
  tuned.options.options = {lathe_test::widen_map(), lathe_test::option("grow", LATHE_OPTION_BOOL)};
  const std::vector<SpaceTransform> transforms{{&tuned, lathe_test::widen_rules()}};
  const auto build = [&](const std::string& setup) {
    return build_space(
        parse_toml("seed = {seq_blocks_2={width=[2]}}\nsetup = {by='name'" + setup + "}\n",
                   "a.toml"),
        lathe_test::jsc_tiny(), transforms);
  };
  BOOST_TEST(build("").transform_options.empty());
  const SearchSpace space = build(", widen={grow=true}");
  BOOST_REQUIRE(space.transform_options.size() == 1);
  BOOST_TEST((space.transform_options[0].first == &tuned));
  BOOST_TEST(space.transform_options[0].second.find("grow")->as_bool());
  expect_usage_error([&] { build(", wden={grow=true}"); }, "a.toml:2:21",
                     {"did you mean 'widen'?"});
  expect_usage_error([&] { build(", widen=1"); }, "a.toml:2:21", {"a table of options"});
  expect_usage_error([&] { build(", widen={linear={width=2}}"); }, "a.toml:2:28",
                     {"[search.search_space.seed]"});
}

BOOST_AUTO_TEST_CASE(other_options_without_a_name_are_refused_by_their_key) {
  expect_usage_error([] { space_of("seq_blocks_2={width=[2], channel_multiplier=[2]}", both()); },
                     "a.toml:1:34",
                     {"'channel_multiplier' in the seed of node 'seq_blocks_2' needs "
                      "a 'name' beside it"});
  expect_usage_error([] { space_of("seq_blocks_2={widht=[2]}", both()); }, "a.toml:1:23",
                     {"the seed of node 'seq_blocks_2' needs a 'name'", "or a 'width'"});
  expect_usage_error([] { space_of("seq_blocks_2={width=[-1]}", both()); }, "a.toml:1:30",
                     {"'width'", "0<.."});
}

BOOST_AUTO_TEST_CASE(names_of_several_formats_share_the_options_they_know) {
  const Graph graph = lathe_test::jsc_tiny();
  const SearchSpace space = space_of(
      "seq_blocks_1={name=['integer','log','NA'], data_in_width=[4,8], "
      "data_in_exponent_bias=['NA', 3]}");
  BOOST_TEST(space.size() == 12);
  BOOST_TEST(told(space, graph, {0, 1, 1}) ==
             "quantize seq_blocks_1 {data_in={name=integer, width=8, frac_width=NA}}\n");
  BOOST_TEST(told(space, graph, {1, 1, 1}) ==
             "quantize seq_blocks_1 {data_in={name=log, width=8, exponent_bias=3}}\n");
  BOOST_TEST(told(space, graph, {2, 1, 1}).empty());
}

BOOST_AUTO_TEST_CASE(a_bypass_can_be_searched) {
  const Graph graph = lathe_test::jsc_tiny();
  const SearchSpace space = space_of("seq_blocks_1={name=['log'], bypass=[true, false]}");
  BOOST_TEST(told(space, graph, {0, 0}).empty());
  BOOST_TEST(told(space, graph, {0, 1}) ==
             "quantize seq_blocks_1 {data_in={name=log, width=8, exponent_bias=NA}}\n");
}

BOOST_AUTO_TEST_CASE(a_scalar_is_the_only_choice_and_kinds_may_mix) {
  const SearchSpace space =
      space_of("seq_blocks_1={name='integer', data_in_width=8, data_in_frac_width=[1,'NA']}");
  BOOST_TEST(joined(space) ==
             "seq_blocks_1/config/name [integer]\nseq_blocks_1/config/data_in_width [8]\n"
             "seq_blocks_1/config/data_in_frac_width [1, NA]\n");
}

BOOST_AUTO_TEST_CASE(by_type_and_by_regex_select_as_in_a_node_map) {
  const auto space = [](const std::string& by, const std::string& seed) {
    return build_space(parse_toml("setup.by='" + by + "'\nseed={" + seed + "}", "a.toml"),
                       lathe_test::jsc_toy(), only_quantize());
  };
  BOOST_TEST(space("type", "linear={" + kInteger + "}").parameters.size() == 12);
  BOOST_TEST(space("regex_name", "'seq_blocks_[12]'={name=['log']}").parameters.size() == 2);
}

BOOST_AUTO_TEST_CASE(seeds_that_are_not_used_are_warnings) {
  const Json golden = lathe_test::golden_json("search_space.json");
  const auto warnings = [&](std::size_t row, const char* model) {
    return build_space(space_table(golden.at("cases").at(row).at("toml")), graph_of(model),
                       only_quantize())
        .warnings;
  };
  BOOST_REQUIRE(warnings(2, "jsc-tiny").size() == 1);
  BOOST_TEST(warnings(2, "jsc-tiny")[0].find("'linear' in the search space is not used") !=
             std::string::npos);
  BOOST_REQUIRE(warnings(4, "jsc-toy").size() == 1);
  BOOST_TEST(warnings(4, "jsc-toy")[0].find("'seq_blocks_2'") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(options_of_training_can_be_searched) {
  const SearchSpace space = build_space(
      parse_toml("[training]\nbatch_size = [64, 256]\nlearning_rate = [1e-2, 1]\nmax_epochs = 5",
                 "a.toml"),
      lathe_test::jsc_tiny(), only_quantize());
  space.check_runnable();
  BOOST_TEST(space.size() == 4);
  BOOST_TEST(joined(space) ==
             "training/batch_size [64, 256]\ntraining/learning_rate [0.01, 1.0]\n"
             "training/max_epochs [5]\n");
  const std::vector<double> point{1, 0, 0};
  BOOST_TEST(space.run_options(point).text() ==
             "{batch_size=256, learning_rate=0.01, max_epochs=5}");
  BOOST_TEST(space.node_options(point).empty());
  BOOST_TEST(sampled_config(space, point).text() ==
             "{training={batch_size=256, learning_rate=0.01, max_epochs=5}}");
}

BOOST_AUTO_TEST_CASE(nodes_and_training_are_one_space) {
  const SearchSpace space =
      build_space(parse_toml("setup.by='name'\nseed={seq_blocks_1={name=['log','NA']}}\n"
                             "training={max_epochs=[1,2,3]}",
                             "a.toml"),
                  lathe_test::jsc_tiny(), only_quantize());
  BOOST_TEST(space.size() == 6);
  const std::vector<double> point{0, 2};
  BOOST_TEST(space.run_options(point).text() == "{max_epochs=3}");
  BOOST_TEST(space.node_options(point).size() == 1);
}

BOOST_AUTO_TEST_CASE(an_astronomic_space_is_described_with_its_size) {
  std::string seed = "default={name=['log'], data_in_width=[";
  for (int i = 0; i < 60; ++i) seed += std::to_string(i) + ",";
  const SearchSpace space = space_of(seed + "]}", only_quantize(), graph_of("vgg7"));
  BOOST_TEST(space.size() == 9223372036854775807ULL);
  BOOST_TEST(space.describe().find("size")->as_float() == std::pow(60.0, 17),
             boost::test_tools::tolerance(1e-12));
}

BOOST_AUTO_TEST_CASE(every_mistake_of_a_space_is_placed) {
  struct Row {
    std::string seed;
    int column;
    std::vector<std::string> says;
  };
  const std::string node = "seq_blocks_2={";
  const std::vector<Row> rows{
      {node + "name=[]}", 23, {"'name' has no choices"}},
      {node + "data_in_width=[8]}", 23, {"the seed of node 'seq_blocks_2' needs a 'name'"}},
      {node + "}", 9, {"the seed of node 'seq_blocks_2' is empty"}},
      {node + "name={a=1}}", 23, {"'name' takes a list of choices; got a table"}},
      {node + kInteger + ", weight_widht=[8]}",
       100,
       {"unknown option 'weight_widht' of 'integer' in the seed of node 'seq_blocks_2'",
        "did you mean 'weight_width'?"}},
      {node + "name=['integer','log'], weight_bits=[8]}", 47, {"of 'integer, log'"}},
      {node + "name=['integer'], data_in_width=[8,65]}",
       58,
       {"option 'data_in_width' of 'integer' in pass 'quantize' takes an integer in 1..64; got "
        "integer 65"}},
      {node + "name=['integer'], data_in_width=['NA']}", 56, {"got NA"}},
      {node + "name=['integer'], weight_frac_width=[8]}", 29, {"needs the option 'weight_width'"}},
      {"seq_block_2={name=['NA']}",
       9,
       {"'seq_block_2' in the search space is neither an op nor a node",
        "did you mean 'seq_blocks_2'?"}},
      {"linear=8", 9, {"takes a table of options; got integer 8"}},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.seed) {
      expect_usage_error([&] { space_of(row.seed); }, "a.toml:1:" + std::to_string(row.column),
                         row.says);
    }
  }
  BOOST_TEST_MESSAGE(rows.size() << " mistakes checked");
}

BOOST_AUTO_TEST_CASE(every_mistake_around_the_seeds_is_placed) {
  const auto build = [](const std::string& toml) {
    return [toml] {
      build_space(parse_toml(toml, "a.toml"), lathe_test::jsc_tiny(), only_quantize());
    };
  };
  const std::string seed = "\nseed = {relu = {name=['log']}}";
  expect_usage_error(build("setup = {}" + seed), "a.toml:1:1", {"needs the option 'by'"});
  expect_usage_error(build("setup.by = 'nam'" + seed), "a.toml:1:7", {"did you mean 'name'?"});
  expect_usage_error(build("setup = 1" + seed), "a.toml:1:1", {"'setup' is a table"});
  expect_usage_error(build("seeds = {}"), "a.toml:1:1", {"did you mean 'seed'?"});
  expect_usage_error(build("name = 'module/manual_hf/quantize/llm_mixed_precision_ptq'"),
                     "a.toml:1:1", {"graph/quantize/mixed_precision_ptq is the one"});
  expect_usage_error(build("name = 'graph/quantize/mixed_precision_ptq'"), "a.toml",
                     {"the search space is empty"});
  expect_usage_error(build("setup.by = 'type'\nseed = {conv2d = {name=['NA']}}"), "a.toml",
                     {"the search space is empty"});
  expect_usage_error(
      build("training = {batchsize = [1]}"), "a.toml:1:13",
      {"'batchsize' of [search.search_space.training]", "did you mean 'batch_size'?"});
  expect_usage_error(build("training = {batch_size = [64, 0]}"), "a.toml:1:31",
                     {"option 'batch_size'", "got integer 0"});
  expect_usage_error(
      [] {
        build_space(parse_toml("setup.by='name'\nseed={relu={name=['log']}}", "a.toml"),
                    lathe_test::jsc_tiny(), std::vector<SpaceTransform>{});
      },
      "", {"no loaded plugin brings a transform"});
}

BOOST_AUTO_TEST_CASE(a_misspelt_name_is_found_before_the_first_trial) {
  const SearchSpace space = space_of("seq_blocks_1={name=['log','integr']}");
  expect_usage_error([&] { space.check_runnable(); }, "a.toml:1:35",
                     {"accepts the name 'integr'", "did you mean 'integer'?"});
}

BOOST_AUTO_TEST_CASE(a_point_outside_the_space_is_refused) {
  const SearchSpace space = space_of("seq_blocks_1={name=['log','NA']}");
  for (const double bad : {-1.0, 2.0, std::nan(""), 1e300}) {
    BOOST_CHECK_THROW(space.node_options(std::vector<double>{bad}), Error);
    BOOST_CHECK_THROW(sampled_config(space, std::vector<double>{bad}), Error);
  }
  BOOST_CHECK_THROW(space.node_options({}), Error);
}

BOOST_AUTO_TEST_CASE(the_built_plugins_give_the_golden_space) {
  const std::filesystem::path plugins = lathe_test::built_plugin_dir();
  const Registry registry({{plugins, "built-in"}}, {});
  if (!registry.knows(Kind::pass, "quantize")) lathe_test::skip("the plugins are not built");
  const Json golden = lathe_test::golden_json("search_space.json");
  for (const Json& row : golden.at("cases")) {
    const SearchSpace space =
        build_space(space_table(row.at("toml")), graph_of(row.at("model")), registry);
    BOOST_TEST(space.size() == row.at("grid_size").get<std::uint64_t>());
    BOOST_TEST(space.parameters.size() == row.at("choices_flattened").size());
  }
}

BOOST_AUTO_TEST_SUITE_END()
