#include "weights.hpp"

#include "layer_rules.hpp"

#include <cmath>

namespace widths {

namespace {

double absolute(const float* at, std::uint64_t count) {
  double sum = 0;
  for (std::uint64_t i = 0; i < count; ++i) sum += std::fabs(static_cast<double>(at[i]));
  return sum;
}

// The last dimension is the fastest.
struct Copy {
  const std::vector<Places>& places;
  const std::vector<bool>& summed;
  lathe::shape old_shape;
  std::int64_t block;
  const float* from;
  float* to;

  void run(std::size_t dim, std::int64_t begin, float divisor) {
    if (dim == places.size()) {
      const float* at = from + begin * block;
      for (std::int64_t i = 0; i < block; ++i) *to++ = at[i] / divisor;
      return;
    }
    const Places& p = places[dim];
    for (std::size_t i = 0; i < p.source.size(); ++i) {
      const float share = summed[dim] ? divisor * static_cast<float>(p.copies[i]) : divisor;
      run(dim + 1, begin * old_shape[dim] + p.source[i], share);
    }
  }
};

}  // namespace

Surgery::Surgery(const lathe::graph& graph, const Trace& trace, const Sizes& sizes,
                 const lathe::weights& weights)
    : graph_(graph), trace_(trace), sizes_(sizes), weights_(weights) {
  copies_.resize(trace.channels.size());
}

template <class Visit>
void Surgery::for_each_changed(Visit visit) const {
  for (RunId run = 0; run < trace_.channels.size(); ++run) {
    const std::int64_t old_count = trace_.channels.count(run), new_count = sizes_.count(run);
    if (trace_.channels.is_whole(run) && old_count != new_count) {
      visit(run, old_count, new_count);
    }
  }
}

void Surgery::widen(const lathe::rng& random, std::uint64_t seed) {
  const std::uint64_t stream = random.stream("channel_multiplier");
  for_each_changed([&](RunId run, std::int64_t old_count, std::int64_t new_count) {
    if (new_count < old_count) {
      throw smaller(run, old_count, new_count);
    }
    if (const std::string& why = trace_.channels.single(run); !why.empty()) {
      throw lathe::invalid_argument(
          lathe::join({"net2wider cannot widen it: ", why, "; use weights = reset"}))
          .at_node(owner(run));
    }
    copies_[run] = widened(old_count, new_count, random, seed, stream + run);
  });
}

void Surgery::slice() {
  std::vector<std::vector<double>> norms(trace_.channels.size());
  for_each_changed([&](RunId run, std::int64_t old_count, std::int64_t new_count) {
    if (new_count > old_count) {
      throw lathe::invalid_argument(
          lathe::join({"slice only narrows: ", lathe::to_string(old_count),
                       " channels cannot become ", lathe::to_string(new_count),
                       "; use weights = net2wider or reset"}))
          .at_node(owner(run));
    }
    norms[run].assign(static_cast<std::size_t>(old_count), 0.0);
  });
  for (const Layer& layer : trace_.layers) add_norms(layer, norms);
  for_each_changed([&](RunId run, std::int64_t, std::int64_t new_count) {
    copies_[run] = narrowed(norms[run], new_count);
  });
}

std::string Surgery::owner(RunId run) const {
  for (const Layer& layer : trace_.layers) {
    if (!layer.owns_width) continue;
    for (const Part& part : trace_.channels.resolve(layer.out)) {
      if (part.run == run) return lathe::to_string(layer.node.name());
    }
  }
  return {};
}

lathe::error Surgery::smaller(RunId run, std::int64_t old_count, std::int64_t new_count) const {
  return lathe::invalid_argument(
             lathe::join({"net2wider only widens: ", lathe::to_string(old_count),
                          " channels cannot become ", lathe::to_string(new_count),
                          "; widen what holds them too, or use weights = slice or reset"}))
      .at_node(owner(run));
}

void Surgery::add_norms(const Layer& layer, std::vector<std::vector<double>>& norms) const {
  if (!layer.owns_width && layer.rule != LATHE_CHANNELS_CONV) return;
  const Weight& weight = layer.weights[0];
  const Axis out = trace_.channels.resolve(weight.axes[weight.own]);
  bool wanted = false;
  for (const Part& part : out) wanted = wanted || !norms[part.run].empty();
  if (!wanted || layer.rule == LATHE_CHANNELS_EMBEDDING) return;
  const lathe::tensor<const float> w = weights_.of(graph_, layer.node, weight.name);
  std::uint64_t outer = 1;
  for (std::size_t d = 0; d < weight.own; ++d) outer *= static_cast<std::uint64_t>(w.shape()[d]);
  const std::uint64_t row = w.size() / outer / static_cast<std::uint64_t>(w.shape()[weight.own]);
  const float* at = w.data();
  for (std::uint64_t before = 0; before < outer; ++before) {
    for (const Part& part : out) {
      const std::int64_t places = trace_.channels.count(part.run) * part.places;
      std::vector<double>& norm = norms[part.run];
      for (std::int64_t p = 0; p < places; ++p, at += row) {
        if (!norm.empty()) norm[static_cast<std::size_t>(p / part.places)] += absolute(at, row);
      }
    }
  }
}

void Surgery::fill(lathe::edit& edit) const {
  for (const Layer& layer : trace_.layers) {
    for (const Weight& weight : layer.weights) {
      if (layer.node.find_operand(weight.name)) fill(layer.node, weight, edit);
    }
  }
}

void Surgery::fill(const lathe::node& node, const Weight& weight, lathe::edit& edit) const {
  std::vector<Places> places;
  std::vector<std::int64_t> extents;
  bool changed = false;
  for (const Axis& axis : weight.axes) {
    places.push_back(places_of(trace_.channels, axis, copies_));
    extents.push_back(static_cast<std::int64_t>(places.back().source.size()));
    changed = changed || places.back().changed;
  }
  if (!changed) return;
  const lathe::tensor<const float> old = weights_.of(graph_, node, weight.name);
  lathe_tensor& made = weights_.zeros(extents);
  const lathe::tensor<float> fresh(made);
  // Kernels and the like stay whole: they are copied in one go.
  std::int64_t block = 1;
  while (!places.back().changed) {
    block *= extents[places.size() - 1];
    places.pop_back();
  }
  Copy{places, weight.summed, old.shape(), block, old.data(), fresh.data()}.run(0, 0, 1.0F);
  edit.set_parameter(node, weight.name, made);
}

}  // namespace widths
