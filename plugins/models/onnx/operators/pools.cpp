// Operators that pick or average numbers in windows.
#include "window.hpp"

#include <cmath>

namespace onnx_reader {

namespace {

std::string dimensional(std::string_view op, std::size_t dims) {
  if (dims < 1 || dims > 2) {
    throw lathe::error(LATHE_UNIMPLEMENTED,
                       "pools over one or two dimensions are known, no others");
  }
  return lathe::join({op, dims == 1 ? "1d" : "2d"});
}

void set_pool(Network& net, const Node& node, const std::string& op, lathe::node_id from,
              const Value& x, Extents extents, std::vector<lathe::value::entry> attributes) {
  const std::string target = net.names().without_weights(node, op);
  Value out;
  out.node = target.empty() ? net.function(op, {from}, {}, std::move(attributes))
                            : net.module(op, target, from, std::move(attributes));
  out.extents = std::move(extents);
  out.type = x.type;
  const bool average = op.find("avg") != std::string::npos;
  if (average) net.give_format(out.node, op, "data_in", x.format);
  if (!average) out.format = x.format;  // it picks numbers that have the format
  net.set(node, std::move(out));
}

void pool(Network& net, const Node& node, bool is_max) {
  const Value& x = net.tensor_input(node, 0);
  if (node.outputs() > 1 && !net.graph().readers_of(node.output(1)).empty()) {
    throw lathe::error(LATHE_UNIMPLEMENTED, "its indices are read");
  }
  if (!node.has("kernel_shape")) throw lathe::invalid_argument("it has no 'kernel_shape'");
  Window window = window_of(node, x.extents, node.integers("kernel_shape"));
  const std::string op = dimensional(is_max ? "max_pool" : "avg_pool", window.kernel.size());
  const bool ceil = node.integer("ceil_mode", 0) != 0;
  Extents extents{x.extents[0], x.extents[1]};
  for (const Extent e : slid(window, x.extents, ceil)) extents.push_back(e);
  lathe::node_id from = net.plain(x);
  const bool counts_padding = node.integer("count_include_pad", 0) != 0;
  if (!window.is_even()) {
    if (!is_max && (!counts_padding || ceil)) {
      throw lathe::error(LATHE_UNIMPLEMENTED, "it averages over uneven padding without it");
    }
    from = padded(net, window, from, is_max ? -HUGE_VAL : 0.0);
  }
  std::vector<lathe::value::entry> attributes = {
      {"kernel_size", lathe::value::list_of(window.kernel)},
      {"stride", lathe::value::list_of(window.stride)},
      {"padding", lathe::value::list_of(window.before)},
      {"ceil_mode", ceil}};
  if (is_max) {
    attributes.emplace_back("dilation", lathe::value::list_of(window.dilation));
  } else {
    for (const std::int64_t d : window.dilation) {
      if (d != 1) throw lathe::error(LATHE_UNIMPLEMENTED, "it averages with gaps ('dilations')");
    }
    attributes.emplace_back("count_include_pad", counts_padding || !window.has_padding());
  }
  set_pool(net, node, op, from, x, std::move(extents), std::move(attributes));
}

void max_pool(Network& net, const Node& node) {
  if (node.integer("storage_order", 0) != 0) {
    throw lathe::error(LATHE_UNIMPLEMENTED, "it reads columns first ('storage_order')");
  }
  pool(net, node, true);
}
void average_pool(Network& net, const Node& node) { pool(net, node, false); }

void global_pool(Network& net, const Node& node, std::string_view kind) {
  const Value& x = net.tensor_input(node, 0);
  if (x.rank() < 3) throw lathe::invalid_argument("it reads no image");
  const std::string op = dimensional(kind, x.rank() - 2);
  Extents extents{x.extents[0], x.extents[1]};
  extents.resize(x.rank());
  set_pool(net, node, op, net.plain(x), x, std::move(extents), {{"output_size", 1}});
}
void global_average_pool(Network& net, const Node& node) {
  global_pool(net, node, "adaptive_avg_pool");
}
void global_max_pool(Network& net, const Node& node) {
  global_pool(net, node, "adaptive_max_pool");
}

}  // namespace

void add_pools(std::vector<Operator>& rows) {
  const Domain onnx = Domain::onnx;
  rows.push_back(
      {onnx,
       "MaxPool",
       1,
       1,
       Takes::passes,
       {"auto_pad", "ceil_mode", "dilations", "kernel_shape", "pads", "storage_order", "strides"},
       max_pool});
  rows.push_back({onnx,
                  "AveragePool",
                  1,
                  1,
                  Takes::first,
                  {"auto_pad", "ceil_mode", "count_include_pad", "dilations", "kernel_shape",
                   "pads", "strides"},
                  average_pool});
  rows.push_back({onnx, "GlobalAveragePool", 1, 1, Takes::first, {}, global_average_pool});
  rows.push_back({onnx, "GlobalMaxPool", 1, 1, Takes::passes, {}, global_max_pool});
}

}  // namespace onnx_reader
