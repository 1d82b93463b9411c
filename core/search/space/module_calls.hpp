// Modules with weights that a graph calls several times: the weights are there once, so that one
// choice holds for all calls. Knows nothing about what is chosen.
#pragma once

#include "core/search/space/space_plan.hpp"

#include <map>

namespace lathe {

class ModuleCalls {
 public:
  // Both outlive it.
  ModuleCalls(const Graph& graph, std::vector<PlannedNode>& plan) : graph_(graph), plan_(plan) {}

  // Plans a further call of a module as its first call was; false if the node is a first call, or
  // no call. Throws usage_error if the two have different seeds.
  bool plan_again(NodeId node, const Value& seed);
  // The plan of a first call is complete.
  void planned(NodeId node);
  // Throws usage_error for a module of which one call is planned and another is not.
  void check() const;

 private:
  struct Called {
    NodeId node;  // the first call
    const Value* seed;
    std::size_t begin, end;  // of its rows in the plan
  };

  const Graph& graph_;
  std::vector<PlannedNode>& plan_;
  std::map<std::string_view, Called> called_;  // by the module's name
};

}  // namespace lathe
