// Rows of plugins' ops. What a row of the dialect knows by heart, these ask of the op's instance.
#include "core/host/instances/plugin_ops.hpp"

#include "core/graph/graph.hpp"
#include "core/graph/io/python_text.hpp"
#include "core/host/instances/format_instance.hpp"
#include "core/host/instances/op_instance.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>

namespace lathe {
namespace {

std::vector<lathe_op_tensor> tensors_of(const Component& component, const OpInputs& in) {
  const std::vector<std::string_view> names = op_input_names(component, *in.node);
  std::vector<lathe_op_tensor> out;
  for (std::size_t i = 0; i < in.tensors.size(); ++i) {
    if (!in.tensors[i].is_tensor()) {
      throw usage_error(fmt::format("its input '{}' is a number, not a tensor", names[i]));
    }
    out.push_back(op_tensor(names[i], in.tensors[i]));
  }
  return out;
}

bool is_list(lathe_option_type type) {
  return type == LATHE_OPTION_INT_LIST || type == LATHE_OPTION_FLOAT_LIST ||
         type == LATHE_OPTION_STRING_LIST || type == LATHE_OPTION_TABLE_LIST;
}

bool contains(const std::vector<std::string>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

Setting setting_of(const Component& component, const Option& option) {
  Setting out;
  out.name = option.key;
  out.nullable = option.nullable();
  out.default_value = option.default_value;
  if (!out.default_value && option.nullable()) out.default_value = Value();
  const OpDescription& op = *component.op;
  if (!op.function.empty() && !contains(op.signature, option.key)) out.form = Setting::Form::module;
  out.check = [&option, &component](const Value& value) {
    const bool one = !value.is_none() && !value.is_list() && is_list(option.type);
    return check_value(option, one ? Value(Value::List{value}) : value, component.options.owner);
  };
  return out;
}

// Whether rows stay apart is asked again: a row does not know the results it was inferred from.
bool keeps_apart(const Component& component, const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  const OpRow& row = *node.row;
  OpInputs in{&node, graph.attributes(id), {}};
  for (const NodeId input : node.inputs()) in.tensors.push_back(graph.node(input).result);
  for (std::size_t i = 0; i < in.tensors.size(); ++i) {
    if (input_role(row, node, i) != "data_in") return false;  // a weight is no batch of rows
  }
  return op_instance(component, in.attributes).infer(tensors_of(component, in)).rows_apart;
}

std::string module_text(const OpDescription& op, const Value& attributes) {
  std::string text;
  if (!op.extra_repr) {
    for (const auto& [key, value] : attributes.as_map()) {
      text += fmt::format("{}{}={}", text.empty() ? "" : ", ", key, python_text(value, true));
    }
    return fmt::format("{}({})", op.module_class, text);
  }
  text = *op.extra_repr;
  std::size_t at = 0;
  for (const std::string& name : names_in_braces(*op.extra_repr)) {
    const Value* value = attributes.find(name);
    const std::string shown = value == nullptr ? "None" : python_text(*value, true);
    at = text.find('{', at);
    text.replace(at, name.size() + 2, shown);
    at += shown.size();
  }
  return fmt::format("{}({})", op.module_class, text);
}

void add_rules(OpRow& row, const Component& component) {
  row.shape = [&component](const OpInputs& in) {
    return op_instance(component, in.attributes).infer(tensors_of(component, in)).result;
  };
  if (component.as<lathe_op>().parameters != nullptr) {
    row.parameters = [&component](const Value& attributes) {
      return op_instance(component, attributes).parameters();
    };
  }
  row.rows_apart = [&component](const Graph& graph, NodeId id) {
    return keeps_apart(component, graph, id);
  };
  if (component.as<lathe_op>().cost != nullptr) {
    row.cost = [&component](const OpInputs& in, const Result& out) {
      return op_instance(component, in.attributes).cost(tensors_of(component, in), out);
    };
  }
  if (!component.op->module_class.empty()) {
    row.module_text = [&component](const Value& attributes) {
      return module_text(*component.op, attributes);
    };
  }
}

OpRow row_of_plugin(const Component& component) {
  const auto& op = component.as<lathe_op>();
  const OpDescription& said = *component.op;
  OpRow row;
  row.op = component.id;
  row.mase_type = "patched_func";  // MASE's word for what its users bring
  row.module_class = said.module_class;
  for (std::size_t i = 0; i < said.inputs.size(); ++i) {
    row.operands.push_back(fmt::format("data_in_{}", i));
  }
  row.quantizable = said.quantizable;
  row.input_roles = said.input_roles;
  row.is_unsigned = op.is_unsigned != 0;
  row.bits = op.bits;
  row.channels = op.channels;
  row.weight_channels = op.weight_channels;
  row.function = said.function;
  row.signature = said.signature;
  for (const Option& option : component.options.options) {
    row.settings.push_back(setting_of(component, option));
  }
  add_rules(row, component);
  row.plugin_file = component.file.string();
  row.plugin_hash = component.sha256;
  row.differentiable = op.backward != nullptr;
  row.repeatable =
      !component.has(LATHE_FLAG_STOCHASTIC) && !component.has(LATHE_FLAG_NONDETERMINISTIC);
  return row;
}

// As components, rows outlive every registry.
const OpRow& kept_row(const Component& component) {
  static std::mutex mutex;
  static auto* const rows = new std::map<const Component*, OpRow>;
  const std::lock_guard lock(mutex);
  const auto found = rows->find(&component);
  if (found != rows->end()) return found->second;
  return rows->emplace(&component, row_of_plugin(component)).first->second;
}

}  // namespace

PluginOps::PluginOps(const Registry& registry) : OpSet({}), registry_(registry) {}

const OpRow* PluginOps::find(std::string_view op) const {
  if (const OpRow* row = builtin_ops().find(op)) return row;
  if (!registry_.knows(Kind::op, op)) return nullptr;
  return &kept_row(registry_.find(Kind::op, op));
}

const FormatStorage* PluginOps::storage_of(const OperandFormat& format) const {
  if (!registry_.knows(Kind::format, format.format)) return nullptr;
  // Another version of it may take other options.
  const Component& component = registry_.find(Kind::format, format.format);
  if (component.sha256 != format.plugin_hash) return nullptr;
  return &format_instance(registry_, format.format, format.options);
}

std::vector<std::string> PluginOps::names() const {
  std::vector<std::string> out = builtin_ops().names();
  std::ranges::copy(registry_.ids(Kind::op), std::back_inserter(out));
  std::ranges::sort(out);
  return out;
}

}  // namespace lathe
