// Counts bit operations: computations weighted by the widths of what they work on.
// Rules: docs/mase.md, Costs.
#include <lathe/lathe.hpp>

#include "count.hpp"
#include "unknown_ops.hpp"

#include <algorithm>
#include <optional>

namespace {

struct Widths {
  double in = 32, weight = 32, bias = 0;  // no bias: nothing to widen the accumulation
};

Widths widths_of(const lathe::node& node) {
  Widths widths;
  bool second = false;
  for (const auto& operand : node.operands()) {
    const double width = operand.bits();
    if (operand.role() == LATHE_ROLE_DATA_IN && operand.is_tensor()) {
      // The second operand of an addition stands where a weight would.
      (second ? widths.weight : widths.in) = width;
      second = true;
    } else if (operand.role() == LATHE_ROLE_WEIGHT) {
      widths.weight = width;
    } else if (operand.role() == LATHE_ROLE_BIAS) {
      widths.bias = width;
    }
  }
  return widths;
}

// Bit operations of one computation; nothing for a rule that this pass does not know.
std::optional<double> bits_of(lathe_bit_rule rule, const Widths& w) {
  switch (rule) {
    case LATHE_BITS_ACCUMULATING:
      return w.in * w.weight + std::max(w.in, w.bias);
    case LATHE_BITS_SCALING:
      return w.in * w.in;
    case LATHE_BITS_MULTIPLYING:
      return w.in * w.weight;
    case LATHE_BITS_WIDEST:
      return std::max(w.in, w.weight);
    case LATHE_BITS_PASSING:
      return w.in;
    default:
      return std::nullopt;
  }
}

struct BitOps {
  static constexpr const char* scalars = "total_bitops";

  void run(lathe::graph graph, lathe::report out, lathe::context context) {
    lathe::table table = out.table("nodes", {"node", "op", "computations", "bitops"});
    analysis::UnknownOps unknown;
    double total = 0;
    for (const auto node : graph.nodes()) {
      const lathe_cost cost = node.cost();
      const std::optional<double> bits = bits_of(node.facts().bits, widths_of(node));
      if (cost.known == 0 || (!bits && cost.computations > 0)) {
        unknown.add(node);
        continue;
      }
      // The node's own value; seed 001 stored the running total there.
      const double bitops = cost.computations * bits.value_or(0);
      total += bitops;
      if (!node.is_placeholder() && !node.is_output()) {
        table.row(
            {node.name(), node.op(), analysis::count(cost.computations), analysis::count(bitops)});
      }
    }
    unknown.warn(context, "bit operations");
    out.scalar("total_bitops", analysis::count(total));
  }
};

}  // namespace

LATHE_ANALYSIS(BitOps, "bitops", "1.0.0",
               "Counts bit operations: computations weighted by operand widths.")
