#include "weights.hpp"

#include <algorithm>
#include <cmath>

namespace pruning {

namespace {

// A weight with its mask; `channels` are those of the outputs.
struct Weight {
  Layer layer;
  lathe::tensor<const float> values;
  Channels channels;
  std::vector<float> keep;  // by element, or by channel
};

std::uint64_t storage_of(const lathe::node& node) {
  return node.find_operand("weight")->storage_id();
}

void refuse_two_sparsities(const Weight& first, const Layer& second) {
  if (first.layer.sparsity == second.sparsity) return;
  throw lathe::invalid_argument(lathe::join({"it uses the weight of '", first.layer.node.name(),
                                             "', which gets another sparsity there; give both "
                                             "nodes the same"}))
      .at_node(second.node);
}

// Weights that several nodes use come once.
std::vector<Weight> weights_of(const WeightPruning& of) {
  std::vector<Weight> all;
  std::vector<std::pair<std::uint64_t, std::size_t>> known;  // by storage, sorted
  for (const Layer& layer : layers_of(of.graph, of.settings, "weight", "weight_sparsity")) {
    const std::pair<std::uint64_t, std::size_t> place{storage_of(layer.node), all.size()};
    const auto at =
        std::lower_bound(known.begin(), known.end(), place,
                         [](const auto& a, const auto& b) { return a.first < b.first; });
    if (at != known.end() && at->first == place.first) {
      refuse_two_sparsities(all[at->second], layer);
      continue;
    }
    known.insert(at, place);
    const auto values = of.weights.of(of.graph, layer.node, "weight");
    const std::uint64_t axis = layer.node.facts().weight_channels;
    if (of.settings.by_channel && axis == 1 && layer.node.attribute("groups") &&
        layer.node.attribute("groups").integer() > 1) {
      throw lathe::error(LATHE_UNIMPLEMENTED,
                         "channels of a transposed convolution with groups cannot be pruned; prune "
                         "its elements")
          .at_node(layer.node);
    }
    all.push_back({layer, values, channels_along(values.shape(), axis), {}});
  }
  return all;
}

void warn_of_odd_numbers(const std::vector<Weight>& all, const lathe::context& context) {
  for (const Weight& weight : all) {
    for (const float x : weight.values) {
      if (std::isfinite(x)) continue;
      context.warning(lathe::join({"node '", weight.layer.node.name(), "': its weight has ",
                                   std::isnan(x) ? "NaN" : "infinity",
                                   ", which counts as the largest magnitude and is kept"}));
      return;
    }
  }
}

std::vector<float> scores_of(const Weight& weight, bool by_channel) {
  if (by_channel) return channel_scores(weight.values, weight.channels);
  std::vector<float> scores;
  scores.reserve(weight.values.size());
  for (const float x : weight.values) scores.push_back(magnitude(x));
  return scores;
}

std::vector<float> by_chance(const Weight& weight, const WeightPruning& of) {
  const std::uint64_t count = of.settings.by_channel ? weight.channels.count : weight.values.size();
  std::vector<double> drawn(count);
  const lathe::operand operand = *weight.layer.node.find_operand("weight");
  const std::uint64_t stream = of.rng.stream(lathe::join({"prune/", operand.qualified_name()}));
  of.rng.uniform(of.seed, stream, 0, {drawn.data(), drawn.size()});
  std::vector<float> keep;
  for (const double x : drawn) keep.push_back(x >= weight.layer.sparsity ? 1.0F : 0.0F);
  return keep;
}

void choose(std::vector<Weight>& all, const WeightPruning& of) {
  const Settings& settings = of.settings;
  if (settings.random) {
    for (Weight& weight : all) weight.keep = by_chance(weight, of);
    return;
  }
  if (!settings.global) {
    for (Weight& weight : all) {
      weight.keep =
          keep_highest(scores_of(weight, settings.by_channel), {weight.layer.sparsity, of.mase});
    }
    return;
  }
  std::vector<float> scores;
  for (const Weight& weight : all) {
    const std::vector<float> own = scores_of(weight, settings.by_channel);
    scores.insert(scores.end(), own.begin(), own.end());
  }
  const std::vector<float> keep = keep_highest(scores, {settings.sparsity, of.mase});
  auto from = keep.begin();
  for (Weight& weight : all) {
    const auto count = static_cast<std::ptrdiff_t>(settings.by_channel ? weight.channels.count
                                                                       : weight.values.size());
    weight.keep.assign(from, from + count);
    from += count;
  }
}

void check_something_stays(const Weight& weight, const WeightPruning& of) {
  if (std::find(weight.keep.begin(), weight.keep.end(), 1.0F) != weight.keep.end()) return;
  if (weight.keep.empty()) return;
  if (!of.settings.by_channel) {
    of.context.warning(
        lathe::join({"node '", weight.layer.node.name(), "': all of its weight is pruned"}));
    return;
  }
  throw lathe::invalid_argument(
      lathe::join({"all ", lathe::to_string(static_cast<std::int64_t>(weight.keep.size())),
                   " output channels of its weight would be pruned; lower the sparsity, or ",
                   of.settings.global ? "prune each layer by itself with scope = local"
                                      : "give this node one of its own"}))
      .at_node(weight.layer.node)
      .at_option("weight");
}

struct Pruned {
  std::int64_t elements = 0, pruned = 0;
  double sparsity() const {
    return elements == 0 ? 0.0 : static_cast<double>(pruned) / static_cast<double>(elements);
  }
};

// Writes masks; what was pruned before stays pruned.
class Masks {
 public:
  Masks(const WeightPruning& of, lathe::edit& edit, const lathe::meta& meta, lathe::table table)
      : of_(of), edit_(edit), meta_(meta), table_(table) {}

  // `keep(i)` is 1 if element i stays.
  template <class Keep>
  Pruned set(const lathe::node& node, std::string_view parameter, const Keep& keep) {
    const lathe::operand operand = *node.find_operand(parameter);
    lathe_tensor& made = of_.weights.zeros(operand.shape().to_vector());
    const lathe::tensor<float> mask(made);
    const std::string name = lathe::join({parameter, "_mask"});
    const bool before = node.find_operand(name).has_value();
    Pruned count{static_cast<std::int64_t>(mask.size()), 0};
    for (std::uint64_t i = 0; i < mask.size(); ++i) mask[i] = keep(i);
    if (before) {
      const auto old = of_.weights.of(of_.graph, node, name);
      for (std::uint64_t i = 0; i < mask.size(); ++i) mask[i] *= old[i];
    }
    for (const float x : mask) count.pruned += x == 0.0F ? 1 : 0;
    if (count.pruned > 0) edit_.set_mask(node, parameter, made);
    of_.weights.release(made);
    table_.row({node.name(), parameter, count.elements, count.pruned, count.sparsity()});
    meta_.set(of_.graph, node, lathe::join({"software/args/", parameter, "/sparsity"}),
              count.sparsity());
    return count;
  }

 private:
  const WeightPruning& of_;
  lathe::edit& edit_;
  const lathe::meta& meta_;
  lathe::table table_;
};

}  // namespace

void WeightPruning::run(lathe::edit& edit, lathe::report& out, const lathe::meta& meta) const {
  Masks masks(*this, edit, meta,
              out.table("nodes", {"node", "parameter", "elements", "pruned", "sparsity"}));
  Pruned weight_total, total;
  const auto add = [](Pruned& to, const Pruned& one) {
    to.elements += one.elements;
    to.pruned += one.pruned;
  };
  std::vector<Weight> all = weights_of(*this);
  warn_of_odd_numbers(all, context);
  choose(all, *this);
  for (const Weight& weight : all) {
    check_something_stays(weight, *this);
    const lathe::node& node = weight.layer.node;
    const Pruned one = masks.set(node, "weight", [&](std::uint64_t i) {
      return weight.keep[settings.by_channel ? weight.channels.of(i) : i];
    });
    add(weight_total, one);
    add(total, one);
    if (!settings.by_channel || !node.find_operand("bias")) continue;
    add(total, masks.set(node, "bias", [&](std::uint64_t i) { return weight.keep[i]; }));
  }
  out.scalar("weight_sparsity", weight_total.sparsity());
  out.scalar("pruned_parameters", total.pruned);
  out.scalar("parameters", total.elements);
}

}  // namespace pruning
