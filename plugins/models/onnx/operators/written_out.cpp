#include "written_out.hpp"

#include <cmath>

namespace onnx_reader {

const Node* only_reader(const Graph& graph, const std::string& value, std::string_view op) {
  const std::vector<std::size_t>& readers = graph.readers_of(value);
  if (value == graph.output || readers.size() != 1) return nullptr;
  const Node& reader = graph.nodes[readers[0]];
  return reader.op() == op ? &reader : nullptr;
}

const std::string& other_input(const Node& node, const std::string& value) {
  return node.input(node.input(0) == value ? 1 : 0);
}

const Value* number_at(const Network& net, const std::string& name) {
  const Value* value = net.find(name);
  const bool number = value != nullptr && value->constant && value->constant->count() == 1 &&
                      is_real(value->constant->type());
  return number ? value : nullptr;
}

bool is_number(const Network& net, const std::string& name, double wanted) {
  const Value* value = number_at(net, name);
  return value != nullptr && std::fabs(value->constant->number() - wanted) <= 1e-6 * wanted;
}

ConstantPtr vector_at(const Network& net, const std::string& name, std::int64_t count) {
  const Value* value = net.find(name);
  const bool fits = value != nullptr && value->constant && !value->format && value->rank() == 1 &&
                    value->constant->count() == count;
  return fits ? value->constant : nullptr;
}

std::vector<std::int64_t> reduced_axes(const Network& net, const Node& node) {
  if (node.has("axes")) return node.integers("axes");
  return node.has_input(1) ? net.small_integers(node, 1) : std::vector<std::int64_t>();
}

bool is_gelu(Network& net, const Node& node) {
  const Graph& graph = net.graph();
  const Node* erf = only_reader(graph, node.output(0), "Erf");
  const Node* sum = erf == nullptr ? nullptr : only_reader(graph, erf->output(0), "Add");
  const Node* product = sum == nullptr ? nullptr : only_reader(graph, sum->output(0), "Mul");
  const Node* half = product == nullptr ? nullptr : only_reader(graph, product->output(0), "Mul");
  if (half == nullptr || other_input(*product, sum->output(0)) != node.input(0)) return false;
  const std::string& one = other_input(*sum, erf->output(0));
  const std::string& scale = other_input(*half, product->output(0));
  for (const std::string& number : {node.input(1), one, scale}) net.make(number);
  if (!is_number(net, node.input(1), std::sqrt(2.0)) || !is_number(net, one, 1) ||
      !is_number(net, scale, 0.5)) {
    return false;
  }
  for (const Node* part : {erf, sum, product, half}) net.skip(*part);
  net.elementwise(node, "gelu", {}, half, 5);
  return true;
}

}  // namespace onnx_reader
