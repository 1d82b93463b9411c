// A key of an option together with the type of its value: a misspelt key, or one read as another
// type, does not compile. Knows no option.
#pragma once

#include "core/base/value.hpp"

#include <lathe/module.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lathe {

// T is bool, std::int64_t, double, std::string, a list of texts, or an optional of those: none if
// nothing was given and there is no default.
template <typename T>
struct OptionKey {
  std::string_view key;
};

// What option tables call T.
template <typename T>
inline constexpr lathe_option_type kOptionType = kOptionType<typename T::value_type>;
template <>
inline constexpr lathe_option_type kOptionType<bool> = LATHE_OPTION_BOOL;
template <>
inline constexpr lathe_option_type kOptionType<std::int64_t> = LATHE_OPTION_INT;
template <>
inline constexpr lathe_option_type kOptionType<double> = LATHE_OPTION_FLOAT;
template <>
inline constexpr lathe_option_type kOptionType<std::string> = LATHE_OPTION_STRING;
template <>
inline constexpr lathe_option_type kOptionType<std::vector<std::string>> = LATHE_OPTION_STRING_LIST;

// A checked value as that type. REQUIRES: the option takes it.
template <typename T>
T value_as(const Value& value);

template <>
inline bool value_as(const Value& value) {
  return value.as_bool();
}
template <>
inline std::int64_t value_as(const Value& value) {
  return value.as_int();
}
template <>
inline double value_as(const Value& value) {
  return value.as_float();
}
template <>
inline std::string value_as(const Value& value) {
  return value.as_string();
}
template <>
inline std::optional<std::int64_t> value_as(const Value& value) {
  return value.is_none() ? std::nullopt : std::optional(value.as_int());
}
template <>
inline std::optional<double> value_as(const Value& value) {
  return value.is_none() ? std::nullopt : std::optional(value.as_float());
}
template <>
inline std::optional<std::string> value_as(const Value& value) {
  return value.is_none() ? std::nullopt : std::optional(value.as_string());
}
template <>
inline std::vector<std::string> value_as(const Value& value) {
  std::vector<std::string> texts;
  if (value.is_none()) return texts;
  for (const Value& item : value.as_list()) texts.push_back(item.as_string());
  return texts;
}

}  // namespace lathe
