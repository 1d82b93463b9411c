#include "activations.hpp"

#include <algorithm>
#include <cmath>

namespace pruning {

namespace {

// The magnitude up to which values are pruned, of all inputs of these layers together.
float observed_threshold(const ActivationPruning& of, const std::vector<Layer>& layers) {
  std::vector<float> magnitudes;
  lathe::node_id odd;  // the first that reads what is no number
  std::vector<lathe::node_id> nodes;
  for (const Layer& layer : layers) nodes.push_back(layer.node);
  of.executor.observe(of.graph, {of.settings.split, of.settings.samples, 0}, nodes,
                      [&](lathe::node_id id, const lathe::operand& operand, const lathe_tensor& t) {
                        if (!operand.is_input()) return;
                        for (const float x : lathe::tensor<const float>(t)) {
                          magnitudes.push_back(magnitude(x));
                          if (odd.index == LATHE_NONE_ID && !std::isfinite(x)) odd = id;
                        }
                      });
  if (odd.index != LATHE_NONE_ID) {
    of.context.warning(lathe::join({"node '", of.graph.at(odd).name(),
                                    "': its input has NaN or infinity, which count as the largest "
                                    "magnitudes and are kept"}));
  }
  return threshold(std::move(magnitudes), {of.settings.sparsity, of.mase});
}

void check(const Settings& settings) {
  if (!settings.global || !settings.by_channel || settings.random) return;
  throw lathe::error(LATHE_UNIMPLEMENTED,
                     "channels of activations are pruned in each layer by itself; with granularity "
                     "= channel the scope is local")
      .at_option("activation");
}

}  // namespace

void ActivationPruning::run(lathe::edit& edit, lathe::report& out, const lathe::meta& meta) const {
  check(settings);
  std::vector<Layer> layers = layers_of(graph, settings, "activation", "activation_sparsity");
  // MASE's threshold takes the lowest at sparsity 0 too.
  const auto does_nothing = [&](const Layer& layer) { return !mase && layer.sparsity == 0; };
  layers.erase(std::remove_if(layers.begin(), layers.end(), does_nothing), layers.end());
  if (layers.empty()) return;
  const bool fixed = settings.global && !settings.random;
  const double bound = fixed ? static_cast<double>(observed_threshold(*this, layers)) : 0.0;
  lathe::table table = out.table("activations", {"node", "input", "sparsity", "threshold"});
  for (const Layer& layer : layers) {
    lathe::node_spec spec;
    spec.op = settings.random ? kByChance : kLargest;
    spec.opcode = LATHE_OPCODE_CALL_FUNCTION;
    spec.args = {layer.node.input(0)};
    spec.after = layer.node.input(0);
    spec.attributes = {{"sparsity", layer.sparsity}};
    if (settings.by_channel) spec.attributes.emplace_back("granularity", "channel");
    if (fixed) spec.attributes.emplace_back("threshold", std::max(bound, 0.0));
    if (mase && !settings.random) spec.attributes.emplace_back("mase_compat", true);
    edit.set_args(layer.node, {edit.add(spec)});
    table.row({layer.node.name(), layer.node.input(0).name(), layer.sparsity,
               fixed ? lathe::value(bound) : lathe::value()});
    meta.set(graph, layer.node, "software/args/data_in_0/sparsity", layer.sparsity);
  }
}

}  // namespace pruning
