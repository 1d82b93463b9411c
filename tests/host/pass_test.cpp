// What passes can do, what they cannot, and what stays as it was when they fail.
#include "core/graph/io/json.hpp"
#include "core/graph/io/text.hpp"
#include "core/graph/operands.hpp"
#include "tests/host/world.hpp"
#include "tests/support/support.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <thread>

using namespace lathe;
using namespace lathe_test;

namespace {

Value halves_on_weight(int width) {
  return Value(Value::Map{{"weight", Value::Map{{"name", "halves"}, {"width", width}}}});
}

std::string everything(const Graph& graph) {
  std::string text = fx_text(graph) + graph_to_json(graph).text();
  for (const NodeId id : graph.order()) text += graph.hash(id).text();
  return text;
}

// Runs a mode that must fail; the message. The graph must be byte-identical afterwards.
std::string failure(const std::string& pass, const std::string& mode) {
  World world;
  Graph graph = world.graph();
  const std::string before = everything(graph);
  const std::uint32_t epoch = graph.epoch();
  const std::string message = message_of([&] { world.run(pass, mode, graph); });
  BOOST_TEST(everything(graph) == before, mode << " changed the graph");
  BOOST_TEST(graph.epoch() == epoch);
  return message;
}

Error error_of(const std::string& mode) {
  World world;
  Graph graph = world.graph();
  try {
    world.run("probe", mode, graph);
  } catch (const Error& error) {
    return error;
  }
  throw std::runtime_error("no error");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(passes)

BOOST_AUTO_TEST_CASE(an_analysis_sees_the_graph_and_publishes) {
  World world;
  Graph graph = world.graph();
  const PassReport report = world.run("probe", "look", graph);
  BOOST_TEST(report.pass == "probe");
  BOOST_REQUIRE_EQUAL(report.scalars.size(), 1);
  BOOST_TEST(report.scalars[0].first == "nodes");
  BOOST_TEST(report.scalars[0].second.as_int() == 4);
  BOOST_REQUIRE_EQUAL(report.tables.size(), 1);
  const ReportTable& table = report.tables[0];
  BOOST_REQUIRE_EQUAL(table.rows.size(), 4);
  BOOST_TEST(table.rows[1][0].as_string() == "blocks_0");
  BOOST_TEST(table.rows[1][1].as_string() == "linear");
  BOOST_TEST(table.rows[1][2].as_int() == 1);
  BOOST_TEST(table.rows[1][3].as_string() == "Linear(in_features=4, out_features=3, bias=True)");
  BOOST_TEST(table.rows[3][1].as_string() == "output");
  BOOST_REQUIRE_EQUAL(report.texts.size(), 1);
  BOOST_TEST(report.texts[0].second == fx_text(graph));
}

BOOST_AUTO_TEST_CASE(a_transform_changes_the_graph) {
  World world;
  Graph graph = world.graph();
  world.run("probe_edit", "edit_widen", graph);
  BOOST_TEST((graph.find("renamed") != NodeId::none));
  BOOST_TEST(graph.node(graph.find("blocks_0")).result.shape.text() == "[2, 7]");
}

BOOST_AUTO_TEST_CASE(a_failed_pass_leaves_the_graph_identical) {
  BOOST_TEST(contains(failure("probe_edit", "edit_fail"),
                      "pass 'probe_edit': node 'renamed': changed my mind"));
  BOOST_TEST(contains(failure("probe_edit", "edit_break"), "blocks_0"));
  BOOST_TEST(contains(failure("probe_edit", "edit_twice"), "open already"));
  BOOST_TEST(contains(failure("probe_edit", "edit_after_commit"), "committed or dropped"));
  BOOST_TEST(contains(failure("probe_edit", "edit_wrong_format"), "halves"));
}

BOOST_AUTO_TEST_CASE(a_throwing_pass_is_caught_and_leaves_the_graph_identical) {
  World world;
  Graph graph = world.graph();
  const std::string before = everything(graph);
  const Component& thrower = world.registry.find(Kind::pass, "thrower");
  const auto run = [&](const char* where) {
    PassInstance(thrower, world.checked(Kind::pass, "thrower", {{"where", where}}), world.context)
        .run(graph, world.context);
  };
  BOOST_TEST(contains(message_of([&] { run("run"); }), "boom in run"));
  BOOST_TEST(contains(message_of([&] { run("create"); }), "boom in create"));
  BOOST_TEST(contains(message_of([&] { run("odd"); }), "no std::exception"));
  BOOST_TEST(contains(message_of([&] { run("run"); }), "thrower.so"));
  BOOST_TEST(everything(graph) == before);
}

BOOST_AUTO_TEST_CASE(a_destructor_that_throws_is_caught_too) {
  World world;
  Graph graph = world.graph();
  const Component& thrower = world.registry.find(Kind::pass, "thrower");
  BOOST_CHECK_NO_THROW(PassInstance(thrower,
                                    world.checked(Kind::pass, "thrower", {{"where", "destroy"}}),
                                    world.context)
                           .run(graph, world.context));
}

BOOST_AUTO_TEST_CASE(calls_on_one_instance_never_overlap) {
  World world;
  const Component& probe = world.registry.find(Kind::pass, "probe");
  PassInstance pass(probe, world.checked(Kind::pass, "probe", {{"mode", "alone"}}), world.context);
  std::atomic<int> failures{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        RunContext context = world.context;
        Graph graph = world.graph();
        for (int i = 0; i < 50; ++i) {
          failures += message_of([&] { pass.run(graph, context); }).empty() ? 0 : 1;
        }
      });
    }
  }
  BOOST_TEST(failures == 0);
}

BOOST_AUTO_TEST_CASE(edits_that_are_not_committed_are_dropped) {
  World world;
  Graph graph = world.graph();
  const std::string before = everything(graph);
  world.run("probe_edit", "edit_leave", graph);
  BOOST_TEST(everything(graph) == before);
}

BOOST_AUTO_TEST_CASE(an_analysis_may_edit_copies_but_not_the_graph) {
  World world;
  Graph graph = world.graph();
  BOOST_CHECK_NO_THROW(world.run("probe", "edit_copy", graph));
  BOOST_TEST(contains(failure("probe", "edit_rename"), "LATHE_FLAG_MUTATES_GRAPH"));
  BOOST_TEST(contains(failure("probe_edit", "edit_original"), "may not change this graph"));
}

BOOST_AUTO_TEST_CASE(what_was_not_declared_is_refused) {
  BOOST_TEST(contains(failure("probe", "weights"), "LATHE_FLAG_READS_WEIGHTS"));
  BOOST_TEST(contains(failure("probe", "execute"), "LATHE_FLAG_EXECUTES"));
}

BOOST_AUTO_TEST_CASE(wrong_handles_and_ids_are_refused) {
  BOOST_TEST(contains(failure("probe", "bad_node"), "no node with id 4711"));
  BOOST_TEST(contains(failure("probe", "bad_graph"), "no graph of this call"));
  BOOST_TEST(contains(failure("probe", "bad_row"), "1 columns"));
}

BOOST_AUTO_TEST_CASE(a_failure_says_who_and_why) {
  BOOST_TEST(failure("probe", "fail") == "pass 'probe': no luck today");
  BOOST_TEST(contains(failure("probe", "silent"), "code 15 (damaged data) and did not say why"));
  BOOST_TEST(contains(failure("probe", "silent"), "probe.so"));
  BOOST_TEST(contains(failure("probe", "fail_ok"), "ok is no failure"));
}

BOOST_AUTO_TEST_CASE(a_failure_says_where) {
  const Error option = error_of("fail_at_option");
  BOOST_TEST(option.message() == "pass 'probe': node 'blocks_0': option 'width': too wide");
  BOOST_TEST(option.exit_code() == 2);
  const Error file = error_of("fail_at_file");
  BOOST_TEST(file.position().file == "rows.csv");
  BOOST_TEST(file.position().line == 12);
  BOOST_TEST(file.code() == LATHE_DATA_LOSS);
  BOOST_TEST(file.exit_code() == 1);
}

BOOST_AUTO_TEST_CASE(a_failure_of_an_option_is_placed_where_the_user_wrote_it) {
  World world;
  Value width(13);
  width.at({"a.toml", 4, 9});
  try {
    Graph graph = world.graph();
    world.run("probe", "look", graph, {{"width", width}});
    BOOST_TEST(false);
  } catch (const Error& error) {
    BOOST_TEST(std::string(error.what()) ==
               "a.toml:4:9: pass 'probe': option 'width': 13 bits bring bad luck");
    BOOST_TEST(error.exit_code() == 2);
  }
}

BOOST_AUTO_TEST_CASE(a_pass_stops_when_the_user_asks) {
  World world;
  Graph graph = world.graph();
  std::jthread user([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    world.cancelled = true;
  });
  try {
    world.run("probe", "wait", graph);
    BOOST_TEST(false);
  } catch (const Error& error) {
    BOOST_TEST(error.code() == LATHE_CANCELLED);
  }
}

BOOST_AUTO_TEST_CASE(files_go_into_the_passs_own_folder_and_nowhere_else) {
  const TemporaryFolder folder;
  World world;
  Graph graph = world.graph();
  BOOST_TEST(contains(message_of([&] { world.run("probe", "file", graph); }), "no folder"));
  world.context.folder = folder.path();
  const PassReport report = world.run("probe", "file", graph);
  BOOST_REQUIRE_EQUAL(report.files.size(), 1);
  BOOST_TEST(report.files[0] == folder.path() / "probe" / "sub" / "notes.txt");
  std::ifstream in(report.files[0]);
  std::string line;
  std::getline(in, line);
  BOOST_TEST(line == "noted");
  BOOST_TEST(contains(message_of([&] { world.run("probe", "climb", graph); }), "'../up.txt'"));
}

BOOST_AUTO_TEST_CASE(host_functions_hold_for_odd_requests) {
  World world;
  Graph graph = world.graph();
  for (const char* mode : {"scratch", "small_cost", "no_service"}) {
    BOOST_TEST(message_of([&] { world.run("probe", mode, graph); }) == "", mode);
  }
}

BOOST_AUTO_TEST_CASE(
    profiles_are_what_single_nodes_say_and_those_of_another_graphs_view_are_refused) {
  World world;
  Graph graph = world.graph();
  try {
    world.run("probe", "profiles", graph);
    BOOST_TEST(false);
  } catch (const Error& error) {
    BOOST_TEST(error.code() == LATHE_INVALID_ARGUMENT);
    BOOST_TEST(contains(error.what(), "that is no view of this graph in this call"));
  }
}

BOOST_AUTO_TEST_CASE(node_maps_are_resolved_against_the_graph) {
  World world;
  Graph graph = world.graph();
  const Value nodes(Value::Map{
      {"by", "type"},
      {"linear", Value::Map{{"config", Value::Map{{"name", "halves"}, {"weight_width", 6}}}}}});
  const PassReport report = world.run("probe", "rows", graph, {{"nodes", nodes}});
  BOOST_TEST(report.scalars[0].second.as_int() == 1);  // relu has no entry
  BOOST_TEST(report.scalars[1].second.as_int() == 6);
}

BOOST_AUTO_TEST_CASE(node_maps_may_be_given_already_resolved) {
  World world;
  Graph graph = world.graph();
  const Component& probe = world.registry.find(Kind::pass, "probe");
  PassInstance pass(probe, world.checked(Kind::pass, "probe", {{"mode", "rows"}}), world.context);
  const std::vector<NodeOptions> rows{{graph.find("blocks_0"), halves_on_weight(5)},
                                      {graph.find("blocks_1"), halves_on_weight(9)}};
  const PassReport report = pass.run(graph, world.context, rows);
  BOOST_TEST(report.scalars[0].second.as_int() == 2);
  BOOST_TEST(report.scalars[1].second.as_int() == 14);
}

BOOST_AUTO_TEST_CASE(a_pass_sets_formats_whose_precision_the_host_fills_in) {
  World world;
  Graph graph = world.graph();
  world.run("probe_edit", "edit_format", graph);
  const OperandFormat* format = graph.node(graph.find("blocks_0")).format("weight");
  BOOST_REQUIRE(format != nullptr);
  BOOST_TEST(format->format == "halves");
  BOOST_TEST(format->options.find("width")->as_int() == 6);
  BOOST_TEST(format->precision.as_list().size() == 2);
  BOOST_TEST(format->precision.as_list()[0].as_int() == 6);
  BOOST_TEST(operands_of(graph, graph.find("blocks_0"))[1].bits == 6.0);
  BOOST_TEST(format->plugin_hash == world.registry.find(Kind::format, "halves").sha256);
}

BOOST_AUTO_TEST_CASE(a_pass_promises_its_scalars) {
  World world;
  const PassInstance pass(world.registry.find(Kind::pass, "probe"),
                          world.checked(Kind::pass, "probe", {}), world.context);
  BOOST_TEST((pass.scalars() == std::vector<std::string>{"nodes", "rows"}));
}

BOOST_AUTO_TEST_CASE(a_small_pass_costs_microseconds) {
  World world;
  Graph graph = world.graph();
  const Component& probe = world.registry.find(Kind::pass, "probe");
  PassInstance pass(probe, world.checked(Kind::pass, "probe", {{"mode", "no_service"}}),
                    world.context);
  constexpr int kRuns = 20000;
  const double start = cpu_seconds();
  for (int i = 0; i < kRuns; ++i) pass.run(graph, world.context);
  const double each = (cpu_seconds() - start) / kRuns;
  BOOST_TEST_MESSAGE("an empty pass: " << each * 1e6 << " us");
  BOOST_TEST(each < 50e-6);
}

BOOST_AUTO_TEST_SUITE_END()
