// What counts as a change: another format, or another option of the same one.
#include "tests/plugins/workbench.hpp"

#include <boost/test/unit_test.hpp>

namespace {

using namespace lathe_test;

json linear(json entry) {
  entry["name"] = entry.contains("name") ? entry["name"] : json("integer");
  return {{"by", "type"}, {"linear", entry}};
}

// A graph that comes quantized, as a saved one does, and what is done to it.
struct Requantized {
  Requantized(const json& before, const json& after) : bench(8) {
    bench.context.folder = folder.path();
    graph = bench.model("jsc-toy");
    bench.run("quantize", graph, before);
    original = graph;
    bench.context.original = &original;
    bench.run("quantize", graph, after);
  }
  lathe::PassReport summary() { return bench.run("summarize_quantization", graph); }

  const TemporaryFolder folder;
  Workbench bench;
  lathe::Graph graph, original;
};

const json kEight = {{"data_in_width", 8}, {"weight_width", 8}, {"bias_width", 8}};
const json kFour = {{"data_in_width", 4}, {"weight_width", 4}, {"bias_width", 4}};

}  // namespace

BOOST_AUTO_TEST_SUITE(summarize_quantization)

BOOST_AUTO_TEST_CASE(fewer_bits_of_the_same_format_are_a_change) {
  Requantized run(linear(kEight), linear(kFour));
  const lathe::PassReport summary = run.summary();
  BOOST_TEST(scalar(summary, "changed_nodes") == 3);
  const lathe::ReportTable& changes = table(summary, "changes");
  BOOST_TEST(changes.rows.size() == 9U);
  BOOST_TEST(changes.rows[1][0].as_string() == "seq_blocks_2");
  BOOST_TEST(changes.rows[1][1].as_string() == "weight");
  BOOST_TEST(changes.rows[1][2].as_string().starts_with("integer<width=8"));
  BOOST_TEST(changes.rows[1][3].as_string().starts_with("integer<width=4"));
  BOOST_TEST(read_text(summary.files[0]).find("LinearInteger,LinearInteger,True") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(one_operand_or_one_option_is_a_change) {
  json weight = kEight, fraction = kEight;
  weight["weight_width"] = 7;
  fraction["bias_frac_width"] = 6;
  for (const json& changed : {weight, fraction}) {
    Requantized run(linear(kEight), linear(changed));
    const lathe::PassReport summary = run.summary();
    BOOST_TEST(scalar(summary, "changed_nodes") == 3);
    BOOST_TEST(table(summary, "changes").rows.size() == 3U);
  }
}

BOOST_AUTO_TEST_CASE(the_same_again_is_none) {
  Requantized run(linear(kEight), linear(kEight));
  const lathe::PassReport summary = run.summary();
  BOOST_TEST(scalar(summary, "changed_nodes") == 0);
  BOOST_TEST(table(summary, "changes").rows.empty());
}

BOOST_AUTO_TEST_CASE(a_bypassed_node_is_not_changed) {
  json bypassed = kFour;
  bypassed["bypass"] = true;
  Requantized run(linear(kEight), linear(bypassed));
  BOOST_TEST(scalar(run.summary(), "changed_nodes") == 0);
}

BOOST_AUTO_TEST_CASE(the_graphs_report_shows_formats_and_what_they_were) {
  Requantized run(linear(kEight), linear({{"weight_width", 4}}));
  const std::string text = run.bench.run("report_graph", run.graph).texts.at(0).second;
  const std::size_t at = text.find("\nNumber formats:\nseq_blocks_2: ");
  BOOST_REQUIRE(at != std::string::npos);
  const std::string line = text.substr(at, text.find("\nseq_blocks_5: ") - at);
  BOOST_TEST(line.find("weight integer<width=4") != std::string::npos, line);
  BOOST_TEST(line.find("(was integer<width=8") != std::string::npos, line);
}

BOOST_AUTO_TEST_CASE(a_report_of_floats_has_no_formats) {
  Workbench bench(8);
  lathe::Graph graph = bench.model("jsc-toy");
  const std::string text = bench.run("report_graph", graph).texts.at(0).second;
  BOOST_TEST(text.find("Number formats") == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
