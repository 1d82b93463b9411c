// lathe.format: what a pass learns of number formats, and what it is told if it asks wrongly.
#include "core/graph/io/abi_value.hpp"
#include "core/graph/io/json.hpp"
#include "core/graph/operands.hpp"
#include "core/graph/transaction.hpp"
#include "core/host/instances/format_choice.hpp"
#include "core/host/instances/plugin_ops.hpp"
#include "tests/host/world.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe;
using namespace lathe_test;

namespace {

struct Formats {
  Registry registry{{}, {fixture("line"), fixture("halves"), fixture("tries_formats")}};
  PluginOps ops{registry};
  RunContext context;

  Formats() {
    context.registry = &registry;
    context.ops = &ops;
  }

  // As World has it: blocks_0 is a linear layer whose weight is of shape [3, 4].
  Graph graph() {
    DatasetInfo info;
    info.fields = {{"samples", LATHE_FIELD_INPUT, DType::float32, {4}, true, 0, {}}};
    const Component& line = registry.find(Kind::model, "line");
    return build_model(line, check_options(line.options, Value(Value::Map{})), info, 2, 7, context);
  }

  PassReport tries(Graph& graph, Value::Map options) {
    const Component& pass = registry.find(Kind::pass, "tries");
    PassInstance instance(pass, check_options(pass.options, Value(std::move(options))), context);
    return instance.run(graph, context);
  }

  std::string refusal(const std::string& mode, const std::string& format = "grid") {
    Graph line = graph();
    return message_of([&] { tries(line, {{"mode", mode}, {"format", format}}); });
  }

  // The format on the weight of blocks_0.
  void set(Graph& graph, const std::string& format) {
    const NodeId id = graph.find("blocks_0");
    Transaction edit(graph);
    edit.set_format(id, operand_format(registry, format, nullptr, "weight", graph.node(id),
                                       *graph.node(id).row));
    edit.commit();
  }
};

double number(const PassReport& report, const std::string& name) {
  for (const auto& [key, value] : report.scalars) {
    if (key == name) return value.is_int() ? static_cast<double>(value.as_int()) : value.as_float();
  }
  throw std::runtime_error("no scalar " + name);
}

std::string text(const PassReport& report, const std::string& name) {
  for (const auto& [key, value] : report.texts) {
    if (key == name) return value;
  }
  throw std::runtime_error("no text " + name);
}

double bits_of(const Graph& graph, const std::string& operand) {
  for (const Operand& found : operands_of(graph, graph.find("blocks_0"))) {
    if (found.name == operand) return found.bits;
  }
  throw std::runtime_error("no operand " + operand);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(format_service)

BOOST_AUTO_TEST_CASE(a_pass_has_the_codes_of_a_format_before_it_is_set) {
  Formats formats;
  Graph graph = formats.graph();
  const PassReport report = formats.tries(graph, {{"mode", "codes"}});
  BOOST_TEST(number(report, "width") == 8);
  BOOST_TEST(number(report, "scales") == 3);         // a channel each
  BOOST_TEST(number(report, "first_scale") == 1.0);  // 1/2 times the gain of a fresh state
  BOOST_TEST(number(report, "wrong") == 0);          // codes and values agree
  BOOST_TEST(graph.node(graph.find("blocks_0")).formats.empty());
}

BOOST_AUTO_TEST_CASE(open_options_follow_from_what_was_seen) {
  Formats formats;
  Graph graph = formats.graph();
  const PassReport report = formats.tries(graph, {{"mode", "fit"}});
  BOOST_TEST(number(report, "axis") == 0);
  BOOST_TEST(number(report, "step") == 0.5);  // 64 over 128 codes
}

BOOST_AUTO_TEST_CASE(a_format_without_open_options_has_no_axis) {
  Formats formats;
  Graph graph = formats.graph();
  BOOST_TEST(number(formats.tries(graph, {{"mode", "fit_axis"}, {"format", "halves"}}), "axis") ==
             -2);
}

BOOST_AUTO_TEST_CASE(a_format_that_is_set_is_found_with_the_state_of_the_graph) {
  Formats formats;
  Graph graph = formats.graph();
  const std::string before = text(formats.tries(graph, {{"mode", "find"}}), "weight");
  BOOST_TEST(before == "float");
  formats.set(graph, "grid");
  const NodeId id = graph.find("blocks_0");
  const std::vector<float> gain{3.0F, 1.0F, 1.0F};
  Transaction edit(graph);
  edit.set_parameter(id, "weight_quantizer.gain",
                     Tensor::of<float>(DType::float32, Shape{3}, gain));
  edit.commit();
  const PassReport found = formats.tries(graph, {{"mode", "find"}});
  BOOST_TEST(text(found, "weight") == "codes of scale 1.500000");
  BOOST_TEST(text(found, "data_in") == "float");
}

BOOST_AUTO_TEST_CASE(a_format_without_codes_says_so) {
  Formats formats;
  Graph graph = formats.graph();
  formats.set(graph, "halves");
  const PassReport found = formats.tries(graph, {{"mode", "find"}});
  BOOST_TEST(contains(text(found, "weight"), "format 'halves' has no integer codes"));
}

BOOST_AUTO_TEST_CASE(what_a_plugin_asks_wrongly_is_its_mistake) {
  Formats formats;
  const std::pair<const char*, const char*> cases[] = {
      {"null_place", "it gave the host NULL for 'place'"},
      {"null_used", "it gave the host NULL for 'format'"},
      {"null_graph", "that is no graph of this call"},
      {"no_node", "the graph has no node with id 4711"},
      {"no_role", "there is no role 99"},
      {"no_tensor", "node 'blocks_0' (linear) has no tensor of the role 'weight' at input 5"},
      {"foreign_format", "that is no number format of this call"},
      {"null_x", "it gave the host NULL for 'x'"},
      {"wrong_shape", "its 'x' has the shape [4, 3]; the weight of node 'blocks_0' is [3, 4]"},
      {"wrong_rank", "its 'x' has the rank 1; the weight of node 'blocks_0' is [3, 4]"},
      {"wrong_type", "its 'x' is not float32 in host memory"},
      {"gaps", "its 'x' is not dense"},
      {"no_data", "its 'x' has no data"},
      {"read_only", "its 'y' is READ_ONLY"},
      {"null_codes", "it gave the host NULL for 'codes'"},
      {"codes_nowhere", "it gave the host NULL for 'codes->codes'"},
      {"rows", "it gave 2 rows of what was seen; format 'grid' takes 3"},
      {"null_seen", "it gave the host NULL for 'seen'"},
  };
  for (const auto& [mode, says] : cases) {
    const std::string refusal = formats.refusal(mode);
    BOOST_TEST(contains(refusal, says), mode << ": " << refusal);
    BOOST_TEST(contains(refusal, "pass 'tries'"), refusal);
    BOOST_TEST(contains(refusal, "tries_formats.so"), refusal);
  }
}

BOOST_AUTO_TEST_CASE(a_format_without_state_is_tried_on_other_extents) {
  Formats formats;
  BOOST_TEST(formats.refusal("other_extents", "halves") == "");
  BOOST_TEST(contains(formats.refusal("other_extents"), "its 'x' has the shape [4, 3]"));
}

BOOST_AUTO_TEST_CASE(what_a_format_refuses_reaches_the_pass_in_words) {
  Formats formats;
  BOOST_TEST(contains(formats.refusal("nan"), "NaN has no code"));
  BOOST_TEST(contains(formats.refusal("no_codes", "halves"), "'halves' has no integer codes"));
  BOOST_TEST(contains(formats.refusal("codes", "gird"), "did you mean 'grid'?"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(storage)

// 8 bits an element, and 32 for the scale of each of 3 channels of 4.
BOOST_AUTO_TEST_CASE(bits_of_an_operand_follow_its_own_shape) {
  Formats formats;
  Graph graph = formats.graph();
  formats.set(graph, "grid");
  BOOST_TEST(bits_of(graph, "weight") == 8 + 32.0 / 4);
  const Graph again = graph_from_json(graph_to_json(graph), 7, &formats.ops);
  BOOST_TEST(bits_of(again, "weight") == 8 + 32.0 / 4);
  // Without the plugin the graph keeps what it was saved with.
  const Graph alone = graph_from_json(graph_to_json(graph), 7);
  BOOST_TEST(bits_of(alone, "weight") == 8 + 32.0 / 4);
}

BOOST_AUTO_TEST_CASE(what_a_format_refuses_of_a_shape_is_refused_when_it_is_set) {
  Formats formats;
  Graph graph = formats.graph();
  const std::string before = graph_to_json(graph).text();
  // Its scales would lie along a fourth dimension.
  const Value axis = Value::Map{{"axis", Value(3)}};
  const NodeId id = graph.find("blocks_0");
  const std::string message = message_of([&] {
    Transaction edit(graph);
    std::pmr::monotonic_buffer_resource memory;
    const lathe_value options = to_abi(axis, memory);
    edit.set_format(id, operand_format(formats.registry, "grid", &options, "weight", graph.node(id),
                                       *graph.node(id).row));
    edit.commit();
  });
  BOOST_TEST(contains(message, "node 'blocks_0' (linear): weight: format 'grid': "), message);
  BOOST_TEST(contains(message, "a tensor of rank 2 has no dimension 3"), message);
  BOOST_TEST(graph_to_json(graph).text() == before);
}

BOOST_AUTO_TEST_CASE(bits_follow_a_shape_that_an_edit_changes) {
  Formats formats;
  Graph graph = formats.graph();
  const NodeId id = graph.find("blocks_0");
  Transaction edit(graph);
  edit.set_format(id, operand_format(formats.registry, "grid", nullptr, "data_out", graph.node(id),
                                     *graph.node(id).row));
  edit.commit();
  // A result of [2, 3], whose channels lie along its second dimension.
  BOOST_TEST(bits_of(graph, "data_out_0") == 8 + 32.0 / 2);
  BOOST_TEST(bits_of(graph.with_batch(16), "data_out_0") == 8 + 32.0 / 16);
}

BOOST_AUTO_TEST_SUITE_END()
