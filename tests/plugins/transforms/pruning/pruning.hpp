// What the tests of pruning share.
#pragma once

#include "core/checkpoint/load.hpp"
#include "core/graph/io/json.hpp"
#include "tests/plugins/transforms/widths/widening.hpp"

#include <cstring>

namespace lathe_test {

inline lathe::PassReport run_pass(const std::string& id, Graph& graph, const json& options,
                                  std::int64_t batch = 8) {
  return Workbench(batch).run(id, graph, options);
}

// The same network over the ops of plugins too.
inline Graph with_plugin_ops(const Graph& graph) {
  return lathe::graph_from_json(lathe::graph_to_json(graph), graph.seed(), &ops_of(built_plugins()))
      .with_parameters(lathe::parameters_of(graph));
}

// What the pass refuses; the graph must have stayed as it was.
inline std::string pass_refusal(const std::string& id, const Graph& graph, const json& options) {
  Graph work = graph;
  try {
    run_pass(id, work, options);
  } catch (const lathe::Error& error) {
    BOOST_TEST(work.epoch() == graph.epoch());
    return error.what();
  }
  return "(nothing was refused)";
}

inline std::vector<float> contents_of(const Graph& graph, const std::string& node,
                                      const std::string& parameter) {
  const auto values =
      graph.node(graph.find(node)).parameter(parameter)->content->tensor().values<float>();
  return {values.begin(), values.end()};
}

inline bool has_parameter(const Graph& graph, const std::string& node,
                          const std::string& parameter) {
  return graph.node(graph.find(node)).parameter(parameter) != nullptr;
}

inline std::int64_t zeros_in(const std::vector<float>& values) {
  return std::count(values.begin(), values.end(), 0.0F);
}

}  // namespace lathe_test
