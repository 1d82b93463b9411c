// The average width of weights, and how much smaller a network becomes by it. An element counts
// with what it takes to store, its part of shared scales and exponents included. Layers that are
// not quantized count with the width of their floats; a weight that several nodes use counts once,
// in the row of the first of them.
#include <lathe/lathe.hpp>

#include "counted_weight.hpp"

namespace {

// MASE's average knows the first entry of a precision alone, which is the width of an element.
double width_of(const lathe::operand& operand) {
  const lathe::value_view first = operand.precision(0);
  const bool is_number = first.kind() == LATHE_VALUE_INT || first.kind() == LATHE_VALUE_FLOAT;
  return is_number ? first.real() : operand.bits();
}

constexpr double kFloatBits = 32;

struct Mean {
  double sum = 0, count = 0;
  void add(const Mean& other) {
    sum += other.sum;
    count += other.count;
  }
  void add(double bits, std::int64_t elements) {
    sum += static_cast<double>(elements) * bits;
    count += static_cast<double>(elements);
  }
  double value(double otherwise) const { return count == 0 ? otherwise : sum / count; }
};

struct AverageBitwidth {
  static constexpr const char* details =
      "`average_bitwidth = sum(bits * elements) / sum(elements)` over the weights of linear "
      "layers, "
      "convolutions and attention; a weight that several nodes use counts once, one without number "
      "format "
      "with its 32 bits. `data_average_bitwidth` is the same over the first inputs of those "
      "layers, and `memory_density = compare_to / average_bitwidth`. An element counts with what "
      "it takes to store, its part of the scales and exponents that a block, a row or a channel "
      "shares included; `counting=width` counts the width alone.\n\n"
      "The table `layers` has a row a layer: elements of its weight, bits of weight and "
      "input.\n\n"
      "Source: MASE (`calculate_avg_bits`, the runner `average_bitwidth`), which adds all entries "
      "of a precision and leaves layers without format and convolutions out.\n\n"
      "Example: `lathe transform jsc-tiny --passes "
      "'quantize<by=type,linear={name=integer,weight_width=4}>,average_bitwidth'`";
  static constexpr lathe_option options[] = {
      lathe::float_option("compare_to", "Width that the memory density compares with.")
          .by_default("32")
          .within("0<..")
          .in("bits"),
      lathe::choice_option("counting", "storage|width",
                           "What an element counts with: its storage, shared scales and exponents "
                           "included, or the width alone, as MASE has it.")
          .by_default("storage"),
  };
  static constexpr const char* scalars = "average_bitwidth|memory_density|data_average_bitwidth";

  explicit AverageBitwidth(lathe::options o)
      : compare_to_(o.real("compare_to")), by_width_(o.text("counting") == "width") {}

  void run(lathe::graph graph, lathe::report out) {
    lathe::table table =
        out.table("layers", {"node", "op", "weight_elements", "weight_width", "data_in_width"});
    Mean weights, data;
    analysis::FirstUse first_use;
    for (const auto node : graph.nodes()) {
      const auto input =
          analysis::counts_weights(node) ? analysis::counted_input(node) : std::nullopt;
      if (!input) continue;
      Mean all, own;  // of the layer's weights, and of those that none before it has
      analysis::each_weight(node, [&](const auto& weight, const auto& contents) {
        all.add(bits_of(weight), weight.numel());
        if (first_use.of_weight(contents)) own.add(bits_of(weight), weight.numel());
      });
      if (all.count == 0) continue;
      weights.add(own);
      const double input_bits = bits_of(*input);
      data.add(input_bits, input->numel());
      table.row({node.name(), node.op(), static_cast<std::int64_t>(own.count),
                 all.value(kFloatBits), input_bits});
    }
    const double average = weights.value(kFloatBits);
    out.scalar("average_bitwidth", average);
    out.scalar("memory_density", compare_to_ / average);
    out.scalar("data_average_bitwidth", data.value(kFloatBits));
  }

 private:
  double bits_of(const lathe::operand& operand) const {
    return by_width_ ? width_of(operand) : operand.bits();
  }

  double compare_to_;
  bool by_width_;
};

}  // namespace

LATHE_ANALYSIS(AverageBitwidth, "average_bitwidth", "1.0.0",
               "Average width of the weights of linear and convolution layers.")
