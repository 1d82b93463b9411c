// Ops that move numbers, or do nothing.
#include "../translations.hpp"
#include "window.hpp"

namespace onnx_writer {

namespace {

void same(Layer& layer) { layer.same(); }

// The result's extents as Reshape takes them: 0 is that of the input, -1 follows from the others.
std::vector<std::int64_t> wanted_extents(const Layer& layer) {
  const Extents& from = layer.extents_of_input(0);
  const Extents& to = layer.extents();
  std::vector<std::int64_t> out;
  std::size_t open = 0;
  for (std::size_t d = 0; d < to.size(); ++d) {
    const bool copies = to[d].of_batch && d < from.size() && from[d] == to[d];
    out.push_back(copies ? 0 : to[d].of_batch ? -1 : to[d].number);
    if (out.back() == -1) ++open;
  }
  if (open > 1) throw cannot({"it makes several extents of the batch"});
  return out;
}

void reshape(Layer& layer) {
  layer.result("Reshape", {layer.input(0), layer.integers("shape", wanted_extents(layer))});
}

void flatten(Layer& layer) {
  const Extents& from = layer.extents_of_input(0);
  const Extents& to = layer.extents();
  const bool keeps_rows = to.size() == 2 && from.size() > 1 && from[0] == to[0];
  if (!keeps_rows) return reshape(layer);
  layer.result("Flatten", {layer.input(0)}, {{"axis", std::int64_t{1}}});
}

void cat(Layer& layer) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < layer.inputs(); ++i) parts.push_back(layer.input(i));
  layer.result("Concat", parts, {{"axis", layer.integer("dim", 0)}});
}

std::int64_t positive(std::int64_t axis, std::size_t rank) {
  return axis < 0 ? axis + static_cast<std::int64_t>(rank) : axis;
}

void stack(Layer& layer) {
  const std::int64_t axis = positive(layer.integer("dim", 0), layer.extents().size());
  Extents one = layer.extents();
  one[static_cast<std::size_t>(axis)] = {1, false};
  const std::string axes = layer.integers("axes", {axis});
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < layer.inputs(); ++i) {
    parts.push_back(layer.make("Unsqueeze", {layer.input(i), axes}, {}, &one));
  }
  layer.result("Concat", parts, {{"axis", axis}});
}

// What follows the tensor among the arguments: x.permute(0, 2, 1), x.permute([0, 2, 1]).
std::vector<std::int64_t> numbers_after_first(const Layer& layer) {
  const lathe::value_view arguments = layer.node().arguments();
  if (arguments.size() == 2 && arguments[1].kind() == LATHE_VALUE_LIST) {
    return arguments[1].integers();
  }
  std::vector<std::int64_t> out;
  for (std::uint64_t i = 1; i < arguments.size(); ++i) out.push_back(arguments[i].integer());
  return out.empty() ? layer.node().kwargs().find("dims").integers() : out;
}

void permute(Layer& layer) {
  std::vector<std::int64_t> order = numbers_after_first(layer);
  for (std::int64_t& d : order) d = positive(d, order.size());
  layer.result("Transpose", {layer.input(0)}, {{"perm", order}});
}

void transpose(Layer& layer) {
  const std::size_t rank = layer.extents().size();
  std::vector<std::int64_t> order;
  for (std::size_t d = 0; d < rank; ++d) order.push_back(static_cast<std::int64_t>(d));
  std::swap(order.at(static_cast<std::size_t>(positive(layer.integer("dim0"), rank))),
            order.at(static_cast<std::size_t>(positive(layer.integer("dim1"), rank))));
  layer.result("Transpose", {layer.input(0)}, {{"perm", order}});
}

void unsqueeze(Layer& layer) {
  layer.result("Unsqueeze", {layer.input(0), layer.integers("axes", {layer.integer("dim")})});
}
void squeeze(Layer& layer) {
  if (layer.extents().size() == layer.extents_of_input(0).size()) return layer.same();
  std::vector<std::int64_t> axes;  // PyTorch leaves those that are not 1
  for (const std::int64_t dim : layer.extents("dim", 1)) {
    const Extents& from = layer.extents_of_input(0);
    if (from[onnx_reader::axis_of(dim, from.size())] == onnx_reader::Extent{}) axes.push_back(dim);
  }
  layer.result("Squeeze", {layer.input(0), layer.integers("axes", axes)});
}

// The batch while the network runs, as a list of one.
std::string running_batch(Layer& layer) {
  const int type = onnx::TensorProto::INT64;
  const std::string& input = layer.network().first_input();
  if (input.empty()) throw cannot({"it repeats something for each row, and there is no input"});
  const Extents one = {{1, false}};
  const std::string all = layer.make("Shape", {input}, {{"end", std::int64_t{1}}}, &one, type);
  return all;
}

void expand(Layer& layer) {
  const Extents& from = layer.extents_of_input(0);
  const Extents& to = layer.extents();
  const std::size_t added = to.size() - from.size();
  std::vector<std::int64_t> wanted;
  std::optional<std::size_t> batch;
  for (std::size_t d = 0; d < to.size(); ++d) {
    const bool stays = d >= added && from[d - added] == to[d];
    if (!stays && to[d].of_batch) {
      if (batch || to[d].number != 1 || layer.opset() < 15) {
        throw cannot(
            {"it repeats something for each row of an open batch; ONNX can say that "
             "from opset 15 on, once"});
      }
      batch = d;
    }
    wanted.push_back(stays ? 1 : to[d].number);
  }
  const std::string x = layer.input(0);
  if (!batch) return layer.result("Expand", {x, layer.integers("shape", wanted)});
  const auto middle = wanted.begin() + static_cast<std::ptrdiff_t>(*batch);
  std::vector<std::string> parts;
  if (*batch > 0) parts.push_back(layer.integers("before", {wanted.begin(), middle}));
  parts.push_back(running_batch(layer));
  if (middle + 1 != wanted.end()) {
    parts.push_back(layer.integers("after", {middle + 1, wanted.end()}));
  }
  const Extents extents = {{static_cast<std::int64_t>(wanted.size()), false}};
  const std::string shape =
      layer.make("Concat", parts, {{"axis", std::int64_t{0}}}, &extents, onnx::TensorProto::INT64);
  layer.result("Expand", {x, shape});
}

}  // namespace

void add_structure(std::vector<Translation>& rows) {
  rows.insert(rows.end(), {{"identity", same},
                           {"dropout", same},
                           {"dropout2d", same},
                           {"contiguous", same},
                           {"view", reshape},
                           {"reshape", reshape},
                           {"flatten", flatten, Naming::by_scope},
                           {"cat", cat},
                           {"stack", stack},
                           {"permute", permute},
                           {"transpose", transpose},
                           {"unsqueeze", unsqueeze},
                           {"squeeze", squeeze},
                           {"expand", expand}});
}

}  // namespace onnx_writer
