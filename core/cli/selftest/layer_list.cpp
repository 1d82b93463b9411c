#include "core/cli/selftest/layer_list.hpp"

#include "core/base/error.hpp"
#include "core/graph/ops/op_table.hpp"
#include "core/graph/transaction.hpp"

#include <fmt/format.h>

#include <map>

namespace lathe {

namespace {

constexpr std::string_view kInput = "x";

using Known = std::map<std::string, NodeId, std::less<>>;

std::vector<Argument> arguments_of(const Json& layer, const Known& known, NodeId last) {
  if (!layer.contains("of")) return {Argument{last}};
  std::vector<Argument> arguments;
  for (const Json& word : layer.at("of")) {
    const auto found = known.find(word.get<std::string>());
    if (found == known.end()) {
      throw usage_error(fmt::format("layer '{}' reads '{}', which stands nowhere before it",
                                    layer.at("name").get<std::string>(), word.get<std::string>()));
    }
    arguments.emplace_back(found->second);
  }
  return arguments;
}

NodeSpec spec_of(const Json& layer, const OpSet& ops, std::vector<Argument> arguments) {
  NodeSpec spec;
  spec.op = layer.at("op").get<std::string>();
  spec.target = layer.at("name").get<std::string>();
  spec.args = std::move(arguments);
  const OpRow* row = ops.find(spec.op);
  if (row == nullptr) throw usage_error(fmt::format("there is no op '{}'", spec.op));
  if (row->module_class.empty()) {
    spec.opcode = Opcode::call_function;
    spec.name = std::exchange(spec.target, {});
  }
  for (const auto& [key, value] : layer.items()) {
    if (key != "name" && key != "op" && key != "of") spec.attributes.set(key, value_of(value));
  }
  return spec;
}

}  // namespace

Graph graph_of_layers(const Json& network, const OpSet& ops) {
  Graph graph(0, &ops);
  Transaction edit(graph);
  NodeSpec input;
  input.opcode = Opcode::placeholder;
  input.op = "placeholder";
  input.target = kInput;
  input.attributes.set("shape", value_of(network.at("input")));
  NodeId last = edit.add(std::move(input));
  Known known{{std::string(kInput), last}};
  for (const Json& layer : network.at("layers")) {
    last = edit.add(spec_of(layer, ops, arguments_of(layer, known, last)));
    known.insert_or_assign(layer.at("name").get<std::string>(), last);
  }
  NodeSpec output;
  output.opcode = Opcode::output;
  output.op = "output";
  output.target = "output";
  output.args = {Argument{last}};
  edit.add(std::move(output));
  edit.commit();
  return graph;
}

}  // namespace lathe
