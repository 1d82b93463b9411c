// The shape of what each node makes, with an open batch where the network has one.
#pragma once

#include "../file/extents.hpp"

#include <lathe/lathe.hpp>

namespace onnx_writer {

using onnx_reader::Extent;
using onnx_reader::Extents;

class Shapes {
 public:
  // `open`: the batch is to be left open. It is not where the network says it itself, eg: by
  // view(128, -1); then the batch is that of the graph. Without `open` it is 1, or the graph's.
  Shapes(const lathe::graph& graph, bool open);

  const Extents& of(lathe::node_id node) const { return all_.at(node.index); }
  bool is_open() const { return open_; }

 private:
  std::vector<Extents> all_;  // by node
  bool open_ = false;
};

}  // namespace onnx_writer
