// Ops that a counting pass met without knowing a rule for them: an error that names them, or, where
// that is allowed, a warning. They are never left out without a word.
#pragma once

#include <lathe/lathe.hpp>

namespace analysis {

class UnknownOps {
 public:
  // The option that allows them. NA: as --allow-uncounted says.
  static constexpr lathe_option option =
      lathe::bool_option("allow_uncounted",
                         "Leaves nodes whose op has no counting rule out of the totals, with a "
                         "warning; else they are an error. NA: as --allow-uncounted says.")
          .nullable();

  explicit UnknownOps(const lathe::options& o) : allowed_(o.boolean_or("allow_uncounted", false)) {}

  void add(const lathe::node& node) {
    for (Op& op : ops_) {
      if (op.name != node.op()) continue;
      ++op.more;
      return;
    }
    ops_.push_back({lathe::to_string(node.op()), lathe::to_string(node.name())});
  }

  // `what` is what could not be counted: "FLOPs".
  void tell(const lathe::context& context, const char* what) const {
    if (ops_.empty()) return;
    if (!allowed_) throw refusal(what);
    for (const Op& op : ops_) {
      context.warning(lathe::join({"there is no rule to count the ", what, " of op '", op.name,
                                   "'; its nodes are left out of the totals"}));
    }
  }

 private:
  struct Op {
    std::string name, first;  // the first node of it
    std::int64_t more = 0;
  };

  lathe::error refusal(const char* what) const {
    std::string all;
    for (const Op& op : ops_) {
      const std::string others =
          op.more == 0 ? "" : lathe::join({" and ", lathe::to_string(op.more), " more"});
      all = lathe::join(
          {all, all.empty() ? "" : ", ", "op '", op.name, "' (node '", op.first, "'", others, ")"});
    }
    return lathe::error(LATHE_UNIMPLEMENTED,
                        lathe::join({"there is no rule to count the ", what, " of ", all,
                                     "; a plugin's op brings its rules (`cost`, `bits`); "
                                     "--allow-uncounted leaves such nodes out of the totals"}))
        .at_node(ops_.front().first);
  }

  bool allowed_;
  std::vector<Op> ops_;
};

}  // namespace analysis
