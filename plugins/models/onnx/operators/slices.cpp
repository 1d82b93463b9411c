// Operators that take parts of tensors, repeat one, or add margins.
#include "shapes.hpp"

#include <algorithm>

namespace onnx_reader {

namespace {

// One dimension of a slice, its ends inside: `count` places from `start`, `step` apart.
struct Cut {
  std::int64_t start = 0, step = 1, count = 0;
};

Cut cut_of(std::int64_t start, std::int64_t end, std::int64_t step, std::int64_t extent,
           bool may_be_empty) {
  if (step < 1) throw lathe::error(LATHE_UNIMPLEMENTED, "it walks backwards");
  const auto inside = [&](std::int64_t at) {
    return std::clamp<std::int64_t>(at < 0 ? at + extent : at, 0, extent);
  };
  const std::int64_t first = inside(start), last = inside(end);
  if (first >= last && !may_be_empty) throw lathe::invalid_argument("it takes nothing");
  if (first >= last) return {first, step, 0};
  return {first, step, (last - first - 1) / step + 1};
}

ConstantPtr sliced(const ConstantPtr& from, const std::vector<Cut>& cuts) {
  std::vector<std::int64_t> dims;
  for (const Cut& cut : cuts) dims.push_back(cut.count);
  return picked_from(from, dims, [cuts, own = from->dims()](const std::vector<std::int64_t>& at) {
    std::int64_t index = 0;
    for (std::size_t d = 0; d < own.size(); ++d) {
      index = index * own[d] + cuts[d].start + at[d] * cuts[d].step;
    }
    return index;
  });
}

// The whole of the batch, parts of other dimensions, as getitem has them.
lathe::value index_of(const Extents& from, const std::vector<Cut>& cuts) {
  std::vector<lathe::value> index;
  for (std::size_t d = 0; d < cuts.size(); ++d) {
    const Cut& cut = cuts[d];
    const bool whole = from[d].of_batch || (cut.count == from[d].number && cut.step == 1);
    if (whole) {
      index.push_back(lathe::slice());
    } else {
      const std::int64_t end = cut.start + (cut.count - 1) * cut.step + 1;
      index.push_back(lathe::slice(cut.start, end, cut.step == 1 ? lathe::value() : cut.step));
    }
  }
  return lathe::value::list(std::move(index));
}

// Part of a value along one or several dimensions; `whole` where nothing is cut away.
void take(Network& net, const Node& node, const Value& x, const std::vector<Cut>& cuts,
          std::size_t output) {
  if (x.integers) {
    Extents out;
    for (std::int64_t i = 0; i < cuts.at(0).count; ++i) {
      out.push_back((*x.integers)[static_cast<std::size_t>(cuts[0].start + i * cuts[0].step)]);
    }
    return net.set(node, integers_value(std::move(out)), output);
  }
  Value out;
  out.type = x.type;
  if (x.constant) {
    out.constant = sliced(plain_constant(x), cuts);
    return net.set(node, std::move(out), output);
  }
  out.extents = x.extents;
  for (std::size_t d = 0; d < cuts.size(); ++d) {
    if (!x.extents[d].of_batch) out.extents[d].number = cuts[d].count;
  }
  out.node = out.extents == x.extents
                 ? net.plain(x)
                 : net.function("getitem", {net.plain(x), index_of(x.extents, cuts)},
                                Names::of_function(node));
  net.set(node, std::move(out), output);
}

std::vector<Cut> whole_of(const Extents& extents) {
  std::vector<Cut> cuts;
  for (const Extent e : extents) cuts.push_back({0, 1, e.number});
  return cuts;
}

void slice(Network& net, const Node& node) {
  const Value x = net.input(node, 0);
  const Extents from = extents_of(x);
  const bool listed = net.graph().opset < 10;  // attributes then, inputs since
  const auto list = [&](const char* attribute, std::size_t input) {
    if (listed) return node.integers(attribute);
    return node.has_input(input) ? net.small_integers(node, input) : std::vector<std::int64_t>();
  };
  const std::vector<std::int64_t> starts = list("starts", 1), ends = list("ends", 2);
  std::vector<std::int64_t> axes = list("axes", 3), steps = list("steps", 4);
  for (std::size_t i = 0; axes.empty() && i < starts.size(); ++i) {
    axes.push_back(static_cast<std::int64_t>(i));
  }
  if (steps.empty()) steps.assign(starts.size(), 1);
  if (ends.size() != starts.size() || axes.size() != starts.size() ||
      steps.size() != starts.size()) {
    throw lathe::invalid_argument("its starts, ends, axes and steps are not as many");
  }
  std::vector<Cut> cuts = whole_of(from);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const std::size_t axis = axis_of(axes[i], from.size());
    if (from[axis].of_batch) {
      const bool whole = starts[i] == 0 && steps[i] == 1 && ends[i] >= kLargestExtent;
      if (!whole) throw lathe::error(LATHE_UNIMPLEMENTED, "it takes some rows of a batch");
      continue;
    }
    cuts[axis] = cut_of(starts[i], ends[i], steps[i], from[axis].number, !x.is_tensor());
  }
  take(net, node, x, cuts, 0);
}

void split(Network& net, const Node& node) {
  const Value x = net.input(node, 0);
  const Extents from = extents_of(x);
  const std::size_t axis = axis_of(node.integer("axis", 0), from.size());
  if (from[axis].of_batch) throw lathe::error(LATHE_UNIMPLEMENTED, "it splits the batch");
  std::vector<std::int64_t> sizes = node.integers("split");
  if (node.has_input(1)) sizes = net.small_integers(node, 1);
  const auto parts = static_cast<std::int64_t>(node.outputs());
  const std::int64_t each = (from[axis].number + parts - 1) / parts;
  std::int64_t left = from[axis].number;
  for (std::int64_t i = 0; sizes.empty() && i < parts; ++i) {
    sizes.push_back(std::min(each, left));
    left -= sizes.back();
  }
  std::int64_t start = 0;
  for (std::size_t i = 0; i < node.outputs(); ++i) {
    if (i >= sizes.size() || sizes[i] < 1 || sizes[i] > from[axis].number - start) {
      throw lathe::invalid_argument("its parts do not fit what it splits");
    }
    std::vector<Cut> cuts = whole_of(from);
    cuts[axis] = {start, 1, sizes[i]};
    start += sizes[i];
    if (!node.output(i).empty()) take(net, node, x, cuts, i);
  }
}

void expand(Network& net, const Node& node) {
  const Value& x = net.input(node, 0);
  const Extents from = extents_of(x), wanted = integers_of(net.input(node, 1));
  Value out;
  out.extents = broadcast(from, wanted);
  out.type = x.type;
  out.node = net.node_of(x);
  if (out.extents != from) {
    const std::size_t added = out.extents.size() - from.size();
    std::vector<lathe::value> sizes;
    for (std::size_t d = 0; d < out.extents.size(); ++d) {
      const bool stays = d >= added && out.extents[d] == from[d - added];
      if (!stays && out.extents[d].of_batch) {
        if (out.extents[d] != kBatch) {
          throw lathe::error(LATHE_UNIMPLEMENTED, "it repeats something for several batches");
        }
        sizes.emplace_back(net.batch());
      } else {
        sizes.emplace_back(stays ? -1 : out.extents[d].number);
      }
    }
    out.node = net.function("expand", {out.node, lathe::value::list(std::move(sizes))},
                            Names::of_function(node));
  }
  net.set(node, std::move(out));
}

// The number around a padded tensor.
double fill_of(Network& net, const Node& node) {
  if (!node.has_input(2)) return node.real("value", 0);
  const Value& fill = net.input(node, 2);
  if (!fill.constant || fill.constant->count() != 1) {
    throw lathe::error(LATHE_UNIMPLEMENTED, "it pads with numbers that the file does not have");
  }
  return fill.constant->number();
}

// PyTorch has pairs, the last dimension's first; ONNX all begins, then all ends.
void pad(Network& net, const Node& node) {
  const Value& x = net.tensor_input(node, 0);
  const std::string mode = node.word("mode", "constant");
  if (mode != "constant") {
    throw lathe::error(LATHE_UNIMPLEMENTED, lathe::join({"it pads by '", mode, "'"}));
  }
  const std::vector<std::int64_t> pads =
      node.has_input(1) ? net.small_integers(node, 1) : node.integers("pads");
  const std::size_t rank = x.extents.size();
  if (pads.size() != 2 * rank) {
    throw lathe::invalid_argument("its pads are not two for each dimension");
  }
  Value out;
  out.type = x.type;
  out.extents = x.extents;
  std::vector<lathe::value> margins;
  std::size_t used = 0;
  for (std::size_t d = rank; d-- > 0;) {
    const std::int64_t before = pads[d], after = pads[rank + d];
    margins.emplace_back(before);
    margins.emplace_back(after);
    if (before == 0 && after == 0) continue;
    used = margins.size();
    if (x.extents[d].of_batch) throw lathe::error(LATHE_UNIMPLEMENTED, "it pads the batch");
    const auto far = [](std::int64_t n) { return n > kLargestExtent || n < -kLargestExtent; };
    std::int64_t& extent = out.extents[d].number;
    if (far(before) || far(after) || extent + before + after < 1 || far(extent + before + after)) {
      throw lathe::invalid_argument("its pads leave nothing, or too much");
    }
    extent += before + after;
  }
  margins.resize(used);
  out.node = net.plain(x);
  if (used > 0) {
    out.node = net.function(
        "pad", {out.node, lathe::value::list(std::move(margins)), "constant", fill_of(net, node)},
        Names::of_function(node));
  }
  net.set(node, std::move(out));
}

}  // namespace

void add_slices(std::vector<Operator>& rows) {
  const Domain onnx = Domain::onnx;
  const auto none = Takes::nothing;
  rows.push_back({onnx, "Slice", 1, 5, none, {"axes", "ends", "starts"}, slice});
  rows.push_back({onnx, "Split", 1, 2, none, {"axis", "num_outputs", "split"}, split});
  rows.push_back({onnx, "Pad", 1, 3, none, {"mode", "pads", "value"}, pad});
  rows.push_back({onnx, "Expand", 2, 2, none, {}, expand});
}

}  // namespace onnx_reader
