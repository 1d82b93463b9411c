// How the channels of a node's result follow from those of its inputs: one function per channel
// rule of the dialect. A rule that is not known here is a wall: nothing that touches it can be
// widened.
#pragma once

#include "layer_rules.hpp"
#include "reshape.hpp"

namespace widths::rules {

inline void softmax(Trace& t, const node& n) {
  same(t, n);
  const Axes& axes = t.of(n);
  t.channels.forbid_copies(axes[axis_of(n.attribute("dim").integer(), axes.size())],
                           copies_change(n));
}

// NumPy's broadcasting, from the right.
inline void broadcast(Trace& t, const node& n) {
  const std::vector<node> inputs = tensor_inputs(n);
  if (inputs.size() < 2) return set(t, n, t.of(inputs.at(0)));
  const std::string where = shown(n);
  const lathe::shape a = inputs[0].shape(), b = inputs[1].shape();
  const Axes &left = t.of(inputs[0]), &right = t.of(inputs[1]);
  Axes axes(std::max(a.size(), b.size()));
  for (std::uint64_t back = 1; back <= axes.size(); ++back) {
    Axis& out = axes[axes.size() - back];
    const Axis* x = back <= a.size() ? &left[a.size() - back] : nullptr;
    const Axis* y = back <= b.size() ? &right[b.size() - back] : nullptr;
    if (x == nullptr || y == nullptr) {
      out = x == nullptr ? *y : *x;
      continue;
    }
    const std::int64_t wide = a[a.size() - back], other = b[b.size() - back];
    if (wide == other) {
      t.channels.join(*x, *y, where);
    } else {
      t.channels.fix(wide == 1 ? *x : *y,
                     lathe::join({"its one channel is spread over all those it meets at ", where}));
    }
    out = wide == 1 ? *y : *x;
  }
  set(t, n, std::move(axes));
}

inline void join(Trace& t, const node& n) {
  const std::vector<node> inputs = tensor_inputs(n);
  Axes axes = t.of(inputs.at(0));
  const std::size_t along = axis_of(n.attribute("dim").integer(), axes.size());
  for (std::size_t i = 1; i < inputs.size(); ++i) {
    const Axes& next = t.of(inputs[i]);
    for (std::size_t d = 0; d < axes.size(); ++d) {
      if (d == along) {
        axes[d].insert(axes[d].end(), next[d].begin(), next[d].end());
      } else {
        t.channels.join(axes[d], next[d], shown(n));
      }
    }
  }
  set(t, n, std::move(axes));
}

inline void reshape(Trace& t, const node& n) {
  const node input = n.input(0);
  set(t, n, Reshape(t, n)(t.of(input), input.shape(), n.shape()));
}

inline bool is_whole(lathe::value_view slice) {
  if (slice.kind() != LATHE_VALUE_MAP) return false;
  const lathe::value_view range = slice.find("slice");
  const bool step = range[2].is_none() || range[2].integer() == 1;
  return range[0].is_none() && range[1].is_none() && step;
}

// x[:, ::2]: an axis that is not taken whole keeps its size.
inline void pick(Trace& t, const node& n) {
  if (!is_tensor(n.input(0)))
    return set(t, n,
               fixed_axes(t, n,
                          lathe::join({"its channels meet a part of ", shown(n.input(0)),
                                       ", which cannot be widened"})));
  const Axes& in = t.of(n.input(0));
  const lathe::value_view items = n.attribute("index");
  const std::uint64_t count = items.kind() == LATHE_VALUE_LIST ? items.size() : 1;
  const auto item = [&](std::uint64_t i) {
    return items.kind() == LATHE_VALUE_LIST ? items[i] : items;
  };
  std::uint64_t consumed = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    consumed += item(i).kind() == LATHE_VALUE_MAP || item(i).kind() == LATHE_VALUE_INT;
  }
  const std::string why = lathe::join({"some of its channels are picked by ", shown(n)});
  Axes axes;
  std::size_t d = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    if (item(i).kind() == LATHE_VALUE_STRING) {
      for (std::uint64_t left = in.size() - consumed; left > 0; --left) axes.push_back(in[d++]);
    } else if (item(i).is_none()) {
      axes.push_back(t.fixed(1, why));
    } else if (is_whole(item(i))) {
      axes.push_back(in[d++]);
    } else {
      t.channels.fix(in[d++], why);
      if (item(i).kind() == LATHE_VALUE_MAP) axes.push_back(t.fixed(n.shape()[axes.size()], why));
    }
  }
  while (d < in.size()) axes.push_back(in[d++]);
  set(t, n, std::move(axes));
}

// Margins are channels too, of no layer: as many as what they meet leaves them.
inline void pad(Trace& t, const node& n) {
  Axes axes = t.of(n.input(0));
  const std::vector<std::int64_t> margins = n.attribute("pad").integers();
  const std::string why = lathe::join({"it is cut by ", shown(n)});
  for (std::size_t pair = 0; 2 * pair + 1 < margins.size(); ++pair) {
    const std::size_t d = axes.size() - 1 - pair;
    const std::int64_t before = margins[2 * pair], after = margins[2 * pair + 1];
    if (before < 0 || after < 0) {
      t.channels.fix(axes[d], why);
      axes[d] = t.fixed(n.shape()[d], why);
      continue;
    }
    Axis padded;
    if (before > 0) padded = t.fresh(before);
    padded.insert(padded.end(), axes[d].begin(), axes[d].end());
    if (after > 0) padded.push_back(t.fresh(after)[0]);
    // A margin around places that a window slides over stays what it is.
    if (t.is_fixed(axes[d]) && d != 1) t.channels.fix(padded, why);
    axes[d] = padded;
  }
  set(t, n, std::move(axes));
}

inline void average(Trace& t, const node& n) {
  const Axes& in = t.of(n.input(0));
  const lathe::value_view dims = n.attribute("dim");
  std::vector<bool> averaged(in.size(), dims.is_none());
  if (dims.kind() == LATHE_VALUE_INT) averaged[axis_of(dims.integer(), in.size())] = true;
  if (dims.kind() == LATHE_VALUE_LIST) {
    for (const std::int64_t d : dims.integers()) averaged[axis_of(d, in.size())] = true;
  }
  const std::string why = lathe::join({"its channels are averaged by ", shown(n)});
  Axes axes;
  for (std::size_t d = 0; d < in.size(); ++d) {
    if (averaged[d]) {
      t.channels.fix(in[d], why);
    } else {
      axes.push_back(in[d]);
    }
    if (averaged[d] && n.shape().size() == in.size()) axes.push_back(t.fixed(1, why));
  }
  set(t, n, std::move(axes));
}

inline AxisRule rule_of(lathe_channel_rule channels) {
  switch (channels) {
    case LATHE_CHANNELS_INPUT:
      return placeholder;
    case LATHE_CHANNELS_CONSTANT:
      return constant;
    case LATHE_CHANNELS_OUTPUT:
      return output;
    case LATHE_CHANNELS_SAME:
      return same;
    case LATHE_CHANNELS_LINEAR:
      return linear;
    case LATHE_CHANNELS_CONV:
      return conv;
    case LATHE_CHANNELS_EMBEDDING:
      return embedding;
    case LATHE_CHANNELS_BATCH_NORM:
      return batch_norm;
    case LATHE_CHANNELS_LAYER_NORM:
      return layer_norm;
    case LATHE_CHANNELS_SOFTMAX:
      return softmax;
    case LATHE_CHANNELS_WINDOW:
      return window;
    case LATHE_CHANNELS_BROADCAST:
      return broadcast;
    case LATHE_CHANNELS_JOINED:
      return join;
    case LATHE_CHANNELS_RESHAPED:
    case LATHE_CHANNELS_FLATTENED:
      return reshape;
    case LATHE_CHANNELS_PICKED:
      return pick;
    case LATHE_CHANNELS_PADDED:
      return pad;
    case LATHE_CHANNELS_AVERAGED:
      return average;
    default:
      return wall;
  }
}

}  // namespace widths::rules

namespace widths {

// The axes of every node, in order. `seen` is asked after each; it may end the walk by true.
template <class Seen>
Trace trace_axes(const lathe::graph& graph, Seen seen) {
  Trace trace;
  for (const lathe::node& node : graph.nodes()) {
    trace.axes.resize(std::max<std::size_t>(trace.axes.size(), node.id().index + 1));
  }
  for (const lathe::node& node : graph.nodes()) {
    // What gives several tensors is a wall, and no tensor.
    const bool several = node.facts().channels == LATHE_CHANNELS_WALL;
    if (rules::is_tensor(node) || node.is_output() || several)
      rules::rule_of(node.facts().channels)(trace, node);
    if (seen(trace, node)) break;
  }
  return trace;
}
inline Trace trace_axes(const lathe::graph& graph) {
  return trace_axes(graph, [](const Trace&, const lathe::node&) { return false; });
}

}  // namespace widths
