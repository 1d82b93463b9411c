// Nodes refer to each other by name; results, parameters and the defaults
// of attributes follow from the op table, contents of parameters live in a safetensors file.

#include "core/graph/io/json.hpp"

#include "core/base/error.hpp"
#include "core/graph/io/not_finite.hpp"
#include "core/graph/operands.hpp"
#include "core/graph/ops/op_table.hpp"
#include "core/graph/transaction.hpp"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <set>

namespace lathe {

namespace {

// {"node": "fc1"}, {"value": 3}, or a list of these.
Value argument_to_json(const Graph& graph, const Argument& argument) {
  Value out{Value::Map{}};
  if (const NodeId* id = std::get_if<NodeId>(&argument.data)) {
    out.set("node", graph.node(*id).name);
    return out;
  }
  if (const Value* value = std::get_if<Value>(&argument.data)) {
    out.set("value", without_not_finite(*value));
    return out;
  }
  Value::List items;
  for (const Argument& item : std::get<std::vector<Argument>>(argument.data)) {
    items.push_back(argument_to_json(graph, item));
  }
  return items;
}

Value state_to_json(const StateSpec& spec) {
  const Value::List extents(spec.shape.begin(), spec.shape.end());
  return Value::Map{{"name", spec.name},
                    {"learnable", spec.learnable},
                    {"per_channel", spec.per_channel},
                    {"shape", extents},
                    {"initial", spec.initial}};
}

// Per element, over all tensors that it sits on.
double stored_bits(const OperandFormat& format, std::span<const OperandView> operands) {
  double bits = 0, elements = 0;
  for (const OperandView& operand : operands) {
    if (operand.format != &format) continue;
    const auto count = static_cast<double>(operand.shape->numel());
    bits += operand.bits * count;
    elements += count;
  }
  return elements > 0 ? bits / elements : format.saved_bits;
}

Value format_to_json(const OperandFormat& format, std::span<const OperandView> operands) {
  Value json = Value::Map{{"role", format.role},
                          {"format", format.format},
                          {"options", format.options},
                          {"precision", format.precision},
                          {"bits", stored_bits(format, operands)},
                          {"plugin_hash", format.plugin_hash}};
  Value::List state;
  for (const StateSpec& spec : format.state) state.push_back(state_to_json(spec));
  if (!state.empty()) json.set("state", std::move(state));
  return json;
}

Value initialiser_to_json(const ChosenInitialiser& chosen) {
  const auto& [kind, a, b] = chosen.initialiser;
  Value::List values{a};
  if (kind != Initialiser::Kind::constant) values.emplace_back(b);
  return Value::Map{
      {"parameter", chosen.parameter}, {"kind", name(kind)}, {"values", std::move(values)}};
}

const Value& member(const Value& map, std::string_view key) {
  if (const Value* found = map.find(key)) return *found;
  throw usage_error(fmt::format("the graph file lacks '{}'", key), map.position());
}

Argument argument_from_json(const Value& json, const std::map<std::string, NodeId>& ids) {
  if (json.is_list()) {
    std::vector<Argument> items;
    for (const Value& item : json.as_list()) items.push_back(argument_from_json(item, ids));
    return {std::move(items)};
  }
  if (const Value* node = json.find("node")) {
    const auto found = ids.find(node->as_string());
    if (found == ids.end()) {
      throw usage_error(fmt::format("node '{}' is read before it is defined", node->as_string()),
                        json.position());
    }
    return {found->second};
  }
  return {with_not_finite(member(json, "value"))};
}

Opcode opcode_from_json(const Value& json) {
  constexpr std::array kOpcodes{Opcode::placeholder, Opcode::get_attr,    Opcode::call_function,
                                Opcode::call_method, Opcode::call_module, Opcode::output};
  for (Opcode opcode : kOpcodes) {
    if (name(opcode) == json.as_string()) return opcode;
  }
  throw usage_error(fmt::format("unknown opcode '{}'", json.as_string()), json.position());
}

StateSpec state_from_json(const Value& json) {
  std::vector<std::int64_t> extents;
  for (const Value& extent : member(json, "shape").as_list()) extents.push_back(extent.as_int());
  return {member(json, "name").as_string(), member(json, "learnable").as_bool(),
          member(json, "per_channel").as_bool(), Shape(std::move(extents)),
          member(json, "initial").as_float()};
}

OperandFormat format_from_json(const Value& json, const OpSet& ops) {
  OperandFormat format;
  format.role = member(json, "role").as_string();
  format.format = member(json, "format").as_string();
  format.options = member(json, "options");
  format.precision = member(json, "precision");
  format.saved_bits = member(json, "bits").as_float();
  format.plugin_hash = member(json, "plugin_hash").as_string();
  format.storage = ops.storage_of(format);
  if (const Value* state = json.find("state")) {
    for (const Value& spec : state->as_list()) format.state.push_back(state_from_json(spec));
  }
  return format;
}

// The ops of plugins that the graph has, each once.
Value::List plugin_ops_to_json(const Graph& graph) {
  Value::List out;
  std::set<std::string_view> seen;
  for (NodeId id : graph.order()) {
    const OpRow* row = graph.node(id).row;
    if (row == nullptr || !row->of_plugin() || !seen.insert(row->op).second) continue;
    out.emplace_back(
        Value::Map{{"op", row->op},
                   {"plugin", std::filesystem::path(row->plugin_file).filename().string()},
                   {"plugin_hash", row->plugin_hash}});
  }
  return out;
}

ChosenInitialiser initialiser_from_json(const Value& json) {
  using Kind = Initialiser::Kind;
  const std::string& kind = member(json, "kind").as_string();
  const Value::List& values = member(json, "values").as_list();
  for (Kind known : {Kind::constant, Kind::uniform, Kind::normal}) {
    if (name(known) != kind || values.size() != (known == Kind::constant ? 1 : 2)) continue;
    return {member(json, "parameter").as_string(),
            {known, values[0].as_float(), values.size() == 2 ? values[1].as_float() : 0.0}};
  }
  throw usage_error(fmt::format("there is no initialiser '{}' of {} numbers", kind, values.size()),
                    json.position());
}

Ties ties_from_json(const Value& json) {
  Ties out;
  const Value* tied = json.find("tied");
  if (tied == nullptr) return out;
  for (const auto& [name, kept] : tied->as_map()) out.emplace(name, kept.as_string());
  return out;
}

void add_node(Transaction& transaction, const Value& json, const OpSet& ops,
              std::map<std::string, NodeId>& ids) {
  NodeSpec spec;
  spec.name = member(json, "name").as_string();
  spec.opcode = opcode_from_json(member(json, "opcode"));
  spec.op = member(json, "op").as_string();
  spec.target = member(json, "target").as_string();
  for (const Value& argument : member(json, "args").as_list()) {
    spec.args.push_back(argument_from_json(argument, ids));
  }
  for (const auto& [key, argument] : member(json, "kwargs").as_map()) {
    spec.kwargs.emplace_back(key, argument_from_json(argument, ids));
  }
  spec.attributes = member(json, "attributes");
  if (const Value* initialisers = json.find("initialisers")) {
    for (const Value& chosen : initialisers->as_list()) {
      spec.initialisers.push_back(initialiser_from_json(chosen));
    }
  }
  if (const Value* masks = json.find("masks")) {
    for (const Value& parameter : masks->as_list()) spec.masks.push_back(parameter.as_string());
  }
  const std::string wish = spec.name;
  const NodeId id = transaction.add(std::move(spec));
  if (transaction.node(id).name != wish) transaction.rename(id, wish);
  ids[wish] = id;
  if (const Value* formats = json.find("formats")) {
    for (const Value& format : formats->as_list()) {
      transaction.set_format(id, format_from_json(format, ops));
    }
  }
}

}  // namespace

Value graph_to_json(const Graph& graph) {
  Value::List nodes;
  std::vector<OperandView> operands;
  for (NodeId id : graph.order()) {
    const Node& node = graph.node(id);
    Value::List args, formats;
    Value::Map kwargs;
    for (const Argument& argument : node.args) args.push_back(argument_to_json(graph, argument));
    for (const auto& [key, argument] : node.kwargs) {
      kwargs.emplace_back(key, argument_to_json(graph, argument));
    }
    if (!node.formats.empty()) view_operands(graph, id, operands);
    for (const OperandFormat& format : node.formats) {
      formats.push_back(format_to_json(format, operands));
    }
    // What a function's arguments say is not said twice.
    Value json =
        Value::Map{{"name", node.name},
                   {"opcode", name(node.opcode)},
                   {"op", node.op},
                   {"target", node.target},
                   {"args", std::move(args)},
                   {"kwargs", std::move(kwargs)},
                   {"attributes", node.is_function() ? Value(Value::Map{})
                                                     : without_not_finite(graph.attributes(id))}};
    if (!node.initialisers.empty()) {
      Value::List initialisers;
      for (const ChosenInitialiser& chosen : node.initialisers) {
        initialisers.push_back(initialiser_to_json(chosen));
      }
      json.set("initialisers", std::move(initialisers));
    }
    if (!node.masks.empty()) {
      json.set("masks", Value::List(node.masks.begin(), node.masks.end()));
    }
    if (!formats.empty()) json.set("formats", std::move(formats));
    nodes.push_back(std::move(json));
  }
  Value out = Value::Map{{"lathe_graph", 1}, {"dialect", kDialectVersion}};
  if (Value::List ops = plugin_ops_to_json(graph); !ops.empty()) out.set("ops", std::move(ops));
  if (!graph.ties().empty()) {
    Value::Map tied;
    for (const auto& [name, kept] : graph.ties()) tied.emplace_back(name, kept);
    out.set("tied", std::move(tied));
  }
  out.set("nodes", std::move(nodes));
  return out;
}

std::vector<SavedOp> saved_ops(const Value& json) {
  std::vector<SavedOp> out;
  const Value* ops = json.find("ops");
  if (ops == nullptr) return out;
  for (const Value& op : ops->as_list()) {
    out.push_back({member(op, "op").as_string(), member(op, "plugin").as_string(),
                   member(op, "plugin_hash").as_string()});
  }
  return out;
}

void require_saved_ops(const Value& json, const OpSet& ops) {
  for (const SavedOp& saved : saved_ops(json)) {
    if (ops.find(saved.op) != nullptr) continue;
    throw usage_error(
        fmt::format("the graph has nodes of the op '{}', which the plugin '{}' (SHA-256 {}) "
                    "brought when it was saved; name that file with --plugin",
                    saved.op, saved.file, saved.sha256),
        json.position());
  }
}

void require_readable_form(const Value& json) {
  const std::int64_t version = member(json, "lathe_graph").as_int();
  const std::int64_t dialect = member(json, "dialect").as_int();
  if (version != 1 || dialect > kDialectVersion) {
    throw usage_error(
        fmt::format(
            "the graph is of form {} and dialect {}; this version reads form 1 and dialects "
            "up to {}",
            version, dialect, kDialectVersion),
        json.position());
  }
}

Graph graph_from_json(const Value& json, std::uint64_t seed, const OpSet* ops) {
  require_readable_form(json);
  const Graph empty(seed, ops);
  Graph graph = empty.with_ties(ties_from_json(json));
  require_saved_ops(json, graph.ops());
  Transaction transaction(graph);
  std::map<std::string, NodeId> ids;
  for (const Value& node : member(json, "nodes").as_list())
    add_node(transaction, node, graph.ops(), ids);
  transaction.commit();
  check_ties(graph.ties(), graph.nodes(), graph.order());
  return graph;
}

}  // namespace lathe
