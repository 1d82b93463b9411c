// Recognises chains of dense layers.
#include "core/dense/chain.hpp"

#include "core/graph/inference.hpp"
#include "core/graph/ops/op_table.hpp"
#include "core/run/needed.hpp"

#include <algorithm>

namespace lathe::dense {

namespace {

// Wider layers are BLAS's business.
constexpr std::size_t kWidest = 256;
constexpr std::size_t kWidestInput = 1024;

class Reader {
 public:
  Reader(const Graph& graph, const Registry& registry, run::Mode mode)
      : registry_(registry), mode_(mode), chain_{graph, 0, {}, {}} {}

  std::optional<Chain> read() {
    const Graph& graph = chain_.graph;
    if (graph.placeholders().size() != 1) return std::nullopt;
    const std::vector<NodeId> results = graph.node(graph.output()).inputs();
    for (NodeId id : graph.order()) {
      const Node& node = graph.node(id);
      if (node.opcode == Opcode::output) break;
      if (!node.result.is_tensor() && node.opcode != Opcode::get_attr) continue;  // eg: size
      if (!(node.opcode == Opcode::placeholder ? begin(id) : add(id))) return std::nullopt;
    }
    if (results.size() != 1 || chain_.layers.empty() || results[0] != chain_.places.back().node) {
      return std::nullopt;
    }
    return std::move(chain_);
  }

 private:
  bool begin(NodeId id) {
    const Result& input = chain_.graph.node(id).result;
    if (input.dtype != DType::float32 || input.shape.rank() < 2) return false;
    chain_.features = static_cast<std::size_t>(input.shape.numel() / input.shape[0]);
    chain_.places.push_back({id, 0});
    return chain_.features <= kWidestInput;
  }

  bool add(NodeId id) {
    const Node& node = chain_.graph.node(id);
    if (chain_.places.empty() ||
        run::tensor_inputs(chain_.graph, id) != std::vector{chain_.places.back().node} ||
        node.result.shape.rank() != 2 || node.format("data_out") != nullptr) {
      return false;
    }
    if (!only_reshapes(id, node)) {
      Layer layer;
      layer.in = layer.out = static_cast<std::size_t>(node.result.shape[1]);
      const bool known = node.op == "linear"         ? read_linear(id, node, layer)
                         : node.op == "batch_norm1d" ? read_batch_norm(id, node, layer)
                                                     : node.op == "relu" && read_relu(id, layer);
      if (!known || layer.in > kWidestInput) return false;
      chain_.layers.push_back(layer);
    }
    chain_.places.push_back({id, chain_.layers.size()});
    return true;
  }

  // A reshaping that leaves each row as it is.
  bool only_reshapes(NodeId id, const Node& node) const {
    return (node.op == "view" || node.op == "reshape" || node.op == "flatten" ||
            node.op == "identity" || node.op == "contiguous") &&
           node.formats.empty() && keeps_rows_apart(chain_.graph, id);
  }

  // A format that the chain can apply. In training it may draw nothing and keep nothing.
  bool read_format(NodeId id, std::string_view role, run::Quantizer& into) const {
    into = run::quantizer_of(registry_, chain_.graph, id, role);
    if (mode_ == run::Mode::evaluation || !into) return true;
    return !into.stochastic() && !into.has_state();
  }

  bool read_linear(NodeId id, const Node& node, Layer& layer) const {
    layer.kind = Layer::Kind::linear;
    layer.weight = node.parameter("weight");
    layer.bias = node.parameter("bias");
    if (node.opcode != Opcode::call_module || layer.weight == nullptr) return false;
    layer.in = static_cast<std::size_t>(layer.weight->shape[1]);
    return layer.out <= kWidest && read_formats(id, layer);
  }

  bool read_formats(NodeId id, Layer& layer) const {
    return read_format(id, "data_in", layer.input_format) &&
           read_format(id, "weight", layer.weight_format) &&
           (layer.bias == nullptr || read_format(id, "bias", layer.bias_format));
  }

  bool read_relu(NodeId id, Layer& layer) const {
    return read_format(id, "data_in", layer.input_format);
  }

  bool read_batch_norm(NodeId id, const Node& node, Layer& layer) const {
    layer.kind = Layer::Kind::batch_norm;
    layer.weight = node.parameter("weight");
    layer.bias = node.parameter("bias");
    layer.running_mean = node.parameter("running_mean");
    layer.running_variance = node.parameter("running_var");
    layer.batches = node.parameter("num_batches_tracked");
    if (layer.weight == nullptr || layer.bias == nullptr || layer.running_mean == nullptr ||
        layer.running_variance == nullptr || layer.batches == nullptr || !read_formats(id, layer)) {
      return false;
    }
    const Value* eps = chain_.graph.attributes(id).find("eps");
    const Value* momentum = chain_.graph.attributes(id).find("momentum");
    if (eps == nullptr || momentum == nullptr) return false;
    layer.eps = eps->as_float();
    layer.cumulative = momentum->is_none();
    layer.momentum = layer.cumulative ? 0 : momentum->as_float();
    return true;
  }

  const Registry& registry_;
  run::Mode mode_;
  Chain chain_;
};

}  // namespace

std::optional<Chain> chain_of(const Graph& graph, const Registry& registry, run::Mode mode) {
  return Reader(graph, registry, mode).read();
}

}  // namespace lathe::dense
