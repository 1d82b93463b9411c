// What an axis rule sees and writes: the axes of every node's result, and the layers that own
// widths. Knows nothing about single ops (axis_rules.hpp) nor about new sizes.
#pragma once

#include "channels.hpp"

#include <lathe/lathe.hpp>

#include <map>

namespace widths {

using Axes = std::vector<Axis>;  // of a tensor, batch first

// A parameter or buffer: which channels stand along each of its dimensions, and along which of
// them the layer sums, so that a channel that is there twice must count half. Channels of the
// layer's result lie along the dimension `own`.
struct Weight {
  std::string name;
  Axes axes;
  std::vector<bool> summed;
  std::size_t own = 0;
};

// A module whose size follows from widths.
struct Layer {
  lathe::node node;
  Axis in, out;
  bool owns_width = false;  // its output has channels of its own making
  std::vector<Weight> weights;
  lathe_channel_rule rule = LATHE_CHANNELS_WALL;
};

struct Trace {
  Channels channels;
  std::vector<Axes> axes;  // by node id
  std::vector<Layer> layers;

  const Axes& of(const lathe::node& node) const { return axes[node.id().index]; }
  const Layer* layer(const lathe::node& node) const {
    for (const Layer& layer : layers) {
      if (layer.node.id() == node.id()) return &layer;
    }
    return nullptr;
  }

  Axis fresh(std::int64_t extent) { return {{channels.add(extent), 1}}; }
  Axis fixed(std::int64_t extent, const std::string& why) {
    const Axis axis = fresh(extent);
    channels.fix(axis, why);
    return axis;
  }
  bool is_fixed(const Axis& axis) const {
    for (const Part& part : channels.resolve(axis)) {
      if (channels.fixed(part.run).empty()) return false;
    }
    return true;
  }
};

// "'conv1' (conv2d)"
inline std::string shown(const lathe::node& node) {
  return lathe::join({"'", node.name(), "' (", node.op(), ")"});
}

// A rule fills in the axes of a node's result from those of its inputs.
using AxisRule = void (*)(Trace&, const lathe::node&);

}  // namespace widths
