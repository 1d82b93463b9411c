// Operators that compute nothing: constants, shapes and what moves numbers.
#include "shapes.hpp"
#include "written_out.hpp"

#include <algorithm>

namespace onnx_reader {

namespace {

void constant(Network& net, const Node& node) {
  Value out;
  if (const auto* tensor = node.find("value")) {
    if (tensor->type() != onnx::AttributeProto::TENSOR) {
      throw lathe::invalid_argument("its value is no tensor");
    }
    out.constant = constant_of(tensor->t(), net.graph().model, net.graph().folder);
  } else if (node.has("value_int")) {
    out.constant = integers_constant({node.integer("value_int", 0)}, {});
  } else if (node.has("value_ints")) {
    const auto all = node.integers("value_ints");
    out.constant = integers_constant(all, {static_cast<std::int64_t>(all.size())});
  } else if (node.has("value_float")) {
    out.constant = reals_constant({static_cast<float>(node.real("value_float", 0))}, {});
  } else {
    throw lathe::invalid_argument("it has no value that is a tensor or a number");
  }
  out.type = out.constant->type();
  net.set(node, std::move(out));
}

void same(Network& net, const Node& node) { net.set(node, net.input(node, 0)); }

void dropout(Network& net, const Node& node) {
  if (node.outputs() > 1 && !net.graph().readers_of(node.output(1)).empty()) {
    throw lathe::invalid_argument("its mask is read; in inference there is none");
  }
  same(net, node);
}

void cast(Network& net, const Node& node) {
  const auto to = static_cast<int>(node.integer("to", 0));
  Value out = net.input(node, 0);
  if (out.constant) {
    out.constant = converted(out.constant, to);
  } else if (out.is_tensor() ? out.type != to : is_real(to)) {
    throw lathe::error(LATHE_UNIMPLEMENTED,
                       lathe::join({"it makes ", type_name(to), " of ", type_name(out.type),
                                    "; Lathe has no such layer"}));
  }
  out.type = to;
  net.set(node, std::move(out));
}

void shape(Network& net, const Node& node) {
  const Value& x = net.input(node, 0);
  Extents all = x.extents;
  if (x.constant) {
    for (const std::int64_t dim : x.constant->dims()) all.push_back({dim, false});
  } else if (x.integers) {
    all = {{static_cast<std::int64_t>(x.integers->size()), false}};
  }
  const auto rank = static_cast<std::int64_t>(all.size());
  const auto bound = [&](std::int64_t at) {
    return std::clamp<std::int64_t>(at < 0 ? at + rank : at, 0, rank);
  };
  const std::int64_t first = bound(node.integer("start", 0)),
                     last = bound(node.integer("end", rank));
  if (first > last) throw lathe::invalid_argument("its 'start' lies behind its 'end'");
  net.set(node, integers_value(Extents(all.begin() + first, all.begin() + last)));
}

// View of a tensor as other extents, in the graph's words.
void view_as(Network& net, const Node& node, const Value& x, const Extents& to) {
  Value out = x;
  out.extents = to;
  if (to != x.extents) {
    const bool flat =
        to.size() == 2 && to[0] == kBatch && x.extents.size() > 2 && x.extents[0] == kBatch;
    const lathe::node_id from = net.plain(x);
    out.order.clear();
    if (flat) {
      const std::string target = net.names().without_weights(node, "flatten");
      out.node = target.empty() ? net.function("flatten", {from, 1})
                                : net.module("flatten", target, from, {});
    } else {
      std::vector<lathe::value> extents;
      for (const Extent e : to) extents.emplace_back(e.of_batch ? -1 : e.number);
      out.node = net.function("reshape", {from, lathe::value::list(std::move(extents))},
                              Names::of_function(node));
    }
  }
  net.set(node, std::move(out));
}

void reshape(Network& net, const Node& node) {
  const Value& x = net.input(node, 0);
  const bool zero_copies = node.integer("allowzero", 0) == 0;
  const Extents wanted = integers_of(net.input(node, 1));
  if (x.is_tensor()) {
    const Extents to = reshaped(x.extents, wanted, net.graph().batch, zero_copies);
    if (is_group_norm(net, node, to)) return;
    return view_as(net, node, x, to);
  }
  if (x.integers) return net.set(node, integers_value(*x.integers, wanted.empty()));
  Extents from;
  for (const std::int64_t dim : x.constant->dims()) from.push_back({dim, false});
  std::vector<std::int64_t> dims;
  for (const Extent e : reshaped(from, wanted, 0, zero_copies)) dims.push_back(e.number);
  Value out = x;
  if (out.format && out.format->axis) out.constant = quantized(out.constant, out.format);
  if (out.format && out.format->axis) out.format = nullptr;
  out.constant = with_dims(out.constant, std::move(dims));
  net.set(node, std::move(out));
}

void flatten(Network& net, const Node& node) {
  const Value& x = net.tensor_input(node, 0);
  const auto rank = static_cast<std::int64_t>(x.rank());
  std::int64_t axis = node.integer("axis", 1);
  if (axis < -rank || axis > rank) throw lathe::invalid_argument("its axis lies outside");
  if (axis < 0) axis += rank;
  // Of a single row the batch is 1 wherever it stands.
  if (axis == 0 && net.graph().batch == 1 && x.extents[0] == kBatch) axis = 1;
  if (axis == 0) throw lathe::invalid_argument("it puts the rows of a batch into one");
  const auto middle = x.extents.begin() + axis;
  const auto batch = [](Extents::const_iterator first, Extents::const_iterator last) {
    return std::any_of(first, last, [](Extent e) { return e.of_batch; });
  };
  const Extents to{
      {elements_of_row(Extents(x.extents.begin(), middle)), batch(x.extents.begin(), middle)},
      {elements_of_row(Extents(middle, x.extents.end())), batch(middle, x.extents.end())}};
  view_as(net, node, x, to);
}

std::vector<std::size_t> order_of(const Node& node, std::size_t rank) {
  const std::vector<std::int64_t> given = node.integers("perm");
  std::vector<std::size_t> order;
  std::vector<bool> seen(rank, false);
  for (std::size_t i = 0; given.empty() && i < rank; ++i) order.push_back(rank - 1 - i);
  for (const std::int64_t d : given) {
    const std::size_t at = axis_of(d, rank);
    if (seen[at]) throw lathe::invalid_argument("its 'perm' names a dimension twice");
    seen[at] = true;
    order.push_back(at);
  }
  if (order.size() != rank) throw lathe::invalid_argument("its 'perm' has not all dimensions");
  return order;
}

FormatPtr reordered(const FormatPtr& format, const std::vector<std::size_t>& order) {
  if (format == nullptr || !format->axis) return format;
  auto out = std::make_shared<Format>(*format);
  out->axis = static_cast<std::size_t>(std::find(order.begin(), order.end(), *format->axis) -
                                       order.begin());
  return out;
}

// Noted, not done: what reads it in this order has it done, and two that undo each other vanish.
void transpose(Network& net, const Node& node) {
  Value out = net.input(node, 0);
  const std::vector<std::size_t> order = order_of(node, out.rank());
  if (out.constant) {
    out.constant = transposed(out.constant, order);
  } else if (!out.integers) {
    const Value x = out;
    for (std::size_t i = 0; i < order.size(); ++i) {
      out.extents[i] = x.extents[order[i]];
    }
    out.order.assign(order.size(), 0);
    for (std::size_t i = 0; i < order.size(); ++i) {
      out.order[i] = x.order.empty() ? order[i] : x.order[order[i]];
    }
  }
  out.format = reordered(out.format, order);
  net.set(node, std::move(out));
}

// Before opset 13 an attribute, since then an input; nothing: not given.
std::vector<std::int64_t> axes_of(const Network& net, const Node& node) {
  if (node.has("axes")) return node.integers("axes");
  return node.has_input(1) ? net.small_integers(node, 1) : std::vector<std::int64_t>();
}

void view_constant(Network& net, const Node& node, const Value& x, const Extents& to) {
  if (x.integers) return net.set(node, integers_value(*x.integers, to.empty()));
  std::vector<std::int64_t> dims;
  for (const Extent e : to) dims.push_back(e.number);
  Value out = x;
  out.constant = with_dims(x.constant, std::move(dims));
  net.set(node, std::move(out));
}

void squeeze(Network& net, const Node& node) {
  if (net.is_dissolved(node)) return same(net, node);
  const Value x = net.input(node, 0);
  const Extents from = extents_of(x);
  std::vector<bool> gone(from.size(), false);
  const std::vector<std::int64_t> axes = axes_of(net, node);
  for (const std::int64_t axis : axes) {
    const std::size_t at = axis_of(axis, from.size());
    if (from[at] != Extent{})
      throw lathe::invalid_argument("it takes a dimension away that is not 1");
    gone[at] = true;
  }
  Extents to;
  for (std::size_t d = 0; d < from.size(); ++d) {
    if (axes.empty() ? from[d] != Extent{} : !gone[d]) to.push_back(from[d]);
  }
  x.is_tensor() ? view_as(net, node, x, to) : view_constant(net, node, x, to);
}

// PyTorch 0.3 norms vectors as sequences of length 1: the Squeeze behind such a norm, if there is
// one for each Unsqueeze before it.
const Node* squeeze_behind_norm(const Graph& graph, const Node& node) {
  const Node* at = &node;
  for (const char* op : {"BatchNormalization", "Squeeze"}) {
    const std::vector<std::size_t>& readers = graph.readers_of(at->output(0));
    if (readers.size() != 1 || at->output(0) == graph.output) return nullptr;
    const Node& reader = graph.nodes[readers[0]];
    if (reader.op() != op || reader.input(0) != at->output(0)) return nullptr;
    at = &reader;
  }
  return at;
}

void unsqueeze(Network& net, const Node& node) {
  const Value x = net.input(node, 0);
  const Node* squeezed = x.rank() == 2 && node.integers("axes") == std::vector<std::int64_t>{2}
                             ? squeeze_behind_norm(net.graph(), node)
                             : nullptr;
  if (squeezed != nullptr && squeezed->integers("axes") == node.integers("axes")) {
    net.dissolve(*squeezed);
    return same(net, node);
  }
  const Extents from = extents_of(x);
  const std::vector<std::int64_t> axes = axes_of(net, node);
  std::vector<bool> fresh(from.size() + axes.size(), false);
  for (const std::int64_t axis : axes) {
    const std::size_t at = axis_of(axis, fresh.size());
    if (fresh[at]) throw lathe::invalid_argument("it names an axis twice");
    fresh[at] = true;
  }
  Extents to;
  auto next = from.begin();
  for (const bool is_fresh : fresh) to.push_back(is_fresh ? Extent{} : *next++);
  x.is_tensor() ? view_as(net, node, x, to) : view_constant(net, node, x, to);
}

void concat(Network& net, const Node& node) {
  bool shapes = true;
  for (std::size_t i = 0; i < node.inputs(); ++i)
    shapes = shapes && is_shape_like(net.input(node, i));
  if (shapes) {
    Extents all;
    for (std::size_t i = 0; i < node.inputs(); ++i) {
      for (const Extent e : integers_of(net.input(node, i))) all.push_back(e);
    }
    return net.set(node, integers_value(std::move(all)));
  }
  Value out = net.tensor_input(node, 0);
  const std::size_t axis = axis_of(node.integer("axis", 1), out.rank());
  std::vector<lathe::value> parts{net.plain(out)};
  for (std::size_t i = 1; i < node.inputs(); ++i) {
    const Value& x = net.tensor_input(node, i);
    if (x.rank() != out.rank() || x.extents[axis].of_batch) {
      throw lathe::invalid_argument("its inputs cannot be joined along its axis");
    }
    out.extents[axis].number += x.extents[axis].number;
    parts.emplace_back(net.plain(x));
  }
  out.node =
      net.function("cat", {lathe::value::list(std::move(parts)), static_cast<std::int64_t>(axis)},
                   Names::of_function(node));
  out.order.clear();
  out.format = nullptr;
  net.set(node, std::move(out));
}

// One place along a dimension, which goes away.
void pick(Network& net, const Node& node, const Value& from, const Value& at) {
  const std::size_t axis = axis_of(node.integer("axis", 0), from.rank());
  if (from.extents[axis].of_batch) {
    throw lathe::error(LATHE_UNIMPLEMENTED, "it picks a row of the batch");
  }
  const std::size_t place =
      axis_of(at.constant->integers().at(0), static_cast<std::size_t>(from.extents[axis].number));
  std::vector<lathe::value> index(axis, lathe::slice());
  index.emplace_back(static_cast<std::int64_t>(place));
  Value out;
  out.type = from.type;
  out.extents = from.extents;
  out.extents.erase(out.extents.begin() + static_cast<std::ptrdiff_t>(axis));
  out.node = net.function("getitem", {net.plain(from), lathe::value::list(std::move(index))},
                          Names::of_function(node));
  net.set(node, std::move(out));
}

// Rows of a table by number, or elements of a shape.
void gather(Network& net, const Node& node) {
  const Value& from = net.input(node, 0);
  const Value& at = net.input(node, 1);
  if (is_shape_like(from) && is_shape_like(at)) {
    const Extents all = integers_of(from);
    Extents out;
    for (const Extent e : integers_of(at)) out.push_back(all[axis_of(e.number, all.size())]);
    return net.set(node, integers_value(std::move(out), at.rank() == 0));
  }
  if (from.is_tensor() && at.constant && at.rank() == 0) return pick(net, node, from, at);
  const bool table = from.constant && from.rank() == 2 && !at.integers;
  if (!table || axis_of(node.integer("axis", 0), from.rank()) != 0) {
    throw lathe::error(LATHE_UNIMPLEMENTED,
                       "only rows of a table are picked by number (an embedding)");
  }
  const Weight weight = net.weight_input(node, 0);
  const std::int64_t count = weight.constant->dims()[0], width = weight.constant->dims()[1];
  const std::string target =
      net.names().with_weights(node, weight.constant->name(), "embedding", weight.constant->name());
  Value out;
  out.extents = extents_of(at);
  out.extents.push_back({width, false});
  out.type = onnx::TensorProto::FLOAT;
  out.node = net.module("embedding", target, net.node_of(at),
                        {{"num_embeddings", count}, {"embedding_dim", width}});
  net.give(out.node, "weight", weight.constant);
  net.set(node, std::move(out));
}

}  // namespace

void add_structure(std::vector<Operator>& rows) {
  const Domain onnx = Domain::onnx;
  const auto none = Takes::nothing, passes = Takes::passes;
  rows.insert(rows.end(),
              {
                  {onnx,
                   "Constant",
                   0,
                   0,
                   none,
                   {"value", "value_int", "value_ints", "value_float"},
                   constant},
                  {onnx, "Identity", 1, 1, passes, {}, same},
                  {onnx, "Dropout", 1, 3, passes, {"ratio", "is_test", "seed"}, dropout},
                  {onnx, "Cast", 1, 1, none, {"to", "saturate"}, cast},
                  {onnx, "Shape", 1, 1, none, {"start", "end"}, shape},
                  {onnx, "Reshape", 2, 2, passes, {"allowzero"}, reshape},
                  {onnx, "Flatten", 1, 1, passes, {"axis"}, flatten},
                  {onnx, "Transpose", 1, 1, passes, {"perm"}, transpose},
                  {onnx, "Squeeze", 1, 2, passes, {"axes"}, squeeze},
                  {onnx, "Unsqueeze", 1, 2, passes, {"axes"}, unsqueeze},
                  {onnx, "Concat", 1, kAnyNumber, none, {"axis"}, concat},
                  {onnx, "Gather", 2, 2, none, {"axis"}, gather},
              });
}

}  // namespace onnx_reader
