#include "written_model.hpp"

#include <lathe/lathe.hpp>

namespace onnx_writer {

namespace {

// Smaller tensors stay in the model's file, as ONNX's own tools have it.
constexpr std::size_t kLeastExternal = 1024;
// So that a tensor can be mapped: ONNX's description of external data.
constexpr std::size_t kAlignment = 4096;
constexpr std::size_t kMostBytes = (std::size_t{1} << 31) - 1;  // of a protobuf

// The version of the file's form that came with an opset: ONNX's table of versions.
std::int64_t ir_version_of(std::int64_t opset) { return opset < 15 ? 7 : 8; }

void set(onnx::AttributeProto& into, const Attribute& value) {
  if (const auto* i = std::get_if<std::int64_t>(&value)) {
    into.set_type(onnx::AttributeProto::INT);
    into.set_i(*i);
  } else if (const auto* f = std::get_if<float>(&value)) {
    into.set_type(onnx::AttributeProto::FLOAT);
    into.set_f(*f);
  } else if (const auto* s = std::get_if<std::string>(&value)) {
    into.set_type(onnx::AttributeProto::STRING);
    into.set_s(*s);
  } else {
    into.set_type(onnx::AttributeProto::INTS);
    for (const std::int64_t x : std::get<std::vector<std::int64_t>>(value)) into.add_ints(x);
  }
}

void describe(onnx::ValueInfoProto& info, const std::string& name, int type,
              const Extents& extents) {
  info.set_name(name);
  onnx::TypeProto::Tensor& tensor = *info.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(type);
  onnx::TensorShapeProto& shape = *tensor.mutable_shape();
  for (const onnx_reader::Extent e : extents) {
    onnx::TensorShapeProto::Dimension& dim = *shape.add_dim();
    if (!e.of_batch) {
      dim.set_dim_value(e.number);
    } else {
      dim.set_dim_param(e.number == 1 ? "batch"
                                      : lathe::join({lathe::to_string(e.number), "*batch"}));
    }
  }
}

template <class T>
std::string_view bytes_of(const std::vector<T>& numbers) {
  return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(T)};
}

}  // namespace

WrittenModel::WrittenModel(const Settings& settings)
    : graph_(*model_.mutable_graph()), settings_(settings) {
  model_.set_ir_version(ir_version_of(settings.opset));
  model_.set_producer_name("lathe");
  graph_.set_name("network");
  onnx::OperatorSetIdProto& opset = *model_.add_opset_import();
  opset.set_domain("");
  opset.set_version(settings.opset);
}

std::string WrittenModel::fresh(std::string_view wanted) {
  std::string name(wanted);
  for (std::int64_t i = 1; !names_.insert(name).second; ++i) {
    name = lathe::join({wanted, "_", lathe::to_string(i)});
  }
  return name;
}

std::string WrittenModel::tensor(std::string_view name, int type,
                                 const std::vector<std::int64_t>& dims, std::string_view bytes) {
  onnx::TensorProto& tensor = *graph_.add_initializer();
  tensor.set_name(fresh(name));
  tensor.set_data_type(type);
  for (const std::int64_t dim : dims) tensor.add_dims(dim);
  if (settings_.data_file.empty() || bytes.size() < kLeastExternal) {
    tensor.set_raw_data(bytes.data(), bytes.size());
    return tensor.name();
  }
  data_.resize((data_.size() + kAlignment - 1) / kAlignment * kAlignment, '\0');
  tensor.set_data_location(onnx::TensorProto::EXTERNAL);
  const auto say = [&](const char* key, const std::string& value) {
    onnx::StringStringEntryProto& entry = *tensor.add_external_data();
    entry.set_key(key);
    entry.set_value(value);
  };
  say("location", settings_.data_file);
  say("offset", lathe::to_string(static_cast<std::int64_t>(data_.size())));
  say("length", lathe::to_string(static_cast<std::int64_t>(bytes.size())));
  data_.append(bytes.data(), bytes.size());
  return tensor.name();
}

std::string WrittenModel::reals(std::string_view name, const std::vector<std::int64_t>& dims,
                                const std::vector<float>& numbers) {
  return tensor(name, onnx::TensorProto::FLOAT, dims, bytes_of(numbers));
}

std::string WrittenModel::integers(std::string_view name,
                                   const std::vector<std::int64_t>& numbers) {
  return tensor(name, onnx::TensorProto::INT64, {static_cast<std::int64_t>(numbers.size())},
                bytes_of(numbers));
}

std::string WrittenModel::number(std::string_view name, float x) { return reals(name, {}, {x}); }

void WrittenModel::node(const WrittenNode& node, const std::vector<std::string>& outputs) {
  onnx::NodeProto& into = *graph_.add_node();
  into.set_op_type(node.op);
  into.set_name(node.name);
  into.set_domain(node.domain);
  for (const std::string& input : node.inputs) into.add_input(input);
  for (const std::string& output : outputs) into.add_output(output);
  for (const auto& [key, value] : node.attributes) {
    onnx::AttributeProto& attribute = *into.add_attribute();
    attribute.set_name(key);
    set(attribute, value);
  }
  if (node.domain.empty() || !domains_.insert(node.domain).second) return;
  onnx::OperatorSetIdProto& opset = *model_.add_opset_import();
  opset.set_domain(node.domain);
  opset.set_version(1);
}

void WrittenModel::value(const std::string& name, int type, const Extents& extents) {
  describe(*graph_.add_value_info(), name, type, extents);
}
void WrittenModel::input(const std::string& name, int type, const Extents& extents) {
  describe(*graph_.add_input(), name, type, extents);
}
void WrittenModel::output(const std::string& name, int type, const Extents& extents) {
  auto& values = *graph_.mutable_value_info();  // it is described once
  for (int i = values.size() - 1; i >= 0; --i) {
    if (values[i].name() == name) values.DeleteSubrange(i, 1);
  }
  describe(*graph_.add_output(), name, type, extents);
}

void WrittenModel::entry(std::string_view key, std::string_view value) {
  onnx::StringStringEntryProto& entry = *model_.add_metadata_props();
  entry.set_key(std::string(key));
  entry.set_value(std::string(value));
}

std::string WrittenModel::bytes() {
  if (model_.ByteSizeLong() > kMostBytes) {
    throw lathe::error(LATHE_RESOURCE_EXHAUSTED,
                       "a file of ONNX holds at most 2 GiB; leave the weights beside it "
                       "(external data)");
  }
  return model_.SerializeAsString();
}

}  // namespace onnx_writer
