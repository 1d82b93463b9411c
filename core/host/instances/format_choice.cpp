#include "core/host/instances/format_choice.hpp"

#include "core/graph/formats/sites.hpp"
#include "core/graph/io/abi_value.hpp"
#include "core/graph/operands.hpp"
#include "core/host/instances/format_instance.hpp"

#include <mutex>
#include <shared_mutex>
#include <unordered_map>

namespace lathe {
namespace {

void append_bytes(std::string& key, const void* data, std::size_t size) {
  key.append(static_cast<const char*>(data), size);
}

// The value as bytes, each text with its length. False for what has no place in options; the full
// reader then says what is wrong.
bool append(std::string& key, const lathe_value& value, int depth) {
  if (depth > 8) return false;
  key.push_back(static_cast<char>('0' + value.kind));
  switch (value.kind) {
    case LATHE_VALUE_NONE:
      return true;
    case LATHE_VALUE_BOOL:
    case LATHE_VALUE_INT:
    case LATHE_VALUE_FLOAT:
      append_bytes(key, &value.as, sizeof value.as.integer);
      return true;
    case LATHE_VALUE_STRING:
      append_bytes(key, &value.size, sizeof value.size);
      if (value.size > 0 && value.as.text == nullptr) return false;
      key.append(value.as.text == nullptr ? "" : value.as.text, value.size);
      return true;
    case LATHE_VALUE_LIST:
      append_bytes(key, &value.size, sizeof value.size);
      if (value.size > 0 && value.as.list == nullptr) return false;
      for (std::uint64_t i = 0; i < value.size; ++i) {
        if (!append(key, value.as.list[i], depth + 1)) return false;
      }
      return true;
    case LATHE_VALUE_MAP:
      append_bytes(key, &value.size, sizeof value.size);
      if (value.size > 0 && value.as.map == nullptr) return false;
      for (std::uint64_t i = 0; i < value.size; ++i) {
        const lathe_entry& entry = value.as.map[i];
        append_bytes(key, &entry.key.size, sizeof entry.key.size);
        key.append(view_of(entry.key));
        if (!append(key, entry.value, depth + 1)) return false;
      }
      return true;
    default:
      return false;
  }
}

struct Choices {
  std::shared_mutex mutex;
  std::unordered_map<std::string, std::unique_ptr<const OperandFormat>> known;
};

Choices& choices() {
  static auto* const instance = new Choices;  // outlives static destructors
  return *instance;
}

}  // namespace

const OperandFormat& format_choice(const Registry& registry, std::string_view format,
                                   const lathe_value* options) {
  const Component& component = registry.find(Kind::format, format);
  thread_local std::string key;
  const Component* identity = &component;
  key.assign(reinterpret_cast<const char*>(&identity), sizeof identity);
  const bool keyed = options == nullptr || append(key, *options, 0);
  Choices& c = choices();
  if (keyed) {
    const std::shared_lock lock(c.mutex);
    if (const auto found = c.known.find(key); found != c.known.end()) return *found->second;
  }
  const Value given = options == nullptr ? Value(Value::Map{}) : from_abi(*options);
  if (!keyed) key += given.text();  // deeper than options are: slow, but no other's key
  auto made = std::make_unique<OperandFormat>();
  made->format = component.id;
  made->options = check_options(component.options, given);
  const FormatInstance& instance = format_instance(registry, format, made->options);
  made->precision = instance.precision();
  made->storage = &instance;
  made->plugin_hash = component.sha256;
  const std::unique_lock lock(c.mutex);
  return *c.known.try_emplace(key, std::move(made)).first->second;
}

OperandFormat operand_format(const Registry& registry, std::string_view format,
                             const lathe_value* options, std::string_view role, const Node& node,
                             const OpRow& row) {
  OperandFormat chosen = format_choice(registry, format, options);
  chosen.role = role;
  const lathe_site site = abi_site(node, row, {role_named(role)}, Shape());
  chosen.state = format_instance(registry, chosen.format, chosen.options).state(site);
  return chosen;
}

}  // namespace lathe
