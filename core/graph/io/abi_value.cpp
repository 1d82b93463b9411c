#include "core/graph/io/abi_value.hpp"

#include <fmt/format.h>

#include <new>

namespace lathe {
namespace {

// No honest tree is deeper; a cyclic one is endless.
constexpr int kMaxDepth = 64;

template <typename T>
T* array_of(std::size_t count, std::pmr::memory_resource& memory) {
  return static_cast<T*>(memory.allocate(count * sizeof(T), alignof(T)));
}

lathe_value leaf(lathe_value_kind kind, std::uint64_t size = 0) {
  lathe_value out{};
  out.kind = kind;
  out.size = size;
  return out;
}

std::string text_from(const char* data, std::uint64_t size) {
  if (data == nullptr && size > 0) throw usage_error("a plugin passed a text that is null");
  return size == 0 ? std::string() : std::string(data, size);
}

void check_depth(int depth) {
  if (depth > kMaxDepth) throw usage_error("a plugin passed a value nested without end");
}

Value value_at(const lathe_value& value, int depth) {
  check_depth(depth);
  switch (value.kind) {
    case LATHE_VALUE_NONE:
      return {};
    case LATHE_VALUE_BOOL:
      return Value(value.as.integer != 0);
    case LATHE_VALUE_INT:
      return Value(value.as.integer);
    case LATHE_VALUE_FLOAT:
      return Value(value.as.real);
    case LATHE_VALUE_STRING:
      return Value(text_from(value.as.text, value.size));
    case LATHE_VALUE_LIST: {
      if (value.as.list == nullptr && value.size > 0)
        throw usage_error("a plugin passed a null list");
      Value::List list;
      for (std::uint64_t i = 0; i < value.size; ++i) {
        list.push_back(value_at(value.as.list[i], depth + 1));
      }
      return Value(std::move(list));
    }
    case LATHE_VALUE_MAP: {
      if (value.as.map == nullptr && value.size > 0)
        throw usage_error("a plugin passed a null map");
      Value::Map map;
      for (std::uint64_t i = 0; i < value.size; ++i) {
        const lathe_entry& entry = value.as.map[i];
        map.emplace_back(text_from(entry.key.data, entry.key.size),
                         value_at(entry.value, depth + 1));
      }
      return Value(std::move(map));
    }
    case LATHE_VALUE_NODE:
      throw usage_error("a plugin passed a node where a plain value belongs");
    default:
      throw usage_error(fmt::format("a plugin passed a value of unknown kind {}", value.kind));
  }
}

bool has_node(const lathe_value& value, int depth) {
  check_depth(depth);
  if (value.kind == LATHE_VALUE_NODE) return true;
  if (value.kind != LATHE_VALUE_LIST || value.as.list == nullptr) return false;
  for (std::uint64_t i = 0; i < value.size; ++i) {
    if (has_node(value.as.list[i], depth + 1)) return true;
  }
  return false;
}

Argument argument_at(const lathe_value& value, int depth) {
  check_depth(depth);
  if (value.kind == LATHE_VALUE_NODE) {
    if (value.as.integer < 0 || value.as.integer >= std::int64_t{LATHE_NONE_ID}) {
      throw usage_error(fmt::format("a plugin passed {} as a node id", value.as.integer));
    }
    return {static_cast<NodeId>(value.as.integer)};
  }
  if (!has_node(value, depth)) return {value_at(value, depth)};
  std::vector<Argument> list;
  for (std::uint64_t i = 0; i < value.size; ++i) {
    list.push_back(argument_at(value.as.list[i], depth + 1));
  }
  return {std::move(list)};
}

}  // namespace

lathe_value to_abi(const Value& value, std::pmr::memory_resource& memory) {
  if (value.is_string()) {
    const std::string& text = value.as_string();
    lathe_value out = leaf(LATHE_VALUE_STRING, text.size());
    out.as.text = text.data();
    return out;
  }
  if (value.is_int()) {
    lathe_value out = leaf(LATHE_VALUE_INT);
    out.as.integer = value.as_int();
    return out;
  }
  if (value.is_map()) {
    const Value::Map& map = value.as_map();
    lathe_value out = leaf(LATHE_VALUE_MAP, map.size());
    auto* entries = array_of<lathe_entry>(map.size(), memory);
    for (std::size_t i = 0; i < map.size(); ++i) {
      new (&entries[i]) lathe_entry{str_of(map[i].first), to_abi(map[i].second, memory)};
    }
    out.as.map = entries;
    return out;
  }
  if (value.is_list()) {
    const Value::List& list = value.as_list();
    lathe_value out = leaf(LATHE_VALUE_LIST, list.size());
    auto* items = array_of<lathe_value>(list.size(), memory);
    for (std::size_t i = 0; i < list.size(); ++i) {
      new (&items[i]) lathe_value(to_abi(list[i], memory));
    }
    out.as.list = items;
    return out;
  }
  if (value.is_bool()) {
    lathe_value out = leaf(LATHE_VALUE_BOOL);
    out.as.integer = value.as_bool() ? 1 : 0;
    return out;
  }
  if (value.is_float()) {
    lathe_value out = leaf(LATHE_VALUE_FLOAT);
    out.as.real = value.as_float();
    return out;
  }
  return leaf(LATHE_VALUE_NONE);
}

const lathe_value* to_abi_pointer(const Value& value, std::pmr::memory_resource& memory) {
  return new (array_of<lathe_value>(1, memory)) lathe_value(to_abi(value, memory));
}

namespace {

lathe_value argument_to_abi(const Argument& argument, std::pmr::memory_resource& memory);

lathe_value arguments_to_abi(std::span<const Argument> arguments,
                             std::pmr::memory_resource& memory) {
  lathe_value out = leaf(LATHE_VALUE_LIST, arguments.size());
  auto* items = array_of<lathe_value>(arguments.size(), memory);
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    new (&items[i]) lathe_value(argument_to_abi(arguments[i], memory));
  }
  out.as.list = items;
  return out;
}

lathe_value argument_to_abi(const Argument& argument, std::pmr::memory_resource& memory) {
  if (const auto* literal = std::get_if<Value>(&argument.data)) return to_abi(*literal, memory);
  if (const auto* list = std::get_if<std::vector<Argument>>(&argument.data)) {
    return arguments_to_abi(*list, memory);
  }
  lathe_value out = leaf(LATHE_VALUE_NODE);
  out.as.integer = index_of(std::get<NodeId>(argument.data));
  return out;
}

}  // namespace

const lathe_value* to_abi_pointer(std::span<const Argument> arguments,
                                  std::pmr::memory_resource& memory) {
  return new (array_of<lathe_value>(1, memory)) lathe_value(arguments_to_abi(arguments, memory));
}

const lathe_value* to_abi_pointer(std::span<const std::pair<std::string, Argument>> kwargs,
                                  std::pmr::memory_resource& memory) {
  lathe_value out = leaf(LATHE_VALUE_MAP, kwargs.size());
  auto* entries = array_of<lathe_entry>(kwargs.size(), memory);
  for (std::size_t i = 0; i < kwargs.size(); ++i) {
    new (&entries[i])
        lathe_entry{str_of(kwargs[i].first), argument_to_abi(kwargs[i].second, memory)};
  }
  out.as.map = entries;
  return new (array_of<lathe_value>(1, memory)) lathe_value(out);
}

Value from_abi(const lathe_value& value) { return value_at(value, 0); }

Argument argument_from_abi(const lathe_value& value) { return argument_at(value, 0); }

std::vector<std::string> split_bars(const char* text) {
  std::vector<std::string> out;
  std::string word;
  const auto end_word = [&] {
    if (!word.empty()) out.push_back(std::exchange(word, {}));
  };
  for (const char* at = text == nullptr ? "" : text; *at != '\0'; ++at) {
    if (*at == '|') {
      end_word();
    } else {
      if (*at == '\\' && at[1] != '\0') ++at;
      word += *at;
    }
  }
  end_word();
  return out;
}

}  // namespace lathe
