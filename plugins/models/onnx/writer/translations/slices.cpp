// Parts of a tensor, and margins around it.
#include "../translations.hpp"
#include "window.hpp"

#include <algorithm>
#include <functional>
#include <limits>

namespace onnx_writer {

namespace {

// What an index does to a tensor, in ONNX's words: slices, then places that are picked, then new
// dimensions.
struct Index {
  std::vector<std::int64_t> starts, ends, axes, steps;
  std::vector<std::pair<std::int64_t, std::int64_t>> picks;  // axis and place, from the last on
  std::vector<std::int64_t> fresh;                           // in the result
};

bool is_dots(lathe::value_view item) { return item.kind() == LATHE_VALUE_STRING; }

void add_slice(Index& index, lathe::value_view slice, std::int64_t axis) {
  const auto bound = [&](std::uint64_t i, std::int64_t otherwise) {
    return slice[i] ? slice[i].integer() : otherwise;
  };
  constexpr std::int64_t kEnd = std::numeric_limits<std::int64_t>::max();
  const std::int64_t start = bound(0, 0), end = bound(1, kEnd), step = bound(2, 1);
  if (start == 0 && end == kEnd && step == 1) return;
  index.starts.push_back(start);
  index.ends.push_back(end);
  index.axes.push_back(axis);
  index.steps.push_back(step);
}

Index index_of(lathe::value_view given, std::size_t rank) {
  std::vector<lathe::value_view> items;
  if (given.kind() == LATHE_VALUE_LIST) {
    for (std::uint64_t i = 0; i < given.size(); ++i) items.push_back(given[i]);
  } else {
    items.push_back(given);
  }
  std::int64_t used = 0;
  for (const lathe::value_view item : items) used += item && !is_dots(item);
  Index index;
  std::int64_t axis = 0, result = 0;
  for (const lathe::value_view item : items) {
    if (is_dots(item)) {
      const std::int64_t skipped = static_cast<std::int64_t>(rank) - used;
      axis += skipped;
      result += skipped;
    } else if (item.is_none()) {
      index.fresh.push_back(result++);
    } else if (item.kind() == LATHE_VALUE_INT) {
      index.picks.insert(index.picks.begin(), {axis++, item.integer()});
    } else {
      add_slice(index, item.find("slice"), axis++);
      ++result;
    }
  }
  return index;
}

struct Step {
  std::string op;
  std::vector<std::string> inputs;  // behind the tensor
  Attributes attributes;
  std::function<void(Extents&)> change;
};

std::vector<Step> steps_of(Layer& layer, const Index& index) {
  std::vector<Step> steps;
  if (!index.axes.empty()) {
    const auto sliced = [&index](Extents& extents) {
      for (std::size_t i = 0; i < index.axes.size(); ++i) {
        Extent& e = extents[static_cast<std::size_t>(index.axes[i])];
        if (e.of_batch) continue;
        const auto bound = [&](std::int64_t at) {
          return std::min(std::max<std::int64_t>(at < 0 ? at + e.number : at, 0), e.number);
        };
        const std::int64_t room = bound(index.ends[i]) - bound(index.starts[i]);
        e.number = (room + index.steps[i] - 1) / index.steps[i];
      }
    };
    steps.push_back({"Slice",
                     {layer.integers("starts", index.starts), layer.integers("ends", index.ends),
                      layer.integers("axes", index.axes), layer.integers("steps", index.steps)},
                     {},
                     sliced});
  }
  for (const auto& [axis, place] : index.picks) {
    const std::string at = layer.network().model().tensor(
        lathe::join({layer.node().name(), "_place"}), onnx::TensorProto::INT64, {},
        {reinterpret_cast<const char*>(&place), sizeof place});
    steps.push_back({"Gather", {at}, {{"axis", axis}}, [axis = axis](Extents& extents) {
                       extents.erase(extents.begin() + axis);
                     }});
  }
  if (!index.fresh.empty()) {
    steps.push_back({"Unsqueeze", {layer.integers("fresh", index.fresh)}, {}, [](Extents&) {}});
  }
  return steps;
}

void getitem(Layer& layer) {
  if (layer.is_part()) return layer.part(layer.integer("index"));
  Extents extents = layer.extents_of_input(0);
  const Index index = index_of(layer.attribute("index"), extents.size());
  const std::vector<Step> steps = steps_of(layer, index);
  if (steps.empty()) return layer.same();
  std::string x = layer.input(0);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    std::vector<std::string> inputs = {x};
    inputs.insert(inputs.end(), steps[i].inputs.begin(), steps[i].inputs.end());
    if (i + 1 == steps.size()) return layer.result(steps[i].op, inputs, steps[i].attributes);
    steps[i].change(extents);
    x = layer.make(steps[i].op, inputs, steps[i].attributes, &extents, layer.type_of_input(0));
  }
}

// Of so many elements each along a dimension, the last one of the rest.
void parts(Layer& layer, std::vector<std::int64_t> sizes) {
  const Extents& from = layer.extents_of_input(0);
  const std::int64_t dim = layer.integer("dim", 0);
  const std::size_t axis = onnx_reader::axis_of(dim, from.size());
  if (from[axis].of_batch) throw cannot({"it splits an open batch"});
  if (sizes.size() == 1) {
    const std::int64_t each = sizes[0];
    sizes.clear();
    for (std::int64_t left = from[axis].number; left > 0; left -= each) {
      sizes.push_back(std::min(each, left));
    }
  }
  std::vector<Extents> extents(sizes.size(), from);
  for (std::size_t i = 0; i < sizes.size(); ++i) extents[i][axis].number = sizes[i];
  layer.parts("Split", {layer.input(0), layer.integers("sizes", sizes)}, {{"axis", dim}}, extents);
}

void split(Layer& layer) { parts(layer, layer.extents("split_size_or_sections", 1)); }
void chunk(Layer& layer) {
  const Extents& from = layer.extents_of_input(0);
  const std::size_t axis = onnx_reader::axis_of(layer.integer("dim", 0), from.size());
  const std::int64_t chunks = layer.integer("chunks");
  parts(layer, {(from[axis].number + chunks - 1) / chunks});
}

// PyTorch has pairs, the last dimension's first; ONNX all begins, then all ends.
void pad(Layer& layer) {
  const std::size_t rank = layer.extents().size();
  const std::vector<std::int64_t> margins = layer.extents("pad", 1);
  std::vector<std::int64_t> pads(2 * rank, 0);
  for (std::size_t pair = 0; pair < margins.size() / 2; ++pair) {
    pads.at(rank - 1 - pair) = margins[2 * pair];
    pads.at(2 * rank - 1 - pair) = margins[2 * pair + 1];
  }
  const lathe::value_view value = layer.attribute("value");
  const auto fill = static_cast<float>(value ? value.real() : 0);
  layer.result("Pad", {layer.input(0), layer.integers("pads", pads), layer.number("fill", fill)});
}

}  // namespace

void add_slices(std::vector<Translation>& rows) {
  rows.insert(rows.end(), {{"getitem", getitem},
                           {"pad", pad},
                           {"split", split, Naming::by_name, true},
                           {"chunk", chunk, Naming::by_name, true}});
}

}  // namespace onnx_writer
