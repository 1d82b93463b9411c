// Values as the ABI's borrowed trees, and back. Texts are not copied: a tree points into the Value
// it was made from, which must outlive it.
#pragma once

#include "core/graph/node.hpp"

#include <lathe/value.h>

#include <memory_resource>
#include <span>
#include <string_view>

namespace lathe {

inline std::string_view view_of(lathe_str text) {
  return text.data == nullptr ? std::string_view{} : std::string_view(text.data, text.size);
}
inline lathe_str str_of(std::string_view text) { return {text.data(), text.size()}; }

// Arrays of the tree come from `memory`; the tree lives as long as both.
lathe_value to_abi(const Value& value, std::pmr::memory_resource& memory);
const lathe_value* to_abi_pointer(const Value& value, std::pmr::memory_resource& memory);

// Arguments of a node, a list; nodes in it are LATHE_VALUE_NODE.
const lathe_value* to_abi_pointer(std::span<const Argument> arguments,
                                  std::pmr::memory_resource& memory);
// Keyword arguments, a map.
const lathe_value* to_abi_pointer(std::span<const std::pair<std::string, Argument>> kwargs,
                                  std::pmr::memory_resource& memory);

// A copy. Throws usage_error for what is no value: an unknown kind, null contents, nesting without
// end, a node.
Value from_abi(const lathe_value& value);

// The same for arguments of nodes: LATHE_VALUE_NODE is allowed, also inside lists.
Argument argument_from_abi(const lathe_value& value);

// "linear|conv2d": the words of a list that a plugin writes as one text; null has none. A backslash
// makes the character behind it part of a word.
std::vector<std::string> split_bars(const char* text);

}  // namespace lathe
