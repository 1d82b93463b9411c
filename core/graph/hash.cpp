#include "core/graph/hash.hpp"

#include "core/graph/ops/op_table.hpp"

namespace lathe {

namespace {

void add(Hasher& hasher, const Value& value) {
  hasher.add(value.kind_name());
  if (value.is_bool()) {
    hasher.add(std::int64_t{value.as_bool()});
  } else if (value.is_int()) {
    hasher.add(value.as_int());
  } else if (value.is_float()) {
    hasher.add(value.as_float());
  } else if (value.is_string()) {
    hasher.add(value.as_string());
  } else if (value.is_list()) {
    hasher.add(std::uint64_t{value.as_list().size()});
    for (const Value& item : value.as_list()) add(hasher, item);
  } else if (value.is_map()) {
    hasher.add(std::uint64_t{value.as_map().size()});
    for (const auto& [key, item] : value.as_map()) {
      hasher.add(key);
      add(hasher, item);
    }
  }
}

// Nodes are told apart by position; their hashes follow in the same order.
void add(Hasher& hasher, const Argument& argument) {
  if (std::holds_alternative<NodeId>(argument.data)) {
    hasher.add("input");
  } else if (const Value* value = std::get_if<Value>(&argument.data)) {
    add(hasher, *value);
  } else {
    const auto& list = std::get<std::vector<Argument>>(argument.data);
    hasher.add("arguments").add(std::uint64_t{list.size()});
    for (const Argument& item : list) add(hasher, item);
  }
}

}  // namespace

ContentHash own_hash(const Node& node) {
  Hasher hasher;
  hasher.add(node.op);
  if (node.row != nullptr && node.row->of_plugin()) hasher.add(node.row->plugin_hash);
  if (node.opcode == Opcode::placeholder) hasher.add(node.target);  // which of the inputs
  hasher.add(std::uint64_t{node.args.size()});
  for (const Argument& argument : node.args) add(hasher, argument);
  for (const auto& [key, argument] : node.kwargs) {
    hasher.add(key);
    add(hasher, argument);
  }
  for (const OperandFormat& format : node.formats) {
    hasher.add(format.role).add(format.format).add(format.plugin_hash);
    add(hasher, format.options);
  }
  for (const Parameter& parameter : node.parameters) {
    hasher.add(parameter.name).add(parameter.content->hash());
  }
  return hasher.finish();
}

ContentHash attributes_hash(const Node& node, const Value& attributes) {
  Hasher hasher;
  for (const auto& [key, value] : attributes.as_map()) {
    if (node.opcode == Opcode::placeholder && (key == "batch" || key == "type")) continue;
    hasher.add(key);
    add(hasher, value);
  }
  return hasher.finish();
}

ContentHash hash_of(const Value& value) {
  Hasher hasher;
  add(hasher, value);
  return hasher.finish();
}

HashMemo::Hashes HashMemo::get() const {
  const std::lock_guard lock(mutex_);
  return hashes_;
}

void HashMemo::set(Hashes hashes) const {
  const std::lock_guard lock(mutex_);
  hashes_ = std::move(hashes);
}

}  // namespace lathe
