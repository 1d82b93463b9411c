// Gives operands number formats, chosen per node by type, name or regular expression. The formats
// themselves are components of their own: this pass knows none of them. What a format leaves open
// (a binary point, a bias, scales), the pass can have it choose from values that are observed.
#include <lathe/lathe.hpp>

#include <iterator>

#include "quantize/calibration.hpp"

namespace {

using quantize::CalibrationOptions;
using quantize::Choice;
using quantize::Method;

// How many operands of the chosen nodes get no format, by role. Outputs do not count: they get one
// only if somebody asks.
class LeftFloat {
 public:
  void add(const lathe::graph::chosen& chosen) {
    for (std::size_t i = 0; i < std::size(kRoles); ++i) {
      bool is_chosen = false;
      for (const auto& operand : chosen.operands) is_chosen |= operand.role == kRoles[i];
      counts_[i] += chosen.node.can_quantize(kRoles[i]) && !is_chosen ? 1 : 0;
    }
  }
  void tell(lathe::report& out) const {
    std::string text;
    for (std::size_t i = 0; i < std::size(kRoles); ++i) {
      if (counts_[i] == 0) continue;
      text += lathe::join({text.empty() ? "" : ", ", lathe::to_string(counts_[i]), " ",
                           lathe::role_name(kRoles[i])});
    }
    if (text.empty()) return;
    out.text("left_float", lathe::join({"operands of the chosen nodes that stay float, because "
                                        "their entries name others: ",
                                        text, "\n"}));
  }

 private:
  static constexpr lathe_role kRoles[] = {LATHE_ROLE_DATA_IN, LATHE_ROLE_WEIGHT, LATHE_ROLE_BIAS};
  std::int64_t counts_[std::size(kRoles)] = {};
};

std::vector<Choice> choices_of(const lathe::graph& graph, lathe::report& out) {
  std::vector<Choice> choices;
  LeftFloat left;
  for (const auto& chosen : graph.choose("nodes")) {
    // MASE's metadata says "quantized" after a bypass, although nothing is.
    if (chosen.options.boolean_or("bypass", false)) continue;
    for (const auto& operand : chosen.operands) {
      choices.push_back(
          {chosen.node, operand.role, operand.name, operand.options.all().entries().to_vector()});
    }
    left.add(chosen);
  }
  left.tell(out);
  return choices;
}

class Quantize {
 public:
  static constexpr const char* details =
      "Sets the number format of operands: inputs, weight, bias and, where it is asked for, the "
      "output of a node. Which node gets which is a node map: `by` is `type` (an op: `linear`), "
      "`name` (a node: `seq_blocks_2`) or `regex_name` (the first expression that matches a whole "
      "name); `default` is for the rest. An entry names one format for all operands, with options "
      "behind the operand's name (`weight_width`), or a table for each operand (`weight = {name = "
      "...}`). Values are rounded as they flow, weights once; gradients pass as the format says, "
      "so that a quantized network can be trained.\n\n"
      "What a format leaves open (a binary point, an exponent's bias, a step, a threshold) the "
      "format sets itself, or `calibration` does from the values of the first rows of a split: "
      "`range` from the least and the largest value, `percentile` from all but the rarest, `mse` "
      "by the least squared error, `entropy` by the least Kullback-Leibler divergence of the "
      "histograms.\n\n"
      "It publishes no scalars; `summarize_quantization` says what it changed.\n\n"
      "Source: MASE (`quantize`); calibration as in TensorRT (Migacz, 8-bit inference with "
      "TensorRT, 2017).\n\n"
      "Example: `lathe transform jsc-tiny jsc-sim --passes "
      "'quantize<by=type,linear={name=integer,data_in_width=8,weight_width=4},calibration=mse>'`";
  static constexpr lathe_option entry[] = {
      lathe::choice_option("name", nullptr,
                           "Number format of the operands that are named, or of all; NA leaves the "
                           "node as it is.")
          .nullable(),
      lathe::bool_option("bypass", "Leave the node as it is, whatever else is said.")
          .by_default("false"),
  };
  static constexpr lathe_option options[] = {
      lathe::node_map_option("nodes", "Formats of nodes: by, default, and ops, nodes or patterns.")
          .with_items(entry, LATHE_KIND_FORMAT, "data_in|weight|bias|data_out"),
      lathe::choice_option("calibration", "none|range|percentile|mse|entropy",
                           "How what a format leaves open is chosen: by itself; from the range "
                           "observed; from that of most values; by the least squared error; by "
                           "the least Kullback-Leibler divergence.")
          .by_default("none"),
      lathe::float_option("calibration_percentile",
                          "Of the values observed, the part that the range holds, half of the "
                          "rest beyond each end.")
          .within("0<..100")
          .in("%")
          .by_default("99.9"),
      lathe::choice_option("calibration_split", "train|validation|test", "Rows that are observed.")
          .by_default("train"),
      lathe::int_option("calibration_samples", "The first so many rows; 0 means all.")
          .within("0..")
          .by_default("256"),
  };

  // Those that MASE's configs mean by a default; all others that formats sit on have to be named.
  static constexpr const char* targets =
      "linear|conv1d|conv2d|conv_transpose1d|conv_transpose2d|relu|add|sub|mul|matmul|bmm|"
      "addmm|scaled_dot_product_attention|multi_head_attention";

  explicit Quantize(lathe::options o)
      : calibration_{quantize::method_of(o.text("calibration")),
                     o.real("calibration_percentile"),
                     {o.text("calibration_split"),
                      static_cast<std::uint64_t>(o.integer("calibration_samples")), 0}} {}

  void run(lathe::graph graph, lathe::edit& edit, lathe::executor executor, lathe::weights weights,
           lathe::formats formats, lathe::report out, lathe::context context) {
    std::vector<Choice> choices = choices_of(graph, out);
    if (calibration_.method != Method::none) {
      quantize::calibrate(calibration_, choices, {graph, executor, weights, formats, context, out});
    }
    std::vector<lathe::edit::operand_format> edits;
    edits.reserve(choices.size());
    for (const Choice& choice : choices) {
      edits.push_back({choice.node, lathe::role_name(choice.role), choice.format,
                       lathe::span<const lathe_entry>(choice.options)});
    }
    edit.set_formats(edits);
  }

 private:
  CalibrationOptions calibration_;
};

}  // namespace

LATHE_TRANSFORM(Quantize, "quantize", "1.0.0", "Gives nodes number formats.")
