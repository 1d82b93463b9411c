#include "network.hpp"

#include "quantization/written_quantizer.hpp"
#include "translations.hpp"

#include <cstring>

namespace onnx_writer {

namespace {

using onnx::TensorProto;

std::string_view bytes_of(const lathe_tensor& tensor) {
  const DLTensor& t = tensor.dl;
  const lathe::shape shape(t.shape, static_cast<std::uint64_t>(t.ndim));
  return {static_cast<const char*>(t.data) + t.byte_offset,
          lathe::element_count(shape) * t.dtype.bits / 8};
}

// Of a matrix.
QuantizedParameter transposed(QuantizedParameter of, const std::vector<std::int64_t>& dims) {
  const auto rows = static_cast<std::size_t>(dims.at(0)),
             columns = static_cast<std::size_t>(dims.at(1));
  std::vector<float> out(of.numbers.size());
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < columns; ++c) out[c * rows + r] = of.numbers[r * columns + c];
  }
  of.numbers = std::move(out);
  if (of.quantizer.axis) of.quantizer.axis = 1 - *of.quantizer.axis;
  return of;
}

std::string options_text(lathe::value_view value) {
  std::string out;
  if (value.kind() == LATHE_VALUE_MAP) {
    for (const lathe_entry& e : value.entries()) {
      out += lathe::join({lathe::to_view(e.key), "=", options_text(&e.value), ","});
    }
  } else if (value.kind() == LATHE_VALUE_LIST) {
    for (std::uint64_t i = 0; i < value.size(); ++i) out += options_text(value[i]) + ",";
  } else if (value.kind() == LATHE_VALUE_STRING) {
    out = lathe::to_string(value.text());
  } else if (value.kind() == LATHE_VALUE_FLOAT) {
    out = std::to_string(value.real());
  } else if (value) {
    out = lathe::to_string(value.raw()->as.integer);
  }
  return out;
}

}  // namespace

int type_of(lathe_dtype dtype) {
  switch (dtype) {
    case LATHE_DTYPE_FLOAT32:
      return TensorProto::FLOAT;
    case LATHE_DTYPE_FLOAT64:
      return TensorProto::DOUBLE;
    case LATHE_DTYPE_FLOAT16:
      return TensorProto::FLOAT16;
    case LATHE_DTYPE_BFLOAT16:
      return TensorProto::BFLOAT16;
    case LATHE_DTYPE_INT8:
      return TensorProto::INT8;
    case LATHE_DTYPE_INT16:
      return TensorProto::INT16;
    case LATHE_DTYPE_INT32:
      return TensorProto::INT32;
    case LATHE_DTYPE_INT64:
      return TensorProto::INT64;
    case LATHE_DTYPE_UINT8:
      return TensorProto::UINT8;
    case LATHE_DTYPE_BOOL:
      return TensorProto::BOOL;
    default:
      throw lathe::error(LATHE_UNIMPLEMENTED, "it has elements of a type that ONNX does not know");
  }
}

Network::Network(const Source& source, const Settings& settings, WrittenModel& model)
    : source_(source),
      settings_(settings),
      model_(model),
      shapes_(source_.graph, settings.quantization != Quantization::qonnx) {}

namespace {

// Numbers of shapes: the shapes that follow from them are written.
bool is_size(const lathe::node& node) {
  if (node.dtype() != LATHE_DTYPE_NONE || node.is_output()) return false;
  const Translation* row = translation_of(node.op());
  return row == nullptr || !row->makes_parts;
}

}  // namespace

void Network::write() {
  for (const lathe::node node : source_.graph.nodes()) {
    source_.host.stop_if_cancelled();
    if (is_size(node)) continue;
    try {
      write(node);
    } catch (const std::exception& error) {
      problems_.add(node, error.what());
      values_[node.id().index] = {std::string(node.name()), TensorProto::FLOAT, true};
    }
  }
  problems_.throw_any();
  if (left_out_ > 0) {
    source_.host.warning(
        lathe::join({"number formats of ", lathe::to_string(left_out_),
                     " operands are left out: the file is float; 'qdq' and 'qonnx' write them"}));
  }
  if (settings_.quantization != Quantization::qonnx && !shapes_.is_open()) {
    source_.host.warning(
        "the network computes with its batch as a number: the file is for that batch");
  }
}

void Network::write(const lathe::node& node) {
  if (node.is_placeholder()) return write_input(node);
  if (node.is_output()) return write_output(node);
  if (node.opcode() == LATHE_OPCODE_GET_ATTR) return write_constant(node);
  const Translation* row = translation_of(node.op());
  if (row == nullptr) throw lathe::error(LATHE_UNIMPLEMENTED, "the op has no form in ONNX");
  Layer layer(*this, node, row->naming);
  row->write(layer);
}

void Network::write_input(const lathe::node& node) {
  Value value{model_.fresh(node.name()), type_of(node.dtype()), false};
  model_.input(value.name, value.type, extents_of(node));
  if (first_input_.empty()) first_input_ = value.name;
  names_.of(node, Naming::by_name);
  set(node, std::move(value));
}

void Network::write_constant(const lathe::node& node) {
  names_.of(node, Naming::by_name);
  for (const lathe::operand operand : node.operands()) {
    if (!operand.is_parameter() && !operand.is_buffer()) continue;
    set(node, {parameter(node, operand, false), type_of(node.dtype()), false});
    return;
  }
  throw lathe::error(LATHE_UNIMPLEMENTED, "it has no contents");
}

void Network::write_output(const lathe::node& node) {
  if (node.input_count() != 1) throw lathe::error(LATHE_UNIMPLEMENTED, "it has several results");
  const lathe::node result = node.input(0);
  Value value = value_of(result);
  if (!value.is_made) {
    const std::string same = model_.fresh("output");
    model_.node({"Identity", names_.fresh("output"), {value.name}}, {same});
    value.name = same;
  }
  model_.output(value.name, value.type, extents_of(result));
}

Value Network::part_of(lathe::node_id node, std::int64_t part) const {
  const auto found = parts_.find(node.index);
  if (found == parts_.end()) return value_of(node);  // it could not be written, which is said
  const auto count = static_cast<std::int64_t>(found->second.size());
  const std::int64_t at = part < 0 ? part + count : part;
  if (at < 0 || at >= count) throw lathe::invalid_argument("it takes a part that is not there");
  return found->second[static_cast<std::size_t>(at)];
}

std::optional<lathe::used_format> Network::format_of(lathe::node_id node,
                                                     const lathe::operand& operand,
                                                     std::uint32_t input) {
  if (operand.raw().format_options == nullptr) return std::nullopt;  // float
  auto found = source_.formats.find(source_.graph, node, operand.role(), input);
  if (found && settings_.quantization == Quantization::none) {
    ++left_out_;
    return std::nullopt;
  }
  return found;
}

std::string Network::quantized(const std::string& value, const Quantizer& quantizer,
                               const std::string& name, const Extents& extents) {
  std::vector<Written>& known = quantized_[value];
  for (const Written& written : known) {
    if (written.quantizer == quantizer) return written.result;
  }
  ++quantizers_;
  known.push_back({quantizer, write_quantizer(model_, settings_.quantization, quantizer,
                                              {value, name, extents})});
  return known.back().result;
}

std::string Network::parameter(const lathe::node& node, const lathe::operand& operand,
                               bool transposed) {
  const auto format = operand.is_parameter() ? format_of(node, operand) : std::nullopt;
  std::string key = lathe::join({std::to_string(operand.storage_id()), transposed ? "T" : ""});
  if (format) key += lathe::join({operand.type(), options_text(operand.format_options().all())});
  const auto known = parameters_.find(key);
  if (known != parameters_.end()) return known->second;
  std::string written = write_parameter(node, operand, format, transposed);
  parameters_[key] = written;
  return written;
}

std::string Network::write_parameter(const lathe::node& node, const lathe::operand& operand,
                                     const std::optional<lathe::used_format>& format,
                                     bool is_transposed) {
  const std::string name = lathe::join({operand.qualified_name(), is_transposed ? "_T" : ""});
  const lathe_tensor& contents = source_.weights.raw_of(source_.graph, node, operand.name());
  const std::vector<std::int64_t> dims = operand.shape().to_vector();
  std::string out = name;
  if (!format && !is_transposed) {
    out = model_.tensor(name, type_of(operand.raw().dtype), dims, bytes_of(contents));
  } else {
    const lathe::tensor<const float> numbers(contents);
    QuantizedParameter parameter{{}, {numbers.begin(), numbers.end()}};
    const auto write_it = [&] {
      if (format) parameter = quantizer_of_parameter(*format, numbers);
      out = write_numbers(is_transposed ? transposed(std::move(parameter), dims) : parameter,
                          is_transposed ? std::vector<std::int64_t>{dims[1], dims[0]} : dims, name,
                          format.has_value(), operand.role());
    };
    format ? (void)problems_.with_format(node, operand, write_it) : write_it();
  }
  source_.weights.release(contents);
  return out;
}

std::string Network::write_numbers(const QuantizedParameter& parameter,
                                   const std::vector<std::int64_t>& dims, const std::string& name,
                                   bool has_format, lathe_role role) {
  if (!has_format) return model_.reals(name, dims, parameter.numbers);
  ++quantizers_;
  // A runtime may take a bias of integers for one in the scale of the product: with QuantizeLinear
  // it is written as the numbers that its format makes.
  const bool plain = settings_.quantization == Quantization::qdq && role != LATHE_ROLE_WEIGHT;
  if (!plain) return write_quantized(model_, settings_.quantization, parameter, dims, name);
  std::vector<float> values;
  const AlongAxis index(parameter.quantizer.axis, {dims.data(), dims.size()});
  for (const float x : parameter.numbers) {
    values.push_back(parameter.quantizer.value(x, index(values.size())));
  }
  return model_.reals(name, dims, values);
}

}  // namespace onnx_writer
