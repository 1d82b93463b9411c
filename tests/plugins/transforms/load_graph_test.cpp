// load_graph and save_graph against a run that keeps graphs in memory: what becomes of the graph,
// of notes, and of refusals.
#include "tests/plugins/workbench.hpp"
#include "tests/support/messages.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe_test;
using lathe::Graph;
using lathe::Value;

namespace {

// Keeps what is saved, by folder.
struct Kept {
  explicit Kept(Workbench& bench) {
    bench.context.folder = "run";
    bench.context.save_graph = [this](const Graph& graph, const Value& metadata,
                                      const std::filesystem::path& folder,
                                      const std::filesystem::path& file) {
      graphs.insert_or_assign(folder, graph);
      metadata_of[folder] = metadata;
      return std::vector{folder / "graph.json", file.empty() ? folder / "m.toml" : file};
    };
    bench.context.load_graph = [this](const std::filesystem::path& named) -> Graph {
      if (!graphs.contains(named)) throw lathe::usage_error("there is no " + named.string());
      return graphs.at(named);
    };
  }
  std::map<std::filesystem::path, Graph> graphs;
  std::map<std::filesystem::path, Value> metadata_of;
};

std::string text_of(const Graph& graph) { return lathe::fx_text(graph); }

}  // namespace

BOOST_AUTO_TEST_SUITE(load_graph)

BOOST_AUTO_TEST_CASE(the_graph_becomes_the_saved_one_whatever_was_done_before) {
  Workbench bench;
  Kept kept(bench);
  // Graphs that were built alike are of one epoch.
  kept.graphs.insert_or_assign("a", bench.model("jsc-toy"));
  Graph graph = bench.model("jsc-tiny");
  const Graph first = graph;
  bench.context.original = &first;
  bench.run("load_graph", graph, {{"load_dir", "a"}});
  BOOST_TEST(text_of(graph) == text_of(kept.graphs.at("a")));
  BOOST_TEST((graph.hash(graph.output()) == kept.graphs.at("a").hash(graph.output())));
  BOOST_TEST(graph.epoch() > first.epoch());
  const auto report = bench.run("summarize_quantization", graph);
  BOOST_TEST(scalar(report, "changed_nodes") > 0);
}

BOOST_AUTO_TEST_CASE(notes_at_nodes_are_dropped_and_scalars_stay) {
  Workbench bench;
  Kept kept(bench);
  Graph graph = bench.model("jsc-tiny");
  kept.graphs.insert_or_assign("a", graph);
  bench.run("flops", graph);
  const lathe::NodeId node = graph.order()[1];
  bench.context.notes.set(node, "k", Value(1));
  bench.run("load_graph", graph, {{"load_dir", "a"}});
  BOOST_TEST(bench.context.notes.find(node, "k") == nullptr);
  BOOST_TEST(bench.context.notes.scalar("flops", "total_flops") != nullptr);
}

BOOST_AUTO_TEST_CASE(a_graph_that_is_not_there_leaves_everything_as_it_was) {
  Workbench bench;
  Kept kept(bench);
  Graph graph = bench.model("jsc-tiny");
  const auto hash = graph.hash(graph.output());
  const lathe::NodeId node = graph.order()[1];
  bench.context.notes.set(node, "k", Value(1));
  const std::string told = message_of([&] { bench.run("load_graph", graph, {{"load_dir", "b"}}); });
  BOOST_TEST(contains(told, "there is no b"), told);
  BOOST_TEST((graph.hash(graph.output()) == hash));
  BOOST_TEST(bench.context.notes.find(node, "k") != nullptr);
}

BOOST_AUTO_TEST_CASE(what_is_saved_is_in_the_pass_s_folder_or_where_it_is_said) {
  Workbench bench;
  Kept kept(bench);
  Graph graph = bench.model("jsc-tiny");
  const auto report = bench.run("save_graph", graph);
  BOOST_TEST(kept.graphs.contains("run/save_graph/"));
  BOOST_TEST(report.files.size() == 2);
  const Value* common = kept.metadata_of.at("run/save_graph/").find("seq_blocks_2");
  BOOST_REQUIRE(common != nullptr);
  BOOST_TEST(to_json(*common).at("common").at("mase_op") == "linear");
  // [D] MASE writes the numbers of tensors as texts.
  const lathe::NodeId node = graph.find("seq_blocks_2");
  bench.context.notes.set(
      node, "software/args/weight/stat",
      to_value({{"range_min_max", {{"min", {0.5, -1.25}}, {"range", nullptr}}}}));
  bench.run("save_graph", graph);
  const json noted = to_json(*kept.metadata_of.at("run/save_graph/").find("seq_blocks_2"));
  const json& range = noted.at("software").at("args").at("weight").at("stat").at("range_min_max");
  BOOST_TEST(range.at("min") == json({0.5, -1.25}));
  BOOST_TEST(range.at("range").is_null());
  bench.run("save_graph", graph, {{"save_dir", "/here"}});
  BOOST_TEST(kept.graphs.contains("/here"));
  bench.run("save_graph", graph, {{"save_path", "/there/m.toml"}});
  BOOST_TEST(kept.graphs.contains("/there"));
}

BOOST_AUTO_TEST_CASE(a_trial_a_dry_run_and_a_run_without_files_save_nothing) {
  Workbench bench;
  Graph graph = bench.model("jsc-tiny");
  const auto refused = [&] { return message_of([&] { bench.run("save_graph", graph); }); };
  BOOST_TEST(contains(refused(), "keeps no graphs"), refused());
  BOOST_TEST(contains(message_of([&] { bench.run("load_graph", graph, {{"load_dir", "a"}}); }),
                      "loads no graphs"));
  Kept kept(bench);
  bench.context.folder.clear();
  BOOST_TEST(contains(refused(), "no folder"), refused());
  bench.context.folder = "run";
  bench.context.drops_files = true;
  BOOST_TEST(refused() == "");
  bench.context.drops_files = false;
  bench.context.in_trial = true;
  BOOST_TEST(contains(refused(), "a trial of a search keeps no graph"), refused());
  BOOST_TEST(kept.graphs.empty());
}

BOOST_AUTO_TEST_SUITE_END()
