// The axis rules of layers: what their parameters hold, and whose channels they read and make.
// Also of where tensors come from and end. The other rules are in axis_rules.hpp.
#pragma once

#include "trace.hpp"

namespace widths::rules {

using lathe::node;

inline bool is_tensor(const node& n) { return n.dtype() != LATHE_DTYPE_NONE; }

inline std::vector<node> tensor_inputs(const node& n) {
  std::vector<node> tensors;
  for (const node& input : n.inputs()) {
    if (is_tensor(input)) tensors.push_back(input);
  }
  return tensors;
}

inline std::size_t axis_of(std::int64_t axis, std::size_t rank) {
  return static_cast<std::size_t>(axis < 0 ? axis + static_cast<std::int64_t>(rank) : axis);
}

inline void set(Trace& t, const node& n, Axes axes) { t.axes[n.id().index] = std::move(axes); }

inline Axes fixed_axes(Trace& t, const node& n, const std::string& why) {
  Axes axes;
  for (const std::int64_t extent : n.shape()) axes.push_back(t.fixed(extent, why));
  return axes;
}

inline void same(Trace& t, const node& n) { set(t, n, t.of(n.input(0))); }

inline void wall(Trace& t, const node& n) {
  const std::string why =
      lathe::join({"its channels feed ", shown(n), ", which takes them as they are"});
  for (const node& input : tensor_inputs(n)) {
    for (const Axis& axis : t.of(input)) t.channels.fix(axis, why);
  }
  set(t, n,
      fixed_axes(
          t, n,
          lathe::join({"its channels meet those of ", shown(n), ", which cannot be widened"})));
}

inline void placeholder(Trace& t, const node& n) {
  set(t, n,
      fixed_axes(t, n,
                 lathe::join({"its channels meet the graph's input '", n.name(),
                              "', whose size is the data's"})));
}

inline void constant(Trace& t, const node& n) {
  set(t, n,
      fixed_axes(t, n,
                 lathe::join({"its channels meet the tensor '", n.name(),
                              "', which belongs to no layer"})));
}

inline void output(Trace& t, const node& n) {
  for (const node& input : tensor_inputs(n)) {
    for (const Axis& axis : t.of(input)) {
      t.channels.fix(axis,
                     "its channels are the graph's output, whose number is the task's (classes)");
    }
  }
  set(t, n, {});
}

// A module that is called twice has one set of weights, so its channels are the same both times.
inline void add_layer(Trace& t, Layer layer) {
  layer.rule = layer.node.facts().channels;
  for (const Layer& earlier : t.layers) {
    if (earlier.node.target() != layer.node.target()) continue;
    const std::string where = lathe::join({shown(layer.node), ", a second call of one module"});
    t.channels.join(earlier.in, layer.in, where);
    t.channels.join(earlier.out, layer.out, where);
    break;
  }
  t.layers.push_back(std::move(layer));
}

inline void linear(Trace& t, const node& n) {
  if (!n.is_module()) return wall(t, n);
  Axes axes = t.of(n.input(0));
  const Axis in = axes.back();
  const Axis out = t.fresh(n.attribute("out_features").integer());
  axes.back() = out;
  set(t, n, std::move(axes));
  add_layer(t,
            {n, in, out, true, {{"weight", {out, in}, {false, true}}, {"bias", {out}, {false}}}});
}

inline void embedding(Trace& t, const node& n) {
  if (!n.is_module()) return wall(t, n);
  Axes axes = t.of(n.input(0));
  const Axis out = t.fresh(n.attribute("embedding_dim").integer());
  const Axis rows = t.fixed(n.attribute("num_embeddings").integer(), "its rows are the vocabulary");
  axes.push_back(out);
  set(t, n, std::move(axes));
  add_layer(t, {n, rows, out, true, {{"weight", {rows, out}, {false, false}}}});
}

// Dimensions after the channels, over which a window slides.
inline void window_axes(Trace& t, const node& n, Axes& axes) {
  const std::string why = lathe::join({"a window of ", shown(n), " slides along it"});
  for (std::size_t d = 2; d < axes.size(); ++d) {
    t.channels.fix(axes[d], why);
    axes[d] = t.fixed(n.shape()[d], why);
  }
}

inline void window(Trace& t, const node& n) {
  Axes axes = t.of(n.input(0));
  window_axes(t, n, axes);
  set(t, n, std::move(axes));
}

inline bool is_depthwise(const node& n) {
  const std::int64_t groups = n.attribute("groups").integer();
  return groups > 1 && groups == n.attribute("in_channels").integer();
}

// What one group reads of the input: the same number of channels for each of them.
inline Axis group_input(Trace& t, const node& n, const Axis& in, std::int64_t groups) {
  if (groups == 1) return in;
  const std::int64_t extent = n.attribute("in_channels").integer() / groups;
  const std::string where = lathe::join({"the groups of ", shown(n)});
  Axis rest = in, first;
  for (std::int64_t g = 0; g < groups; ++g) {
    const auto both = t.channels.split(rest, extent);
    if (!both) {
      t.channels.fix(in, lathe::join({"its channels do not divide over ", where}));
      return t.fixed(extent, where);
    }
    if (g == 0) first = both->first;
    if (g > 0) t.channels.join(first, both->first, where);
    rest = both->second;
  }
  return first;
}

inline void conv(Trace& t, const node& n) {
  if (!n.is_module()) return wall(t, n);
  Axes axes = t.of(n.input(0));
  const Axis in = axes[1];
  const std::int64_t channels = n.attribute("out_channels").integer();
  const std::int64_t groups = n.attribute("groups").integer();
  Layer layer{n, in, {}, true, {}};
  Axis reads;
  if (is_depthwise(n)) {
    // Each channel is convolved on its own, so they all follow.
    layer.out = in;
    for (Part& part : layer.out) part.places *= channels / groups;
    layer.owns_width = false;
    reads = t.fixed(1, "a channel of its own");
  } else {
    reads = group_input(t, n, in, groups);
    const RunId own = t.channels.add(channels / groups);
    layer.out.assign(static_cast<std::size_t>(groups), {own, 1});
  }
  axes[1] = layer.out;
  if (n.facts().weight_channels == 0) {
    layer.weights = {{"weight", {layer.out, reads}, {false, true}}};
  } else if (layer.owns_width) {
    layer.weights = {{"weight", {in, {layer.out[0]}}, {true, false}, 1}};
  } else {
    const Axis makes = t.fixed(channels / groups, "channels of one channel's making");
    layer.weights = {{"weight", {in, makes}, {false, false}}};
  }
  layer.weights.push_back({"bias", {layer.out}, {false}});
  window_axes(t, n, axes);
  for (std::size_t d = 2; d < axes.size(); ++d) {
    const std::int64_t kernel = n.attribute("kernel_size")[d - 2].integer();
    layer.weights[0].axes.push_back(t.fixed(kernel, "a kernel"));
    layer.weights[0].summed.push_back(false);
  }
  set(t, n, std::move(axes));
  add_layer(t, std::move(layer));
}

inline void batch_norm(Trace& t, const node& n) {
  same(t, n);
  const Axis axis = t.of(n)[1];
  Layer layer{n, axis, axis, false, {}};
  for (const char* name : {"weight", "bias", "running_mean", "running_var"}) {
    layer.weights.push_back({name, {axis}, {false}});
  }
  add_layer(t, std::move(layer));
}

inline std::string copies_change(const node& n) {
  return lathe::join({"copies of channels would change what ", shown(n), " computes"});
}

inline void layer_norm(Trace& t, const node& n) {
  if (!n.is_module()) return wall(t, n);
  same(t, n);
  const Axes& axes = t.of(n);
  const std::size_t count = n.attribute("normalized_shape").size();
  const Axes normalized(axes.end() - static_cast<std::ptrdiff_t>(count), axes.end());
  for (const Axis& axis : normalized) t.channels.forbid_copies(axis, copies_change(n));
  const std::vector<bool> summed(count, false);
  add_layer(t, {n,
                normalized.back(),
                normalized.back(),
                false,
                {{"weight", normalized, summed}, {"bias", normalized, summed}}});
}

}  // namespace widths::rules
