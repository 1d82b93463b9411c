// Ops that a counting pass met without knowing a rule for them: said once, never counted silently.
#pragma once

#include <lathe/lathe.hpp>

namespace analysis {

class UnknownOps {
 public:
  void add(const lathe::node& node) {
    for (const std::string& op : ops_) {
      if (op == node.op()) return;
    }
    ops_.push_back(lathe::to_string(node.op()));
  }

  // `what` is what could not be counted: "FLOPs".
  void warn(const lathe::context& context, const char* what) const {
    for (const std::string& op : ops_) {
      context.warning(lathe::join({"there is no rule to count the ", what, " of op '", op,
                                   "'; its nodes are left out of the totals"}));
    }
  }

 private:
  std::vector<std::string> ops_;
};

}  // namespace analysis
