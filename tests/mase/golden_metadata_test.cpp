// The networks of golden/metadata.json: shapes, names, types, operands, metadata, printouts.
// Where docs/mase.md marks a defect [D], the right value is asserted and the defect named.

#include "tests/graph/models.hpp"
#include "tests/support/support.hpp"

#include "core/graph/io/abi_value.hpp"
#include "core/graph/io/text.hpp"
#include "core/graph/operands.hpp"
#include "core/graph/ops/op_table.hpp"
#include "core/mase/metadata.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include <functional>

using lathe::Argument;
using lathe::Graph;
using lathe::Node;
using lathe::NodeId;
using lathe::Opcode;
using lathe::Shape;
using lathe::Transaction;
using lathe::Value;
using nlohmann::json;

namespace data = boost::unit_test::data;

namespace {

json to_json(const Value& value) {
  if (value.is_none()) return nullptr;
  if (value.is_bool()) return value.as_bool();
  if (value.is_int()) return value.as_int();
  if (value.is_float()) return value.as_float();
  if (value.is_string()) return value.as_string();
  if (value.is_list()) {
    json out = json::array();
    for (const Value& item : value.as_list()) out.push_back(to_json(item));
    return out;
  }
  json out = json::object();
  for (const auto& [key, item] : value.as_map()) out[key] = to_json(item);
  return out;
}

const json& golden_models() {
  static const json golden = lathe_test::golden_json("metadata.json");
  return golden["models"];
}

const std::vector<std::string> kModels{"jsc-tiny", "jsc-toy",  "jsc-s",      "vgg7",
                                       "toy",      "toy_tiny", "toy_convnet"};

Graph golden_graph(const std::string& name) {
  return lathe_test::model(name, golden_models()[name]["input_shape"][0]);
}

// Each golden network, built here for the batch it was recorded with.
void each_model(const std::function<void(const std::string&, const json&, const Graph&)>& check) {
  for (const std::string& name : kModels) {
    BOOST_TEST_CONTEXT(name) { check(name, golden_models()[name], golden_graph(name)); }
  }
  BOOST_TEST(golden_models().size() == kModels.size());
}

std::string argument_text(const Graph& graph, const Argument& argument) {
  if (const NodeId* id = std::get_if<NodeId>(&argument.data)) return graph.node(*id).name;
  return std::get<Value>(argument.data).text();
}

std::string mase_type_of(const Graph& graph, NodeId id) {
  return to_json(*node_metadata(graph, id).find("common"))["mase_type"];
}

}  // namespace

BOOST_AUTO_TEST_SUITE(golden_metadata)

BOOST_AUTO_TEST_CASE(nodes_have_the_names_opcodes_targets_arguments_and_modules_of_torch_fx) {
  int nodes = 0;
  each_model([&](const std::string&, const json& expected, const Graph& graph) {
    BOOST_REQUIRE(graph.order().size() == expected["nodes"].size());
    for (std::size_t i = 0; i < graph.order().size(); ++i, ++nodes) {
      const Node& node = graph.node(graph.order()[i]);
      const json& row = expected["nodes"][i];
      BOOST_TEST(node.name == row["name"].get<std::string>());
      BOOST_TEST(lathe::name(node.opcode) == row["op"].get<std::string>());
      BOOST_TEST(node.target == row["target"].get<std::string>());
      BOOST_REQUIRE(node.args.size() == row["args"].size());
      for (std::size_t a = 0; a < node.args.size(); ++a) {
        BOOST_TEST(argument_text(graph, node.args[a]) == row["args"][a].get<std::string>());
      }
      if (!row["module"].is_null()) {
        BOOST_TEST(graph.ops().find(node.op)->module_class == row["module"].get<std::string>());
      }
    }
  });
  BOOST_TEST_MESSAGE("metadata.json: " << nodes << " nodes checked");
}

BOOST_DATA_TEST_CASE(common_metadata_holds_types_precisions_and_shapes, data::make(kModels), name) {
  const json& expected = golden_models()[name];
  const Graph graph = golden_graph(name);
  for (std::size_t i = 0; i < graph.order().size(); ++i) {
    const NodeId id = graph.order()[i];
    json right = expected["nodes"][i]["parameters"]["common"];
    // The dump leaves `from` out; of parameters, which have no torch_dtype, it is None.
    for (auto& [_, entry] : right["args"].items()) {
      if (entry.contains("precision") && !entry.contains("torch_dtype")) entry["from"] = nullptr;
    }
    // [D] a.4: methods do not record the tensor they are called on. Ours do, as functions do.
    if (graph.node(id).opcode == Opcode::call_method) {
      const std::string self = expected["nodes"][i]["args"][0];
      const NodeId input = graph.find(self);
      right["args"]["data_in_0"] = {{"type", "float"},
                                    {"precision", {32}},
                                    {"shape", graph.node(input).result.shape.dims()},
                                    {"torch_dtype", "torch.float32"}};
    }
    BOOST_TEST_CONTEXT(graph.node(id).name) {
      BOOST_TEST(to_json(*node_metadata(graph, id).find("common")) == right);
    }
  }
}

BOOST_DATA_TEST_CASE(software_and_hardware_metadata_are_mases, data::make(kModels), name) {
  const json& expected = golden_models()[name];
  const Graph graph = golden_graph(name);
  for (std::size_t i = 0; i < graph.order().size(); ++i) {
    const NodeId id = graph.order()[i];
    const json& right = expected["nodes"][i]["parameters"];
    const Value found = node_metadata(graph, id);
    BOOST_TEST_CONTEXT(graph.node(id).name) {
      BOOST_TEST(to_json(*found.find("software")) == right["software"]);
      BOOST_TEST(to_json(*found.find("hardware")) == right["hardware"]);
    }
  }
}

// Whatever was asked for before: nodes that are alike share what is derived.
BOOST_DATA_TEST_CASE(metadata_of_all_nodes_at_once_is_that_of_each, data::make(kModels), name) {
  const Graph graph = golden_graph(name);
  std::pmr::monotonic_buffer_resource memory;
  lathe::Metadata metadata(graph, memory);
  for (const NodeId id : graph.order()) {
    BOOST_TEST((lathe::from_abi(metadata.of(id)) == node_metadata(graph, id)), graph.node(id).name);
  }
}

BOOST_AUTO_TEST_CASE(parameters_and_buffers_have_pytorchs_names_and_shapes) {
  int checked = 0;
  each_model([&](const std::string& name, const json& expected, const Graph& graph) {
    json parameters = json::object(), buffers = json::object();
    std::int64_t buffer_elements = 0;
    for (const Graph::Named& named : graph.parameters()) {
      const lathe::Parameter& p = *named.parameter;
      (p.is_buffer ? buffers : parameters)[p.qualified_name] = p.shape.dims();
      if (p.is_buffer) buffer_elements += p.shape.numel();
      ++checked;
    }
    json right = expected["parameters"];
    std::int64_t count = expected["num_parameters"];
    // The module l2 of toy_tiny is never called, so no node carries it; torch.fx drops it too.
    if (name == "toy_tiny") {
      right.erase("l2.weight");
      right.erase("l2.bias");
      count -= 2 * 2 + 2;
    }
    BOOST_TEST(parameters == right);
    BOOST_TEST(buffers == expected["buffers"]);
    BOOST_TEST(graph.parameter_count() == count);
    BOOST_TEST(buffer_elements == expected["num_buffers"]);
  });
  BOOST_TEST_MESSAGE("metadata.json: " << checked << " parameters and buffers");
}

BOOST_AUTO_TEST_CASE(the_printout_is_torch_fxs_to_the_letter) {
  each_model([&](const std::string&, const json& expected, const Graph& graph) {
    BOOST_TEST(lathe::fx_text(graph, "#users") == expected["graph_str"].get<std::string>());
  });
}

BOOST_AUTO_TEST_CASE(newer_torch_says_num_users) {
  const std::string text = lathe::fx_text(lathe_test::jsc_tiny());
  BOOST_TEST(text.find("%x : [num_users=1] = placeholder[target=x]") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(modules_print_as_pytorch_prints_them) {
  int modules = 0;
  each_model([&](const std::string&, const json& expected, const Graph& graph) {
    std::string layers;
    for (NodeId id : graph.order()) {
      const Node& node = graph.node(id);
      if (node.opcode != Opcode::call_module) continue;
      layers += (layers.empty() ? "" : ", ") +
                graph.ops().find(node.op)->module_text(graph.attributes(id));
      ++modules;
    }
    const std::string report = expected["report_graph"];
    const std::string head = "Layer types:\n[";
    const std::size_t at = report.find(head);
    BOOST_REQUIRE(at != std::string::npos);
    BOOST_TEST(report.substr(at + head.size()) == layers + "]\n");
  });
  BOOST_TEST_MESSAGE("metadata.json: " << modules << " module texts");
}

BOOST_AUTO_TEST_CASE(the_hardware_ends_are_the_implicit_nodes_next_to_inputs_and_outputs) {
  const Graph graph = lathe_test::toy();
  auto hardware = [&](const char* name) {
    return to_json(*node_metadata(graph, graph.find(name)).find("hardware"));
  };
  BOOST_TEST(hardware("view")["is_implicit"] == true);
  BOOST_TEST(hardware("seq_blocks_0") == json::object());
  BOOST_TEST(mase_type_of(graph, graph.find("view")) == "implicit_func");
}

BOOST_AUTO_TEST_CASE(a_number_format_shows_in_the_metadata_of_its_operands) {
  Graph graph = lathe_test::jsc_tiny();
  const NodeId linear = graph.find("seq_blocks_2");
  Transaction edit(graph);
  for (const char* role : {"weight", "data_in"}) {
    lathe::OperandFormat format;
    format.role = role;
    format.format = "integer";
    format.precision = Value::List{8, 4};
    format.saved_bits = 8;
    edit.set_format(linear, format);
  }
  edit.commit();
  const json common = to_json(*node_metadata(graph, linear).find("common"));
  BOOST_TEST(common["args"]["data_in_0"]["type"] == "integer");
  BOOST_TEST(common["args"]["data_in_0"]["precision"] == json({8, 4}));
  BOOST_TEST(common["args"]["weight"]["type"] == "integer");
  BOOST_TEST(common["args"]["bias"]["type"] == "float");
  BOOST_TEST(common["results"]["data_out_0"]["precision"] == json({32}));
  const std::vector<lathe::Operand> operands = operands_of(graph, linear);
  BOOST_REQUIRE(operands.size() == 4u);
  BOOST_TEST(operands[0].bits == 8.0);
  BOOST_TEST(operands[2].bits == 32.0);
}

BOOST_AUTO_TEST_CASE(the_second_operand_of_a_product_takes_the_format_of_a_weight) {
  lathe_test::Writer w;
  const NodeId x = w.input({4, 4});
  const NodeId product = w.function("bmm", {{x}, {x}});
  Graph graph = w.finish(2);
  Transaction edit(graph);
  lathe::OperandFormat format;
  format.role = "weight";
  format.format = "integer";
  format.saved_bits = 4;
  edit.set_format(product, format);
  edit.commit();
  const auto operands = operands_of(graph, product);
  BOOST_TEST(operands[0].type == "float");
  BOOST_TEST(operands[1].name == "data_in_1");
  BOOST_TEST(operands[1].type == "integer");
}

// [D] a.4: MASE says "float", [32] whatever the dtype.
BOOST_AUTO_TEST_CASE(types_and_precisions_follow_the_dtype) {
  lathe_test::Writer w;
  w.placeholder("tokens", {{"shape", Value::List{5}}, {"dtype", "int64"}});
  const NodeId embed =
      w.module("embed", "embedding", {{"num_embeddings", 10}, {"embedding_dim", 6}});
  const Graph graph = w.finish(2);
  const json args = to_json(*node_metadata(graph, embed).find("common"))["args"];
  BOOST_TEST(args["data_in_0"]["type"] == "int");
  BOOST_TEST(args["data_in_0"]["precision"] == json({64}));
  BOOST_TEST(args["data_in_0"]["torch_dtype"] == "torch.int64");
  BOOST_TEST(args["weight"]["shape"] == json({10, 6}));
  BOOST_TEST((graph.node(embed).result.shape == Shape{2, 5, 6}));
}

BOOST_AUTO_TEST_SUITE_END()
