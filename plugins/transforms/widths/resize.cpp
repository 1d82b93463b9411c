#include "resize.hpp"

#include "layer_rules.hpp"

namespace widths {

void Resize::apply(const lathe::graph& graph) {
  for (const Layer& layer : trace_.layers) resize(layer);
  for (const lathe::node& node : graph.nodes()) {
    const lathe_channel_rule rule = node.facts().channels;
    if (rule == LATHE_CHANNELS_RESHAPED) resize_view(node);
    if (rule == LATHE_CHANNELS_PADDED) resize_margins(node);
  }
}

void Resize::set(const lathe::node& node, std::string_view key, const Axis& axis) {
  const std::int64_t extent = sizes_.extent(axis);
  if (node.attribute(key).integer() != extent) edit_.set_attribute(node, key, extent);
}

void Resize::resize(const Layer& layer) {
  const lathe::node& node = layer.node;
  switch (layer.rule) {
    case LATHE_CHANNELS_LINEAR:
      set(node, "in_features", layer.in);
      set(node, "out_features", layer.out);
      break;
    case LATHE_CHANNELS_CONV:
      if (rules::is_depthwise(node)) set(node, "groups", layer.in);
      set(node, "in_channels", layer.in);
      set(node, "out_channels", layer.out);
      break;
    case LATHE_CHANNELS_EMBEDDING:
      set(node, "embedding_dim", layer.out);
      break;
    case LATHE_CHANNELS_LAYER_NORM:
      set_all(node, "normalized_shape", layer.weights[0].axes);
      break;
    default:
      set(node, "num_features", layer.out);
      reset_count(layer);
  }
}

void Resize::set_all(const lathe::node& node, std::string_view key, const Axes& axes) {
  std::vector<std::int64_t> extents;
  for (const Axis& axis : axes) extents.push_back(sizes_.extent(axis));
  if (extents != node.attribute(key).integers()) {
    edit_.set_attribute(node, key, lathe::value::list_of(extents));
  }
}

void Resize::reset_count(const Layer& layer) {
  const lathe::node& node = layer.node;
  if (!sizes_.same(layer.out) && node.attribute("momentum").is_none() &&
      node.find_operand("num_batches_tracked")) {
    std::int64_t none = 0;
    lathe_tensor zero = {};
    zero.struct_size = sizeof zero;
    zero.dl.data = &none;
    zero.dl.device = {kDLCPU, 0};
    zero.dl.dtype = {kDLInt, 64, 1};
    edit_.set_parameter(node, "num_batches_tracked", zero);
  }
}

void Resize::resize_view(const lathe::node& node) {
  const Axes& axes = trace_.of(node);
  const lathe::value_view given = node.arguments();
  if (given.size() < 2) return;
  const bool listed = given[1].kind() == LATHE_VALUE_LIST;
  const lathe::value_view extents = listed ? given[1] : given;
  const std::uint64_t first = listed ? 0 : 1;
  std::vector<lathe::value> written;
  bool changed = false;
  for (std::uint64_t i = 0; i < extents.size(); ++i) {
    written.emplace_back(lathe::value(extents[i]));
    if (i < first || extents[i].kind() != LATHE_VALUE_INT || extents[i].integer() < 0) continue;
    const std::int64_t extent = sizes_.extent(axes.at(i - first));
    if (extent == extents[i].integer()) continue;
    written.back() = lathe::value(extent);
    changed = true;
  }
  if (!changed) return;
  if (!listed) return edit_.set_args(node, written);
  std::vector<lathe::value> arguments{lathe::value(given[0]), lathe::value::list(written)};
  edit_.set_args(node, arguments);
}

void Resize::resize_margins(const lathe::node& node) {
  std::vector<std::int64_t> margins = node.attribute("pad").integers();
  const std::vector<std::int64_t> before = margins;
  const Axes& axes = trace_.of(node);
  for (std::size_t pair = 0; 2 * pair + 1 < margins.size(); ++pair) {
    std::int64_t &head = margins[2 * pair], &tail = margins[2 * pair + 1];
    if (head < 0 || tail < 0) continue;
    const std::size_t d = axes.size() - 1 - pair;
    const Axis whole = trace_.channels.resolve(axes[d]);
    const std::int64_t middle = node.shape()[d] - head - tail;
    std::int64_t place = 0, new_head = 0, new_tail = 0;
    for (const Part& part : whole) {
      const std::int64_t width = sizes_.count(part.run) * part.places;
      if (place < head) new_head += width;
      if (place >= head + middle) new_tail += width;
      place += trace_.channels.count(part.run) * part.places;
    }
    head = new_head;
    tail = new_tail;
  }
  if (margins != before) edit_.set_attribute(node, "pad", lathe::value::list_of(margins));
}

}  // namespace widths
