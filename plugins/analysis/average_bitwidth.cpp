// The average width of weights, and how much smaller a network becomes by it. Layers that are not
// quantized count with the width of their floats; a weight that several nodes use counts once, in
// the row of the first of them.
#include <lathe/lathe.hpp>

#include "element_width.hpp"
#include "shared_weights.hpp"

namespace {

struct Mean {
  double sum = 0, count = 0;
  void add(const lathe::operand& operand, std::int64_t elements) {
    sum += static_cast<double>(elements) * analysis::element_width(operand);
    count += static_cast<double>(elements);
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
    analysis::FirstUse first_use;
    for (const auto node : graph.nodes()) {
      if (!node.can_quantize(LATHE_ROLE_WEIGHT)) continue;
      const auto weight = node.find_operand("weight"), input = node.find_operand("data_in_0");
      if (!weight || !input) continue;
      const std::int64_t elements = first_use.of_weight(node) ? weight->numel() : 0;
      weights.add(*weight, elements);
      data.add(*input, input->numel());
      table.row({node.name(), node.op(), elements, analysis::element_width(*weight),
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
