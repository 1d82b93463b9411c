// Notes at paths into metadata show there, over what is derived.
#include "tests/plugins/noted.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe_test;

BOOST_AUTO_TEST_SUITE(notes_in_metadata)

BOOST_AUTO_TEST_CASE(a_note_shows_in_place_of_what_is_derived_and_nothing_else_changes) {
  NotedBench bench;
  lathe::Graph graph = bench.model("jsc-tiny");
  const json before = bench.metadata(graph);
  const json stat = {{"abs_mean", {{"abs_mean", 0.25}, {"count", 8}}}};
  bench.set(graph, "seq_blocks_2", "software/args/weight/stat", stat);
  json right = before;
  right["seq_blocks_2"]["software"]["args"]["weight"]["stat"] = stat;
  BOOST_TEST(bench.metadata(graph) == right);
}

BOOST_AUTO_TEST_CASE(maps_are_made_where_there_are_none) {
  NotedBench bench;
  lathe::Graph graph = bench.model("jsc-tiny");
  json right = bench.metadata(graph);
  bench.set(graph, "x", "hardware/interface/weight/storage", "BRAM");
  right["x"]["hardware"]["interface"] = {{"weight", {{"storage", "BRAM"}}}};
  bench.set(graph, "x", "common/mase_op/was", "placeholder");  // in the place of a text
  right["x"]["common"]["mase_op"] = {{"was", "placeholder"}};
  BOOST_TEST(bench.metadata(graph) == right);
}

BOOST_AUTO_TEST_CASE(a_shorter_path_goes_first_whatever_came_first) {
  NotedBench bench;
  lathe::Graph graph = bench.model("jsc-tiny");
  bench.set(graph, "x", "hardware/a/b", 1);
  bench.set(graph, "x", "hardware/a", {{"b", 2}, {"c", 3}});
  bench.set(graph, "x", "hardware", {{"d", 4}});
  const json right = {{"d", 4}, {"a", {{"b", 1}, {"c", 3}}}};
  BOOST_TEST(bench.metadata(graph)["x"]["hardware"] == right);
}

BOOST_AUTO_TEST_CASE(other_notes_do_not_show) {
  NotedBench bench;
  lathe::Graph graph = bench.model("jsc-tiny");
  const json before = bench.metadata(graph);
  for (const char* key : {"mine/common/args", "commons/args", "common.args", "hardware_/x"}) {
    bench.set(graph, "x", key, 1);
  }
  BOOST_TEST(bench.metadata(graph) == before);
}

BOOST_AUTO_TEST_CASE(copies_show_them_and_the_original_does_not) {
  NotedBench bench;
  lathe::Graph graph = bench.model("jsc-tiny");
  const lathe::Graph original = graph;
  bench.context.original = &original;
  const json before = bench.metadata(graph);
  bench.set(graph, "x", "software/results/data_out_0/stat", {{"record", 1}});
  BOOST_TEST(bench.metadata(graph, "copy") == bench.metadata(graph));
  BOOST_TEST(bench.metadata(graph, "copy") != before);
  BOOST_TEST(bench.metadata(graph, "original") == before);
}

BOOST_AUTO_TEST_CASE(one_value_goes_to_many_nodes_and_comes_off_all_or_one) {
  NotedBench bench;
  lathe::Graph graph = bench.model("jsc-tiny");
  const json before = bench.metadata(graph);
  bench.run("notes", graph, {{"action", "set_all"}, {"key", "hardware/device_id"}, {"value", 3}});
  bench.run("notes", graph, {{"action", "set_all"}, {"key", "hardware_id"}, {"value", 4}});
  const json everywhere = bench.metadata(graph);
  for (const auto& [node, all] : everywhere.items()) {
    BOOST_TEST(all["hardware"]["device_id"] == 3, node);
  }
  bench.run("notes", graph, {{"action", "erase"}, {"node", "x"}, {"key", "hardware/device_id"}});
  BOOST_TEST(bench.metadata(graph)["x"] == before["x"]);
  BOOST_TEST(bench.metadata(graph)["output"] != before["output"]);
  bench.run("notes", graph, {{"action", "erase_all"}, {"key", "hardware"}});
  BOOST_TEST(bench.metadata(graph) == before);
  // "hardware" is no part of "hardware_id".
  const auto report = bench.run("notes", graph, {{"key", "hardware_id"}});
  BOOST_TEST(cell(table(report, "metadata"), "output", "note").as_int() == 4);
}

BOOST_AUTO_TEST_CASE(a_note_that_cannot_show_is_refused) {
  NotedBench bench;
  lathe::Graph graph = bench.model("jsc-tiny");
  for (const char* key : {"common/", "common//args", "software/args/", "hardware/a//b"}) {
    try {
      bench.set(graph, "x", key, 1);
      BOOST_ERROR("it was taken: " << key);
    } catch (const lathe::Error& e) {
      BOOST_TEST(std::string(e.what()).find("with an empty part") != std::string::npos, e.what());
    }
  }
  try {
    bench.set(graph, "x", "hardware", 1);
    BOOST_ERROR("it was taken");
  } catch (const lathe::Error& e) {
    BOOST_TEST(std::string(e.what()).find("must be a map") != std::string::npos, e.what());
  }
}

BOOST_AUTO_TEST_SUITE_END()
