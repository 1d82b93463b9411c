// Operators that take dimensions away.
#include "written_out.hpp"

namespace onnx_reader {

namespace {

// Over dimensions that are named, none of which is the batch.
void reduce(Network& net, const Node& node, const char* op) {
  const Value x = net.tensor_input(node, 0);
  std::vector<std::int64_t> axes = reduced_axes(net, node);
  if (axes.empty() && node.integer("noop_with_empty_axes", 0) != 0) return net.set(node, x);
  if (axes.empty()) throw lathe::error(LATHE_UNIMPLEMENTED, "it goes over the batch, too");
  const bool keeps = node.integer("keepdims", 1) != 0;
  std::vector<bool> gone(x.rank(), false);
  for (std::int64_t& axis : axes) {
    axis = static_cast<std::int64_t>(axis_of(axis, x.rank()));
    gone[static_cast<std::size_t>(axis)] = true;
    if (x.extents[static_cast<std::size_t>(axis)].of_batch) {
      throw lathe::error(LATHE_UNIMPLEMENTED, "it goes over the batch, too");
    }
  }
  Value out;
  for (std::size_t d = 0; d < x.rank(); ++d) {
    if (!gone[d]) out.extents.push_back(x.extents[d]);
    if (gone[d] && keeps) out.extents.push_back({});
  }
  out.type = x.type;
  out.node = net.function(op, {net.plain(x), lathe::value::list_of(axes)}, Names::of_function(node),
                          {{"keepdim", keeps}});
  net.set(node, std::move(out));
}
// The place of the largest: the second result of PyTorch's max.
void arg_max(Network& net, const Node& node) {
  const Value x = net.tensor_input(node, 0);
  const std::size_t axis = axis_of(node.integer("axis", 0), x.rank());
  const bool keeps = node.integer("keepdims", 1) != 0;
  if (x.extents[axis].of_batch || node.integer("select_last_index", 0) != 0) {
    throw lathe::error(LATHE_UNIMPLEMENTED,
                       "it goes over the batch, or takes the last of equals ('select_last_index')");
  }
  Value out;
  out.type = onnx::TensorProto::INT64;
  out.extents = x.extents;
  if (keeps) {
    out.extents[axis] = {};
  } else {
    out.extents.erase(out.extents.begin() + static_cast<std::ptrdiff_t>(axis));
  }
  const lathe::node_id both = net.function("max", {net.plain(x), static_cast<std::int64_t>(axis)},
                                           {}, {{"keepdim", keeps}});
  out.node = net.function("getitem", {both, std::int64_t{1}}, Names::of_function(node));
  net.set(node, std::move(out));
}

void reduce_mean(Network& net, const Node& node) {
  if (!is_layer_norm(net, node)) reduce(net, node, "mean");
}
void reduce_sum(Network& net, const Node& node) { reduce(net, node, "sum"); }
void reduce_max(Network& net, const Node& node) { reduce(net, node, "amax"); }

}  // namespace

void add_reductions(std::vector<Operator>& rows) {
  const std::vector<std::string_view> words = {"axes", "keepdims", "noop_with_empty_axes"};
  const auto add = [&](const char* op, void (*translate)(Network&, const Node&)) {
    rows.push_back({Domain::onnx, op, 1, 2, Takes::nothing, words, translate});
  };
  add("ReduceMean", reduce_mean);
  add("ReduceSum", reduce_sum);
  add("ReduceMax", reduce_max);
  rows.push_back({Domain::onnx,
                  "ArgMax",
                  1,
                  1,
                  Takes::nothing,
                  {"axis", "keepdims", "select_last_index"},
                  arg_max});
}

}  // namespace onnx_reader
