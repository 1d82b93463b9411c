// Folds batch norms into the layers before them, by torch's fuse_conv_bn_weights.
#include "carries_format.hpp"
#include "node_names.hpp"

#include <lathe/lathe.hpp>

#include <cmath>
#include <unordered_map>

namespace {

struct Pair {
  lathe::node layer, norm;
};

// How many nodes use each parameter, by where its contents are.
class Uses {
 public:
  explicit Uses(const lathe::graph& graph) {
    for (const lathe::node node : graph.nodes()) {
      for (const lathe::operand operand : node.operands()) {
        if (operand.is_parameter() || operand.is_buffer()) ++uses_[operand.storage_id()];
      }
    }
  }
  bool shared(const lathe::node& node) const {
    for (const lathe::operand operand : node.operands()) {
      if (!operand.is_parameter() && !operand.is_buffer()) continue;
      if (uses_.at(operand.storage_id()) > 1) return true;
    }
    return false;
  }

 private:
  std::unordered_map<std::uint64_t, int> uses_;
};

// A factor and an offset for each channel, in double.
struct Affine {
  std::vector<double> scale, shift;
};

class ConvBnFusion {
 public:
  static constexpr lathe_option options[] = {
      lathe::string_list_option("nodes",
                                "Layers or batch norms that must be fused; none: all that "
                                "can be.")
          .by_default("[]"),
      lathe::bool_option("linear", "Also fuses linear layers with the batch norm behind them.")
          .by_default("false"),
  };
  static constexpr const char* scalars = "fused";
  static constexpr const char* details =
      "A convolution whose result only a batch norm with running statistics reads becomes one "
      "layer with it: with `s = gamma / sqrt(running_var + eps)` for each channel, `W' = W * s` "
      "and "
      "`b' = (b - running_mean) * s + beta`, worked out in double. The batch norm goes; a layer "
      "without a bias gets one. Pairs are conv1d and batch_norm1d, conv2d and batch_norm2d, "
      "conv_transpose2d and batch_norm2d, and with `linear` linear and batch_norm1d. Evaluation "
      "computes the same up to rounding; training afterwards has no batch statistics any more.\n\n"
      "A pair stays as it is where anything else reads the convolution's result, where one of the "
      "modules or its weights are used twice, and where a number format sits on either: the table "
      "says why. Of a pair that `nodes` names this is an error. Masks of weights stay; the mask of "
      "a bias goes, because the new bias is another one.\n\n"
      "Publishes `fused` and the table `pairs`.\n\n"
      "Source: MASE (`conv_bn_fusion`), torch (`torch.nn.utils.fusion`).\n\n"
      "Example: `lathe transform resnet20 --passes conv_bn_fusion,report_graph`";

  explicit ConvBnFusion(const lathe::options& o)
      : names_(o.texts("nodes")), linear_(o.boolean("linear")) {}

  void run(lathe::graph graph, lathe::edit& edit, lathe::weights weights, lathe::report out) const {
    const Uses uses(graph);
    lathe::table table = out.table("pairs", {"conv", "batch_norm", "fused", "why_not"});
    std::vector<bool> met(names_.size());
    std::int64_t fused = 0;
    for (const Pair& pair : pairs_of(graph)) {
      const bool asked = note_asked(graph, pair, met);
      if (!names_.empty() && !asked) continue;
      const std::string why = why_not(pair, uses);
      if (!why.empty() && asked) {
        throw lathe::error(LATHE_FAILED_PRECONDITION,
                           lathe::join({"it cannot be fused with '", pair.norm.name(), "': ", why}))
            .at_node(pair.layer)
            .at_option("nodes");
      }
      if (why.empty()) {
        fuse(graph, pair, edit, weights);
        ++fused;
      }
      table.row({pair.layer.name(), pair.norm.name(), why.empty(),
                 why.empty() ? lathe::value() : lathe::value(why)});
    }
    refuse_unmet(graph, met);
    out.scalar("fused", fused);
  }

 private:
  bool is_pair(const lathe::node& layer, const lathe::node& norm) const {
    static const lathe::key conv1d("conv1d"), conv2d("conv2d"), transposed("conv_transpose2d"),
        linear("linear"), norm1d("batch_norm1d"), norm2d("batch_norm2d");
    if (!layer.is_module() || !norm.is_module()) return false;
    if (norm.is(norm2d)) return layer.is(conv2d) || layer.is(transposed);
    if (!norm.is(norm1d)) return false;
    return layer.is(conv1d) || (linear_ && layer.is(linear));
  }

  std::vector<Pair> pairs_of(const lathe::graph& graph) const {
    std::vector<Pair> all;
    for (const lathe::node norm : graph.nodes()) {
      if (norm.input_count() == 1 && is_pair(norm.input(0), norm)) {
        all.push_back({norm.input(0), norm});
      }
    }
    return all;
  }

  bool note_asked(const lathe::graph& graph, const Pair& pair, std::vector<bool>& met) const {
    bool asked = false;
    for (std::size_t i = 0; i < names_.size(); ++i) {
      const lathe::node_id named = node_names::find(graph, names_[i], "nodes");
      if (named != pair.layer.id() && named != pair.norm.id()) continue;
      met[i] = asked = true;
    }
    return asked;
  }

  void refuse_unmet(const lathe::graph& graph, const std::vector<bool>& met) const {
    for (std::size_t i = 0; i < names_.size(); ++i) {
      if (met[i]) continue;
      throw lathe::invalid_argument(
          lathe::join(
              {"it is no convolution with a batch norm right behind it, nor that batch norm",
               linear_ ? "" : "; linear layers are fused with linear = true"}))
          .at_node(node_names::find(graph, names_[i], "nodes"))
          .at_option("nodes");
    }
  }

  static std::string why_not(const Pair& pair, const Uses& uses) {
    const std::string layer = lathe::to_string(pair.layer.name());
    const std::string norm = lathe::to_string(pair.norm.name());
    for (const lathe::node& user : pair.layer.users()) {
      if (user.id() == pair.norm.id()) continue;
      return lathe::join({"its result branches, '", user.name(),
                          "' reads it too and would get the normalised one"});
    }
    if (uses.shared(pair.layer)) return "the module or its weights are used by other nodes too";
    if (uses.shared(pair.norm)) {
      return lathe::join({"the module '", norm, "' or its numbers are used by other nodes too"});
    }
    if (!pair.norm.find_operand("running_mean")) {
      return lathe::join({"'", norm, "' keeps no running statistics"});
    }
    if (pair.layer.op() == "linear" && pair.layer.shape().size() != 2) {
      return lathe::join({"'", norm, "' normalises another dimension than the layer's features"});
    }
    if (carries_format(pair.layer)) return lathe::join({"'", layer, "' carries number formats"});
    if (carries_format(pair.norm)) return lathe::join({"'", norm, "' carries number formats"});
    return {};
  }

  static Affine affine_of(const lathe::graph& graph, const lathe::node& norm,
                          const lathe::weights& weights) {
    const auto mean = weights.of(graph, norm, "running_mean");
    const auto variance = weights.of(graph, norm, "running_var");
    lathe::span<const float> gamma, beta;  // empty: 1 and 0
    if (norm.find_operand("weight")) {
      gamma = weights.of(graph, norm, "weight");
      beta = weights.of(graph, norm, "bias");
    }
    const double eps = norm.attribute("eps").real();
    Affine affine;
    for (std::uint64_t c = 0; c < mean.size(); ++c) {
      const double scale = (gamma.empty() ? 1.0 : static_cast<double>(gamma[c])) /
                           std::sqrt(static_cast<double>(variance[c]) + eps);
      const double shift = beta.empty() ? 0.0 : static_cast<double>(beta[c]);
      affine.scale.push_back(scale);
      affine.shift.push_back(shift - static_cast<double>(mean[c]) * scale);
    }
    return affine;
  }

  // The output channel that an element of a weight belongs to. A transposed convolution has its
  // inputs first, and of its outputs those of one group.
  static std::uint64_t channel_of(std::uint64_t element, lathe::shape shape, bool transposed,
                                  std::uint64_t groups) {
    std::uint64_t inner = 1;
    for (std::uint64_t d = transposed ? 2 : 1; d < shape.size(); ++d) {
      inner *= static_cast<std::uint64_t>(shape[d]);
    }
    if (!transposed) return element / inner;
    const auto of_group = static_cast<std::uint64_t>(shape[1]);
    const std::uint64_t input = element / inner / of_group;
    const std::uint64_t group = input / (static_cast<std::uint64_t>(shape[0]) / groups);
    return group * of_group + element / inner % of_group;
  }

  static void fuse(const lathe::graph& graph, const Pair& pair, lathe::edit& edit,
                   const lathe::weights& weights) {
    const lathe::node& layer = pair.layer;
    const Affine affine = affine_of(graph, pair.norm, weights);
    const auto weight = weights.of(graph, layer, "weight");
    const bool transposed = layer.op() == "conv_transpose2d";
    const lathe::value_view groups = layer.attribute("groups");
    const auto group_count = groups ? static_cast<std::uint64_t>(groups.integer()) : 1U;
    lathe_tensor& new_weight = weights.zeros(weight.shape().to_vector());
    const lathe::tensor<float> w(new_weight);
    for (std::uint64_t i = 0; i < w.size(); ++i) {
      const std::uint64_t c = channel_of(i, weight.shape(), transposed, group_count);
      w[i] = static_cast<float>(static_cast<double>(weight[i]) * affine.scale[c]);
    }
    lathe_tensor& new_bias = weights.zeros({static_cast<std::int64_t>(affine.scale.size())});
    const lathe::tensor<float> b(new_bias);
    lathe::span<const float> bias;  // empty: there is none
    if (layer.find_operand("bias")) bias = weights.of(graph, layer, "bias");
    for (std::uint64_t c = 0; c < b.size(); ++c) {
      const double old = bias.empty() ? 0.0 : static_cast<double>(bias[c]);
      b[c] = static_cast<float>(old * affine.scale[c] + affine.shift[c]);
    }
    if (bias.empty()) edit.set_attribute(layer, "bias", true);
    if (layer.find_operand("bias_mask")) edit.clear_mask(layer, "bias");
    edit.set_parameter(layer, "weight", new_weight);
    edit.set_parameter(layer, "bias", new_bias);
    weights.release(new_weight);
    weights.release(new_bias);
    edit.replace_uses(pair.norm, layer);
    edit.remove(pair.norm);
  }

  std::vector<std::string> names_;
  bool linear_;
};

}  // namespace

LATHE_TRANSFORM(ConvBnFusion, "conv_bn_fusion", "1.0.0", "Folds batch norms into convolutions.")
