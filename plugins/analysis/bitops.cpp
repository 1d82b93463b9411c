// Counts bit operations: work weighted by the widths of what it is done on. Beside Lathe's own rule
// (docs/mase.md, Costs) those by which papers compare quantized networks (docs/counting.md).
#include <lathe/lathe.hpp>

#include "bit_operations.hpp"
#include "counting/count.hpp"
#include "counting/unknown_ops.hpp"
#include "shared_weights.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

namespace {

using analysis::cell;

// How many products a sum has: elements of the weight for each channel of the result, and of a
// product of two inputs what the MACs say.
double fan_in(const lathe::node& node, double macs, double outputs) {
  const auto weight = node.find_operand("weight");
  if (node.facts().counting == LATHE_COUNT_CONV_TRANSPOSE && weight && node.shape().size() > 1) {
    return static_cast<double>(weight->numel()) / static_cast<double>(node.shape()[1]);
  }
  return macs / outputs;
}

double memory_of(const lathe::operand& operand) {
  return static_cast<double>(operand.numel()) * operand.bits();
}

// Of one node; all but the weights' memory are the same for nodes that are alike.
struct Counts {
  double computations = 0, bitops = 0, macs = 0, product = 0, baskin = 0;
  double weight_memory = 0, activation_memory = 0;  // bits
  bool filled = false, known = false;

  Counts() = default;
  explicit Counts(const lathe::node& node) : filled(true) {
    const lathe_cost& cost = node.cost();
    const std::optional<double> own = analysis::bit_operations(node);
    known = own.has_value();
    if (!known) return;
    computations = cost.computations;
    bitops = *own;
    macs = cost.macs;
    if (macs > 0) count_products(node, analysis::bit_widths(node));
  }

  void operator+=(const Counts& other) {
    bitops += other.bitops;
    product += other.product;
    baskin += other.baskin;
    weight_memory += other.weight_memory;
    activation_memory += other.activation_memory;
  }

 private:
  void count_products(const lathe::node& node, const analysis::BitWidths& widths) {
    const double outputs = node.cost().output_elements;
    const double bits = widths.in * widths.weight;
    const double terms = std::max(1.0, fan_in(node, macs, outputs));
    product = macs * bits;
    baskin = macs * (bits + widths.in + widths.weight + std::log2(terms));
    for (const auto& operand : node.operands()) {
      if (operand.is_output()) activation_memory = memory_of(operand);
    }
    constexpr double kFloatBits = 32;  // no format sits on one of several results
    if (node.dtype() == LATHE_DTYPE_NONE) activation_memory = outputs * kFloatBits;
  }
};

struct BitOps {
  static constexpr const char* details =
      "Work weighted by the widths a and w of what is multiplied. `total_bitops` counts every "
      "computation: `a * w + max(a, b)` of a linear layer, a convolution or a product, with the "
      "width b of the bias; `a * a` of a normalisation, `max` of the widths of a sum, a of the "
      "rest. The others count the MACs of linear layers, convolutions and products only: "
      "`product_bops` is the sum of `MACs * a * w`, and `baskin_bops` that of "
      "`MACs * (a * w + a + w + log2(n * k^2))`, which adds the accumulator of n * k^2 products. "
      "`weight_memory_bits` is the sum of `elements * w` over the weights of these layers, one "
      "that several nodes use once; `activation_memory_bits` that of the elements of their results "
      "times the width of `data_out`, 32 where no format sits there.\n"
      "\n"
      "Publishes these five as scalars, and the table `nodes`. An op without a rule is an error, "
      "unless `allow_uncounted`.\n"
      "\n"
      "Source: seed 001 of the course for the first (docs/mase.md, Costs); HAWQ and QONNX "
      "inference_cost for products and memory, without its discount for zero weights; Baskin et "
      "al. 2018 (UNIQ).\n"
      "\n"
      "Example: `lathe transform jsc-tiny --passes "
      "'quantize<by=type,linear={name=integer,data_in_width=8,weight_width=4}>,bitops'`";
  static constexpr lathe_option options[] = {analysis::UnknownOps::option};
  static constexpr const char* scalars =
      "total_bitops|product_bops|baskin_bops|weight_memory_bits|activation_memory_bits";

  explicit BitOps(lathe::options o) : unknown_(o) {}

  void run(lathe::graph graph, lathe::report out, lathe::context context) {
    lathe::table table =
        out.table("nodes", {"node", "op", "computations", "bitops", "macs", "product_bops",
                            "baskin_bops", "weight_memory_bits", "activation_memory_bits"});
    analysis::UnknownOps unknown = unknown_;
    analysis::FirstUse first_use;
    std::vector<Counts> kinds(graph.profile_count());
    Counts total;
    for (const auto node : graph.nodes()) {
      Counts& alike = kinds[node.profile()];
      if (!alike.filled) alike = Counts(node);
      if (!alike.known) {
        unknown.add(node);
        continue;
      }
      Counts own = alike;
      if (own.macs > 0) {
        analysis::each_weight(node, [&](const auto& weight, const auto& contents) {
          if (first_use.of_weight(contents)) own.weight_memory += memory_of(weight);
        });
      }
      total += own;
      if (!node.is_placeholder() && !node.is_output()) add_row(table, node, own);
    }
    unknown.tell(context, "bit operations");
    out.scalar("total_bitops", analysis::count(total.bitops));
    out.scalar("product_bops", analysis::count(total.product));
    out.scalar("baskin_bops", analysis::count(total.baskin));
    out.scalar("weight_memory_bits", analysis::count(total.weight_memory));
    out.scalar("activation_memory_bits", analysis::count(total.activation_memory));
  }

 private:
  // The node's own values; seed 001 stored the running total there.
  static void add_row(lathe::table& table, const lathe::node& node, const Counts& counts) {
    const lathe_value cells[] = {cell(node.name()),
                                 cell(node.op()),
                                 cell(counts.computations),
                                 cell(counts.bitops),
                                 cell(counts.macs),
                                 cell(counts.product),
                                 cell(counts.baskin),
                                 cell(counts.weight_memory),
                                 cell(counts.activation_memory)};
    table.row(cells, sizeof cells / sizeof *cells);
  }

  analysis::UnknownOps unknown_;
};

}  // namespace

LATHE_ANALYSIS(BitOps, "bitops", "2.0.0",
               "Counts bit operations and memory bits: work weighted by operand widths.")
