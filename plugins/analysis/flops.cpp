// Counts what executing a network costs, node by node, with MASE's estimator: a multiply-accumulate
// is one computation. Needs shapes only: no weights, no data, no engine. Parameters that several
// nodes use count once, at the first of them; what the nodes compute counts for each.
#include <lathe/lathe.hpp>

#include "count.hpp"
#include "shared_weights.hpp"
#include "unknown_ops.hpp"

namespace {

// A FLOP is a computation on floats: a node whose first input carries another number format still
// has computations, but none in floating point (1320 -> 680 for jsc-tiny with a linear in
// integers).
bool computes_in_float(const lathe::node& node) {
  const auto input = node.find_operand("data_in_0");
  return !input || input->is_float();
}

struct Flops {
  static constexpr const char* scalars =
      "total_flops|computations|backward_computations|parameters|total_parameters|"
      "input_buffer_size|output_buffer_size";

  void run(lathe::graph graph, lathe::report out, lathe::context context) {
    lathe::table table =
        out.table("nodes", {"node", "op", "flops", "computations", "backward_computations",
                            "total_parameters", "input_buffer_size", "output_buffer_size"});
    analysis::UnknownOps unknown;
    analysis::FirstUse first_use;
    double flops = 0, parameters = 0;
    lathe_cost total = {};
    for (const auto node : graph.nodes()) {
      for (const auto& operand : node.operands()) {
        if (operand.is_parameter() && first_use.of_parameter(operand)) {
          parameters += static_cast<double>(operand.numel());
        }
      }
      lathe_cost cost = node.cost();
      if (cost.parameters > 0 && !first_use.of_weight(node)) cost.parameters = 0;
      if (cost.known == 0) {
        unknown.add(node);
        continue;
      }
      const double node_flops = computes_in_float(node) ? cost.computations : 0;
      flops += node_flops;
      total.computations += cost.computations;
      total.backward_computations += cost.backward_computations;
      total.parameters += cost.parameters;
      total.input_elements += cost.input_elements;
      total.output_elements += cost.output_elements;
      if (!node.is_placeholder() && !node.is_output()) {
        table.row({node.name(), node.op(), analysis::count(node_flops),
                   analysis::count(cost.computations), analysis::count(cost.backward_computations),
                   analysis::count(cost.parameters), analysis::count(cost.input_elements),
                   analysis::count(cost.output_elements)});
      }
    }
    unknown.warn(context, "FLOPs");
    out.scalar("total_flops", analysis::count(flops));
    out.scalar("computations", analysis::count(total.computations));
    out.scalar("backward_computations", analysis::count(total.backward_computations));
    // Trainable elements; the estimator's own count, which leaves biases out, has MASE's name.
    out.scalar("parameters", analysis::count(parameters));
    out.scalar("total_parameters", analysis::count(total.parameters));
    out.scalar("input_buffer_size", analysis::count(total.input_elements));
    out.scalar("output_buffer_size", analysis::count(total.output_elements));
  }
};

}  // namespace

LATHE_ANALYSIS(Flops, "flops", "1.0.0", "Counts FLOPs and parameters, in total and per node.")
