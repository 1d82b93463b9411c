// Makes layers wider or narrower, chosen per node by type, name or regular expression; what reads
// them follows. How widths tie together, what sizes come of it and what becomes of the weights are
// in widths/.
#include "widths/axis_rules.hpp"
#include "widths/resize.hpp"
#include "widths/weights.hpp"

#include <lathe/lathe.hpp>

namespace {

using widths::Layer;
using widths::Request;

// What one entry asks of a layer's own width; nothing: it only follows.
std::optional<double> factor_of(const lathe::node& node, const lathe::options& chosen) {
  const std::string name = chosen.text_or("name", "");
  const bool multiplied = chosen.has("channel_multiplier"), scaled = chosen.has("width");
  if (name == "input_only") {
    if (!scaled) return std::nullopt;
    throw lathe::invalid_argument(
        "'input_only' keeps a layer's own width, and 'width' changes it; "
        "leave one of them out")
        .at_node(node);
  }
  if (multiplied && scaled) {
    throw lathe::invalid_argument(
        "'channel_multiplier' and 'width' say the same thing; leave one of them out")
        .at_node(node);
  }
  if (scaled) return chosen.real("width");
  if (multiplied) return chosen.real("channel_multiplier");
  if (name.empty()) return std::nullopt;  // width = NA
  throw lathe::invalid_argument(lathe::join({"'", name, "' needs a 'channel_multiplier', eg: 2"}))
      .at_node(node);
}

struct ChannelMultiplier {
  static constexpr const char* details =
      "The width of a chosen layer (`out_features`, `out_channels`) becomes its own size times the "
      "factor; whatever reads it follows: inputs of later layers, batch norm, flattening before a "
      "classifier, both sides of a residual add, groups. What has to stay (the input, the classes, "
      "operands of a product that mixes channels) is an error that names the two nodes. With a "
      "name, `output_only` and `both` change the layer's own width, `input_only` lets it follow; "
      "`width` is the factor alone.\n\n"
      "Layers whose size changes begin afresh (`weights=reset`), or keep what they learned: "
      "`net2wider` copies channels and divides what reads them by the number of copies, so that a "
      "wider network computes the same; `slice` keeps the channels with the largest l1-norm. "
      "Others are not touched. The table `widths` has a row a layer: inputs and outputs before and "
      "after, and what became of its weights.\n\n"
      "Source: the channel search of MASE's fourth lab, with the inputs of each layer right; "
      "Chen, Goodfellow, Shlens: Net2Net (arXiv:1511.05641).\n\n"
      "Example: `lathe transform jsc-toy --passes "
      "'channel_multiplier<by=name,seq_blocks_2.width=2,weights=net2wider>'`";
  static constexpr lathe_option entry[] = {
      lathe::choice_option("name", "output_only|both|input_only",
                           "Whose width is multiplied: the layer's own (output_only, both), or "
                           "none, it follows what feeds it (input_only); NA leaves it alone.")
          .nullable(),
      lathe::float_option("channel_multiplier", "Factor on the layer's own width, under a name.")
          .nullable()
          .within("0<.."),
      lathe::float_option("width", "Factor on the layer's own width, with or without a name.")
          .nullable()
          .within("0<..")
          .beside(),
  };
  static constexpr lathe_option options[] = {
      lathe::choice_option("weights", "reset|net2wider|slice",
                           "Weights of layers whose size changes: fresh ones, the old ones so that "
                           "a wider net computes the same, or those of the strongest channels.")
          .by_default("reset"),
      lathe::int_option("seed", "Chooses which channels net2wider copies.")
          .by_default("0")
          .within("0.."),
      lathe::node_map_option("nodes", "Widths of nodes: by, default, and ops, nodes or patterns.")
          .with_items(entry),
  };
  static constexpr const char* targets = "linear|conv1d|conv2d|conv_transpose1d|conv_transpose2d";

  explicit ChannelMultiplier(const lathe::options& given)
      : weights_(given.text("weights")), seed_(static_cast<std::uint64_t>(given.integer("seed"))) {}

  void run(lathe::graph graph, lathe::edit& edit, lathe::weights weights, lathe::report report,
           lathe::context context) {
    std::vector<Request> requests;
    for (const auto& chosen : graph.choose("nodes")) {
      const auto factor = factor_of(chosen.node, chosen.options);
      if (factor) requests.push_back({chosen.node, *factor});
    }
    const widths::Trace trace = widths::trace_axes(graph);
    const widths::Sizes sizes = widths::Solver(graph, trace).solve(requests);
    tell(trace, sizes, report);
    widths::Resize(trace, sizes, edit).apply(graph);
    if (weights_ == "reset") return;
    widths::Surgery surgery(graph, trace, sizes, weights);
    if (weights_ == "slice") {
      surgery.slice();
    } else {
      surgery.widen(lathe::rng(context), seed_);
    }
    surgery.fill(edit);
  }

 private:
  void tell(const widths::Trace& trace, const widths::Sizes& sizes, lathe::report& report) const {
    auto table =
        report.table("widths", {"node", "op", "in", "out", "new_in", "new_out", "weights"});
    for (const Layer& layer : trace.layers) {
      const std::int64_t in = trace.channels.extent(layer.in);
      const std::int64_t out = trace.channels.extent(layer.out);
      const std::int64_t new_in = sizes.extent(layer.in), new_out = sizes.extent(layer.out);
      const bool kept = in == new_in && out == new_out;
      table.row({layer.node.name(), layer.node.op(), in, out, new_in, new_out,
                 kept ? std::string_view("kept") : std::string_view(weights_)});
    }
  }

  std::string weights_;
  std::uint64_t seed_;
};

}  // namespace

LATHE_TRANSFORM(ChannelMultiplier, "channel_multiplier", "1.0.0", "Makes layers wider or narrower.")
