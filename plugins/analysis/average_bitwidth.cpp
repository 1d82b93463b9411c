// The average width of weights, and how much smaller a network becomes by it. Layers that are not
// quantized count with the width of their floats.
#include <lathe/lathe.hpp>

#include "element_width.hpp"

namespace {

struct Mean {
  double sum = 0, count = 0;
  void add(const lathe::operand& operand) {
    const auto elements = static_cast<double>(operand.numel());
    sum += elements * analysis::element_width(operand);
    count += elements;
  }
  double value(double otherwise) const { return count == 0 ? otherwise : sum / count; }
};

struct AverageBitwidth {
  static constexpr lathe_option options[] = {
      lathe::float_option("compare_to", "Width that the memory density compares with.")
          .by_default("32")
          .within("0<..")
          .in("bits"),
  };
  static constexpr const char* scalars = "average_bitwidth|memory_density|data_average_bitwidth";

  explicit AverageBitwidth(lathe::options o) : compare_to_(o.real("compare_to")) {}

  void run(lathe::graph graph, lathe::report out) {
    lathe::table table =
        out.table("layers", {"node", "op", "weight_elements", "weight_width", "data_in_width"});
    Mean weights, data;
    for (const auto node : graph.nodes()) {
      if (!node.can_quantize(LATHE_ROLE_WEIGHT)) continue;
      const auto weight = node.find_operand("weight"), input = node.find_operand("data_in_0");
      if (!weight || !input) continue;
      weights.add(*weight);
      data.add(*input);
      table.row({node.name(), node.op(), weight->numel(), analysis::element_width(*weight),
                 analysis::element_width(*input)});
    }
    constexpr double kFloatBits = 32;
    const double average = weights.value(kFloatBits);
    out.scalar("average_bitwidth", average);
    out.scalar("memory_density", compare_to_ / average);
    out.scalar("data_average_bitwidth", data.value(kFloatBits));
  }

 private:
  double compare_to_;
};

}  // namespace

LATHE_ANALYSIS(AverageBitwidth, "average_bitwidth", "1.0.0",
               "Average width of the weights of linear and convolution layers.")
