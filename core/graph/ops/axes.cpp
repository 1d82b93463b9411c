// Rows of what moves, adds and takes away dimensions: permute, transpose, squeeze, unsqueeze,
// expand, stack.

#include "core/graph/ops/rules.hpp"

#include <algorithm>

namespace lathe::rules {

namespace {

OpRow axes_row(std::string op) {
  OpRow row = layout_row(std::move(op));
  row.function = "torch." + row.op;
  return row;
}

bool is_literal(const Argument& argument, std::int64_t wanted) {
  const Value* value = std::get_if<Value>(&argument.data);
  return value != nullptr && *value == Value(wanted);
}

// The first of what follows the tensor: x.permute(0, 2, 1), x.permute([0, 2, 1]).
bool begins_with(const Node& node, std::int64_t wanted) {
  if (node.args.size() < 2) return false;
  const Argument& first = node.args[1];
  if (const auto* items = std::get_if<std::vector<Argument>>(&first.data))
    return !items->empty() && is_literal(items->front(), wanted);
  const Value* value = std::get_if<Value>(&first.data);
  if (value != nullptr && value->is_list())
    return !value->as_list().empty() && value->as_list().front() == Value(wanted);
  return is_literal(first, wanted);
}

// Whether the dimension `dim` of the result, which it adds, is not the first.
bool added_behind_rows(const Graph& graph, NodeId id) {
  const std::size_t rank = graph.node(id).result.shape.rank();
  return axis_of(whole(graph.attributes(id), "dim"), rank, "dim") > 0;
}

OpRow permute() {
  OpRow row = axes_row("permute");
  row.signature.push_back("...");
  row.tuple_arguments = true;
  row.rows_apart = [](const Graph& graph, NodeId id) { return begins_with(graph.node(id), 0); };
  row.shape = [](const OpInputs& in) {
    const Result& x = tensor(in, 0);
    const std::vector<std::int64_t> dims = integers_after_first(in);
    const std::size_t rank = x.shape.rank();
    if (dims.size() != rank)
      refuse(fmt::format("expected an order of the {} dimensions of shape {}, found {} numbers",
                         rank, x.shape.text(), dims.size()));
    std::vector<std::int64_t> out;
    std::vector<bool> seen(rank);
    for (const std::int64_t dim : dims) {
      const std::size_t axis = axis_of(dim, rank, "dims");
      if (seen[axis]) refuse(fmt::format("'dims' names dimension {} twice", axis));
      seen[axis] = true;
      out.push_back(x.shape[axis]);
    }
    return Result{x.dtype, Shape(std::move(out)), {}};
  };
  return row;
}

OpRow transpose() {
  OpRow row = axes_row("transpose");
  row.settings = {required_integer("dim0"), required_integer("dim1")};
  row.signature = {"input", "dim0", "dim1"};
  row.rows_apart = [](const Graph& graph, NodeId id) {
    return apart_along("dim0")(graph, id) && apart_along("dim1")(graph, id);
  };
  row.shape = [](const OpInputs& in) {
    const Result& x = tensor(in, 0);
    Shape out = x.shape;
    const std::size_t a = axis_of(whole(in.attributes, "dim0"), out.rank(), "dim0");
    const std::size_t b = axis_of(whole(in.attributes, "dim1"), out.rank(), "dim1");
    std::swap(out[a], out[b]);
    return Result{x.dtype, std::move(out), {}};
  };
  return row;
}

OpRow unsqueeze() {
  OpRow row = axes_row("unsqueeze");
  row.settings = {required_integer("dim")};
  row.signature = {"input", "dim"};
  row.rows_apart = added_behind_rows;
  row.shape = [](const OpInputs& in) {
    const Result& x = tensor(in, 0);
    std::vector<std::int64_t> out = x.shape.dims();
    const std::size_t axis = axis_of(whole(in.attributes, "dim"), out.size() + 1, "dim");
    out.insert(out.begin() + static_cast<std::ptrdiff_t>(axis), 1);
    return Result{x.dtype, Shape(std::move(out)), {}};
  };
  return row;
}

// Without `dim` PyTorch takes away a batch of one, too: here it has to be given. What is not 1
// stays.
OpRow squeeze() {
  OpRow row = axes_row("squeeze");
  Setting dim = extents("dim", 0, std::nullopt);
  dim.may_be_empty = true;
  row.settings = {dim};
  row.signature = {"input", "dim"};
  row.rows_apart = [](const Graph& graph, NodeId id) {
    const std::size_t rank = tensor_inputs(graph, id).at(0)->shape.rank();
    return std::ranges::none_of(sizes(graph.attributes(id), "dim", 1),
                                [&](std::int64_t dim) { return axis_of(dim, rank, "dim") == 0; });
  };
  row.shape = [](const OpInputs& in) {
    const Result& x = tensor(in, 0);
    std::vector<std::int64_t> gone;
    for (const std::int64_t dim : sizes(in.attributes, "dim", 1)) {
      if (x.shape[axis_of(dim, x.shape.rank(), "dim")] == 1) gone.push_back(dim);
    }
    return Result{x.dtype, reduced(x.shape, gone, false), {}};
  };
  return row;
}

OpRow expand() {
  OpRow row = layout_row("expand");
  row.signature.push_back("...");
  // An extent of -1 stays as it is.
  row.rows_apart = [](const Graph& graph, NodeId id) {
    const Node& node = graph.node(id);
    return begins_with(node, -1) &&
           node.result.shape.rank() == tensor_inputs(graph, id).at(0)->shape.rank();
  };
  row.shape = [](const OpInputs& in) {
    const Result& x = tensor(in, 0);
    const std::vector<std::int64_t> wanted = integers_after_first(in);
    std::vector<std::int64_t> out = wanted;
    const auto impossible = [&] {
      refuse(fmt::format("cannot expand shape {} to {}", x.shape.text(), Shape(wanted).text()));
    };
    if (out.size() < x.shape.rank()) impossible();
    const std::size_t added = out.size() - x.shape.rank();
    for (std::size_t d = 0; d < out.size(); ++d) {
      const std::int64_t before = d < added ? 0 : x.shape[d - added];  // 0: there is none
      const std::int64_t after = out[d] == -1 && before > 0 ? before : out[d];
      if (after < 1 || (before > 1 && after != before)) impossible();
      out[d] = after;
    }
    return Result{x.dtype, Shape(std::move(out)), {}};
  };
  return row;
}

OpRow stack() {
  OpRow row = axes_row("stack");
  row.operands.clear();
  row.settings = {integer("dim", 0)};
  row.signature = {"tensors", "dim"};
  row.rows_apart = added_behind_rows;
  row.shape = [](const OpInputs& in) {
    const Result& first = tensor(in, 0);
    for (std::size_t i = 1; i < in.tensors.size(); ++i)
      if (tensor(in, i).shape != first.shape || in.tensors[i].dtype != first.dtype)
        refuse(fmt::format("shapes {} and {} cannot be stacked", first.shape.text(),
                           in.tensors[i].shape.text()));
    std::vector<std::int64_t> out = first.shape.dims();
    const std::size_t axis = axis_of(whole(in.attributes, "dim"), out.size() + 1, "dim");
    out.insert(out.begin() + static_cast<std::ptrdiff_t>(axis),
               static_cast<std::int64_t>(in.tensors.size()));
    return Result{first.dtype, Shape(std::move(out)), {}};
  };
  return row;
}

}  // namespace

void add_axes_rows(std::vector<OpRow>& rows) {
  rows.push_back(permute());
  rows.push_back(transpose());
  rows.push_back(unsqueeze());
  rows.push_back(squeeze());
  rows.push_back(expand());
  rows.push_back(stack());
}

}  // namespace lathe::rules
