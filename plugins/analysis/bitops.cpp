// Counts bit operations: computations weighted by the widths of what they work on.
// Rules: mase-behaviour.md e.5 (seed 001) and formats.md, last section.
#include <lathe/lathe.hpp>

#include "count.hpp"
#include "element_width.hpp"
#include "unknown_ops.hpp"

namespace {

struct Widths {
  double in = 32, weight = 32, bias = 0;  // no bias: nothing to widen the accumulation
};

Widths widths_of(const lathe::node& node) {
  Widths widths;
  bool second = false;
  for (const auto& operand : node.operands()) {
    const double width = analysis::element_width(operand);
    if (operand.is_input() && operand.is_tensor()) {
      // The second operand of matmul and bmm stands where a weight would.
      (second ? widths.weight : widths.in) = width;
      second = true;
    } else if (operand.name() == "weight") {
      widths.weight = width;
    } else if (operand.name() == "bias") {
      widths.bias = width;
    }
  }
  return widths;
}

// Bit operations of one computation.
double accumulating(const Widths& w) { return w.in * w.weight + (w.bias > w.in ? w.bias : w.in); }
double scaling(const Widths& w) { return w.in * w.in; }
double multiplying(const Widths& w) { return w.in * w.weight; }
double passing(const Widths& w) { return w.in; }
double widest(const Widths& w) { return w.in > w.weight ? w.in : w.weight; }

struct Rule {
  std::string_view op;
  double (*bits)(const Widths&);
};
constexpr Rule kRules[] = {
    {"linear", accumulating},
    {"conv1d", accumulating},
    {"conv2d", accumulating},
    {"matmul", accumulating},
    {"bmm", accumulating},
    {"batch_norm1d", scaling},
    {"batch_norm2d", scaling},
    {"layer_norm", scaling},
    {"mul", multiplying},
    {"add", widest},
    {"sub", widest},
    {"relu", passing},
    {"relu6", passing},
    {"hardtanh", passing},
    {"hardswish", passing},
    {"hardsigmoid", passing},
    {"leaky_relu", passing},
    {"tanh", passing},
    {"sigmoid", passing},
    {"gelu", passing},
    {"softmax", passing},
    {"max_pool1d", passing},
    {"max_pool2d", passing},
    {"mean", passing},
    {"avg_pool1d", passing},
    {"avg_pool2d", passing},
    {"adaptive_avg_pool1d", passing},
    {"adaptive_avg_pool2d", passing},
    {"adaptive_max_pool1d", passing},
    {"adaptive_max_pool2d", passing},
};

const Rule* rule_of(std::string_view op) {
  for (const Rule& rule : kRules) {
    if (rule.op == op) return &rule;
  }
  return nullptr;
}

struct BitOps {
  static constexpr const char* scalars = "total_bitops";

  void run(lathe::graph graph, lathe::report out, lathe::context context) {
    lathe::table table = out.table("nodes", {"node", "op", "computations", "bitops"});
    analysis::UnknownOps unknown;
    double total = 0;
    for (const auto node : graph.nodes()) {
      const lathe_cost cost = node.cost();
      const Rule* rule = rule_of(node.op());
      if (cost.known == 0 || (rule == nullptr && cost.computations > 0)) {
        unknown.add(node);
        continue;
      }
      // The node's own value; seed 001 stored the running total there.
      const double bitops = rule == nullptr ? 0 : cost.computations * rule->bits(widths_of(node));
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
