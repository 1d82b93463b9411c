#include "layer.hpp"

namespace onnx_writer {

namespace {

std::string named(const lathe::node& node, std::string_view what) {
  return lathe::join({node.name(), "_", what});
}

std::vector<std::int64_t> row_of(lathe::shape shape) {
  std::vector<std::int64_t> row = shape.to_vector();
  if (!row.empty()) row.erase(row.begin());
  return row;
}

}  // namespace

Layer::Layer(Network& network, const lathe::node& node, Naming naming)
    : network_(network), node_(node), names_(network.names().of(node, naming)) {
  for (const lathe::node input : node.inputs()) {
    if (input.dtype() != LATHE_DTYPE_NONE) inputs_.push_back(input);
  }
  for (const lathe::operand operand : node.operands()) {
    if (operand.is_input() && operand.is_tensor()) operands_.push_back(operand);
  }
}

std::vector<std::int64_t> Layer::extents(std::string_view key, std::size_t dims) const {
  const lathe::value_view value = attribute(key);
  if (value.kind() != LATHE_VALUE_LIST) return std::vector<std::int64_t>(dims, value.integer());
  std::vector<std::int64_t> all = value.integers();
  if (all.size() == 1) all.resize(dims, all[0]);
  return all;
}

std::vector<std::int64_t> Layer::extents(std::string_view key, std::size_t dims,
                                         std::int64_t otherwise) const {
  if (!attribute(key)) return std::vector<std::int64_t>(dims, otherwise);
  return extents(key, dims);
}

std::int64_t Layer::integer(std::string_view key, std::int64_t otherwise) const {
  const lathe::value_view given = attribute(key);
  return given ? given.integer() : otherwise;
}
float Layer::real(std::string_view key, double otherwise) const {
  const lathe::value_view given = attribute(key);
  return static_cast<float>(given ? given.real() : otherwise);
}
bool Layer::flag(std::string_view key, bool otherwise) const {
  const lathe::value_view given = attribute(key);
  return given ? given.boolean() : otherwise;
}

lathe::value_view Layer::argument(std::uint64_t i, std::string_view key) const {
  const lathe::value_view given = node_.arguments();
  return i < given.size() ? given[i] : node_.kwargs().find(key);
}

std::optional<std::size_t> Layer::input_of(lathe::value_view argument) const {
  if (!argument.is_node()) return std::nullopt;
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    if (inputs_[i].id() == argument.node()) return i;
  }
  return std::nullopt;
}

const std::string& Layer::plain_input(std::size_t i) const {
  return network_.value_of(inputs_.at(i)).name;
}
int Layer::type_of_input(std::size_t i) const { return network_.value_of(inputs_.at(i)).type; }
const Extents& Layer::extents_of_input(std::size_t i) const {
  return network_.extents_of(inputs_.at(i));
}

std::optional<Quantizer> Layer::quantizer_of_input(std::size_t i) {
  const lathe::operand& operand = operands_.at(i);
  const auto format = network_.format_of(node_, operand, static_cast<std::uint32_t>(i));
  if (!format) return std::nullopt;
  std::optional<Quantizer> out;
  network_.problems().with_format(
      node_, operand, [&] { out = quantizer_of_activation(*format, row_of(operand.shape())); });
  return out;
}

std::string Layer::quantized(const std::string& value, const Quantizer& quantizer,
                             const lathe::operand& operand, const std::string& name,
                             const Extents& extents) {
  std::string out = value;
  network_.problems().with_format(
      node_, operand, [&] { out = network_.quantized(value, quantizer, name, extents); });
  return out;
}

std::string Layer::input(std::size_t i) {
  const std::optional<Quantizer> quantizer = quantizer_of_input(i);
  if (!quantizer) return plain_input(i);
  return quantized(plain_input(i), *quantizer, operands_[i], named(node_, operands_[i].name()),
                   extents_of_input(i));
}

std::optional<std::size_t> Layer::input_in(std::string_view role) const {
  for (std::size_t i = 0; i < operands_.size(); ++i) {
    if (lathe::role_name(operands_[i].role()) == role) return i;
  }
  return std::nullopt;
}

bool Layer::has(std::string_view role) const {
  return node_.find_operand(role).has_value() || input_in(role).has_value();
}

std::vector<std::int64_t> Layer::dims_of(std::string_view role) const {
  if (const auto own = node_.find_operand(role)) return own->shape().to_vector();
  return operands_.at(input_in(role).value()).shape().to_vector();
}

std::string Layer::parameter(std::string_view role) {
  const auto own = node_.find_operand(role);
  if (own && !own->is_input()) return network_.parameter(node_, *own, false);
  return input(input_in(role).value());
}

std::string Layer::transposed_parameter(std::string_view role) {
  const auto own = node_.find_operand(role);
  if (is_qonnx() && own && !own->is_input()) return network_.parameter(node_, *own, true);
  const std::vector<std::int64_t> dims = dims_of(role);
  const Extents extents = {{dims.at(1), false}, {dims.at(0), false}};
  return make("Transpose", {parameter(role)}, {{"perm", std::vector<std::int64_t>{1, 0}}},
              &extents);
}

std::string Layer::number(std::string_view what, float x) {
  return network_.model().number(named(node_, what), x);
}
std::string Layer::integers(std::string_view what, const std::vector<std::int64_t>& numbers) {
  return network_.model().integers(named(node_, what), numbers);
}

std::string Layer::make(std::string_view op, const std::vector<std::string>& inputs,
                        const Attributes& attributes, const Extents* extents, int type) {
  WrittenModel& model = network_.model();
  std::string out = model.fresh(named(node_, op));
  model.node({std::string(op), names_.intermediate(op), inputs, attributes}, {out});
  model.value(out, type == 0 ? type_of(LATHE_DTYPE_FLOAT32) : type,
              extents == nullptr ? this->extents() : *extents);
  return out;
}

std::vector<std::string> Layer::make_parts(std::string_view op,
                                           const std::vector<std::string>& inputs,
                                           const Attributes& attributes,
                                           const std::vector<Extents>& extents, int type) {
  WrittenModel& model = network_.model();
  std::vector<std::string> out;
  for (const Extents& each : extents) {
    out.push_back(model.fresh(named(node_, op)));
    model.value(out.back(), type == 0 ? type_of(LATHE_DTYPE_FLOAT32) : type, each);
  }
  model.node({std::string(op), names_.intermediate(op), inputs, attributes}, out);
  return out;
}

std::string Layer::inner(const std::string& value, std::string_view what, const Extents& extents) {
  const std::optional<Quantizer> quantizer = quantizer_of_input(0);
  if (!quantizer) return value;
  return quantized(value, *quantizer, operands_[0], named(node_, what), extents);
}

void Layer::parts(std::string_view op, const std::vector<std::string>& inputs,
                  const Attributes& attributes, const std::vector<Extents>& extents) {
  WrittenModel& model = network_.model();
  std::vector<std::string> names;
  std::vector<Value> made;
  for (const Extents& each : extents) {
    names.push_back(model.fresh(node_.name()));
    made.push_back({names.back(), type_of_input(0), true});
    model.value(names.back(), type_of_input(0), each);
  }
  model.node({std::string(op), names_.result(op), inputs, attributes}, names);
  parts(std::move(made));
}

void Layer::parts(std::vector<Value> made) { network_.set_parts(node_, std::move(made)); }

void Layer::constant(const std::string& name) { finish({name, type_of(node_.dtype()), false}); }

bool Layer::is_part() const {
  return inputs_.empty() && node_.input_count() == 1 && node_.dtype() != LATHE_DTYPE_NONE;
}

void Layer::part(std::int64_t i) { finish(network_.part_of(node_.input(0), i)); }

void Layer::result(std::string_view op, const std::vector<std::string>& inputs,
                   const Attributes& attributes, const std::optional<Quantizer>& then) {
  WrittenModel& model = network_.model();
  Value out{model.fresh(node_.name()), type_of(node_.dtype()), true};
  model.node({std::string(op), names_.result(op), inputs, attributes}, {out.name});
  model.value(out.name, out.type, extents());
  if (then)
    out.name = quantized(out.name, *then, operands_[0], std::string(node_.name()), extents());
  finish(std::move(out));
}

void Layer::same() {
  Value out = network_.value_of(inputs_.at(0));
  const std::string value = input(0);
  if (value != out.name) out = {value, out.type, true};
  finish(std::move(out));
}

void Layer::finish(Value value) {
  const auto made = node_.find_operand("data_out_0");
  const auto format = made ? network_.format_of(node_, *made) : std::nullopt;
  if (format) {
    network_.problems().with_format(node_, *made, [&] {
      const Quantizer quantizer = quantizer_of_activation(*format, row_of(node_.shape()));
      value.name = network_.quantized(value.name, quantizer, named(node_, "data_out"), extents());
      value.is_made = true;
    });
  }
  network_.set(node_, std::move(value));
}

}  // namespace onnx_writer
