#include "network.hpp"

#include <algorithm>

namespace onnx_reader {

namespace {

using onnx::TensorProto;

// Which of a placeholder's or constant's element types a type of the file is; null: none.
const char* dtype_of(int type) {
  switch (type) {
    case TensorProto::FLOAT:
      return "float32";
    case TensorProto::INT64:
      return "int64";
    case TensorProto::INT32:
      return "int32";
    case TensorProto::INT16:
      return "int16";
    case TensorProto::INT8:
      return "int8";
    case TensorProto::UINT8:
      return "uint8";
    case TensorProto::BOOL:
      return "bool";
    default:
      return nullptr;
  }
}

Extents open_extents(const std::vector<std::int64_t>& row) {
  Extents out{kBatch};
  for (const std::int64_t extent : row) out.push_back({extent, false});
  return out;
}

bool is_ordered(const std::vector<std::size_t>& order) {
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (order[i] != i) return false;
  }
  return true;
}

// Names in a file may hold any bytes; a message is a line.
std::string in_one_line(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20) c = '?';
  }
  return text;
}

constexpr std::int64_t kMostIntegers = 64;  // of a shape

}  // namespace

std::size_t Value::rank() const {
  if (constant) return constant->rank();
  return integers ? (is_scalar ? 0 : 1) : extents.size();
}

Network::Network(const Graph& graph, lathe::edit& edit, std::vector<ConstantPtr>& promised,
                 Warn warn)
    : graph_(graph), edit_(edit), promised_(promised), warn_(std::move(warn)), names_(graph) {}

void Network::build() {
  for (const auto& [name, constant] : graph_.constants) {
    Value value;
    value.constant = constant;
    value.type = constant->type();
    values_[name] = std::move(value);
  }
  add_inputs();
  for (const Node& node : graph_.nodes) translate(node);
  finish();
}

void Network::add_inputs() {
  for (const Input& input : graph_.inputs) {
    const char* dtype = dtype_of(input.type);
    if (dtype == nullptr) {
      throw lathe::invalid_argument(lathe::join(
          {"input '", input.name, "' is of ", type_name(input.type), ", which no layer takes"}));
    }
    Value value;
    lathe::node_spec spec{"placeholder", input.name, {}};
    spec.opcode = LATHE_OPCODE_PLACEHOLDER;
    spec.attributes = {{"shape", lathe::value::list_of(input.row)}, {"dtype", dtype}};
    value.node = edit_.add(spec);
    value.extents = open_extents(input.row);
    value.type = input.type;
    values_[input.name] = std::move(value);
  }
}

void Network::warn(const std::string& text) {
  if (told_.insert(text).second) warn_(text);
}

void Network::translate(const Node& node) {
  if (skipped_.count(node.number()) > 0) return;
  try {
    node.row().translate(*this, node);
  } catch (const lathe::error& error) {
    throw lathe::error(error.code(), lathe::join({described(node), ": ", error.what()}));
  }
}

void Network::finish() {
  const Value& result = values_.at(graph_.output);
  if (!result.is_tensor()) {
    throw lathe::invalid_argument("its output does not depend on its input");
  }
  lathe::node_spec spec{"output", "output", {plain(result)}};
  spec.opcode = LATHE_OPCODE_OUTPUT;
  edit_.add(spec);
}

const Value& Network::input(const Node& node, std::size_t i) const {
  const auto found = values_.find(node.input(i));
  if (found != values_.end()) return found->second;
  throw lathe::invalid_argument(
      node.has_input(i) ? lathe::join({"'", node.input(i), "' is a result that no node makes here"})
                        : lathe::join({"its input ", lathe::to_string(static_cast<std::int64_t>(i)),
                                       " is left out"}));
}

const Value* Network::find(const std::string& name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? nullptr : &found->second;
}

void Network::make(const std::string& name) {
  const Node* maker = find(name) == nullptr ? graph_.maker_of(name) : nullptr;
  if (maker != nullptr && maker->inputs() == 0) translate(*maker);
}

const Value& Network::tensor_input(const Node& node, std::size_t i) const {
  const Value& value = input(node, i);
  if (value.is_tensor()) return value;
  throw lathe::invalid_argument(
      lathe::join({"'", node.input(i), "' must follow from the network's input"}));
}

Weight Network::weight_input(const Node& node, std::size_t i) const {
  const Value& value = input(node, i);
  if (value.constant == nullptr) {
    throw lathe::invalid_argument(
        lathe::join({"'", node.input(i),
                     "' follows from the network's input; Lathe takes only "
                     "weights that the file has"}));
  }
  if (!is_real(value.constant->type())) {
    throw lathe::invalid_argument(lathe::join(
        {"'", node.input(i), "' holds ", type_name(value.constant->type()), ", not numbers"}));
  }
  return {value.constant, value.format};
}

std::vector<std::int64_t> Network::small_integers(const Node& node, std::size_t i) const {
  const Value& value = input(node, i);
  if (value.constant == nullptr || value.constant->count() > kMostIntegers) {
    throw lathe::invalid_argument(
        lathe::join({"'", node.input(i), "' must be a short list of integers in the file"}));
  }
  return value.constant->integers();
}

void Network::set(const Node& node, Value value, std::size_t output) {
  if (is_ordered(value.order)) value.order.clear();
  values_[node.output(output)] = std::move(value);
}

lathe::node_id Network::plain(const Value& value) {
  if (value.order.empty()) return value.node;
  std::vector<std::int64_t> order(value.order.begin(), value.order.end());
  return function("permute", {value.node, lathe::value::list_of(order)});
}

lathe::node_id Network::node_of(const Value& value) {
  if (value.is_tensor()) return plain(value);
  if (value.constant == nullptr) {
    throw lathe::invalid_argument("it computes with the batch as a number");
  }
  const ConstantPtr constant =
      value.format ? quantized(value.constant, value.format) : value.constant;
  const char* dtype = is_real(constant->type()) ? "float32" : dtype_of(constant->type());
  if (dtype == nullptr) {
    throw lathe::invalid_argument(lathe::join({"it reads ", type_name(constant->type())}));
  }
  std::string name = value.format ? std::string() : constant->name();
  if (name.empty()) {
    name = lathe::join(
        {"constant_", lathe::to_string(static_cast<std::int64_t>(unnamed_constants_++))});
  }
  const auto known = constant_nodes_.find(name);
  if (known != constant_nodes_.end()) return known->second;
  std::vector<std::int64_t> dims = constant->dims();
  if (dims.empty()) dims = {1};
  lathe::node_spec spec{"constant", name, {}};
  spec.opcode = LATHE_OPCODE_GET_ATTR;
  spec.attributes = {{"shape", lathe::value::list_of(dims)}, {"dtype", dtype}, {"buffer", true}};
  const lathe::node_id made = edit_.add(spec);
  give(made, "value", with_dims(constant, dims));
  constant_nodes_[name] = made;
  return made;
}

lathe::node_id Network::batch() {
  if (!batch_) {
    lathe::node_spec spec{"size", {}, {values_.at(graph_.inputs.at(0).name).node, std::int64_t{0}}};
    spec.opcode = LATHE_OPCODE_CALL_METHOD;
    batch_ = edit_.add(spec);
  }
  return *batch_;
}

lathe::node_id Network::module(std::string_view op, const std::string& target, lathe::node_id x,
                               std::vector<lathe::value::entry> attributes) {
  return edit_.add({std::string(op), target, {x}, std::move(attributes)});
}

lathe::node_id Network::function(std::string_view op, std::vector<lathe::value> args,
                                 const std::string& name, std::vector<lathe::value::entry> kwargs) {
  lathe::node_spec spec{std::string(op), {}, std::move(args)};
  spec.opcode = LATHE_OPCODE_CALL_FUNCTION;
  spec.name = name;
  spec.kwargs = std::move(kwargs);
  return edit_.add(spec);
}

void Network::give(lathe::node_id node, std::string_view parameter, const ConstantPtr& contents) {
  edit_.promise_parameter(node, parameter, promised_.size());
  promised_.push_back(contents);
}

void Network::give_format(lathe::node_id node, std::string_view op, std::string_view role,
                          const FormatPtr& format) {
  if (format == nullptr) return;
  const ChosenFormat choice = chosen(*format, op == "relu");
  edit_.set_format(node, role, choice.name, choice.options);
}

void Network::give_output_format(lathe::node_id node, const FormatPtr& format) {
  const ChosenFormat choice = chosen(*format, false);
  edit_.set_format(node, "data_out", choice.name, choice.options);
  formatted_.insert(node.index);
}

void Network::elementwise(const Node& node, std::string_view op,
                          std::vector<lathe::value::entry> attributes, const Node* last,
                          std::size_t parts) {
  const lathe::node_id x = tensor_input(node, 0).node;
  const std::string target = names_.without_weights(node, op, parts);
  set_same_shape(node, last == nullptr ? node : *last,
                 target.empty() ? function(op, {x}, {}, std::move(attributes))
                                : module(op, target, x, std::move(attributes)),
                 op);
}

void Network::function_of_one(const Node& node, std::string_view op,
                              std::vector<lathe::value::entry> kwargs) {
  const lathe::node_id x = tensor_input(node, 0).node;
  set_same_shape(node, node, function(op, {x}, Names::of_function(node), std::move(kwargs)), op);
}

void Network::set_same_shape(const Node& node, const Node& last, lathe::node_id made,
                             std::string_view op) {
  Value out = tensor_input(node, 0);
  out.node = made;
  give_format(made, op, "data_in", out.format);
  out.format = nullptr;
  set(last, std::move(out));
}

const Node* Network::bias_of(const Node& layer, std::int64_t channels, std::size_t from_end,
                             Merged& out) {
  const std::vector<std::size_t>& readers = graph_.readers_of(layer.output(0));
  if (readers.size() != 1 || layer.output(0) == graph_.output) return nullptr;
  const Node& addition = graph_.nodes[readers[0]];
  if (addition.op() != "Add" || addition.inputs() != 2) return nullptr;
  const std::size_t other = addition.input(0) == layer.output(0) ? 1 : 0;
  if (addition.input(other) == layer.output(0)) return nullptr;
  // The bias may be made by a quantizer that stands behind the layer in the file.
  const Node* maker = graph_.maker_of(addition.input(other));
  if (maker != nullptr && values_.count(addition.input(other)) == 0) {
    for (std::size_t i = 0; i < maker->inputs(); ++i) {
      if (graph_.constants.count(maker->input(i)) == 0) return nullptr;
    }
    translate(*maker);
  }
  const auto value = values_.find(addition.input(other));
  if (value == values_.end() || value->second.constant == nullptr) return nullptr;
  const Constant& bias = *value->second.constant;
  if (!is_real(bias.type()) || bias.count() != channels || bias.rank() < from_end) return nullptr;
  if (bias.rank() - from_end > 0 && bias.dims()[bias.rank() - from_end] != channels) return nullptr;
  skip(addition);
  out = {&layer, other};
  return &addition;
}

void read_network(std::shared_ptr<const onnx::ModelProto> model, const std::string& folder,
                  lathe::edit& edit, std::vector<ConstantPtr>& promised, Network::Warn warn) {
  try {
    const Graph graph = checked(std::move(model), folder);
    Network(graph, edit, promised, std::move(warn)).build();
  } catch (const lathe::error& error) {
    throw lathe::error(error.code(), in_one_line(error.what()));
  }
}

}  // namespace onnx_reader
