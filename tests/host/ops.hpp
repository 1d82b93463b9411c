// Graphs of ops that fixtures bring.
#pragma once

#include "core/graph/transaction.hpp"
#include "core/host/instances/plugin_ops.hpp"
#include "tests/plugin/fixtures.hpp"

namespace lathe_test {

struct OpWorld {
  lathe::Registry registry{{}, {fixture("ops"), fixture("troubled_op")}};
  lathe::PluginOps ops{registry};

  // x (batch 2, `features` features) -> linear to 3 -> the op, called "it" -> output
  lathe::Graph graph(const std::string& op, lathe::Value::Map attributes = {}) const {
    lathe::Graph graph(7, &ops);
    lathe::Transaction edit(graph);
    const lathe::NodeId x = add(edit, lathe::Opcode::placeholder, "placeholder", "x", {},
                                {{"shape", lathe::Value::List{4}}, {"batch", 2}});
    const lathe::NodeId fc =
        add(edit, lathe::Opcode::call_module, "linear", "fc", {x}, {{"out_features", 3}});
    const lathe::NodeId it =
        add(edit, lathe::Opcode::call_module, op, "it", {fc}, std::move(attributes));
    add(edit, lathe::Opcode::output, "output", "output", {it}, {});
    edit.commit();
    return graph;
  }

  static lathe::NodeId add(lathe::Transaction& edit, lathe::Opcode opcode, const std::string& op,
                           const std::string& target, const std::vector<lathe::NodeId>& inputs,
                           lathe::Value::Map attributes) {
    lathe::NodeSpec spec;
    spec.opcode = opcode;
    spec.op = op;
    spec.target = target;
    for (const lathe::NodeId input : inputs) spec.args.push_back({input});
    spec.attributes = lathe::Value(std::move(attributes));
    return edit.add(std::move(spec));
  }
};

}  // namespace lathe_test
