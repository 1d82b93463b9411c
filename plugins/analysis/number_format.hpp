// The number format of an operand: whether two are alike, and how one is written.
#pragma once

#include <lathe/lathe.hpp>

#include <cstdio>
#include <string>

namespace analysis {

inline bool same_value(lathe::value_view a, lathe::value_view b) {
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case LATHE_VALUE_NONE:
      return true;
    case LATHE_VALUE_STRING:
      return a.text() == b.text();
    case LATHE_VALUE_FLOAT:
      return a.real() == b.real();
    case LATHE_VALUE_LIST:
      if (a.size() != b.size()) return false;
      for (std::uint64_t i = 0; i < a.size(); ++i) {
        if (!same_value(a[i], b[i])) return false;
      }
      return true;
    case LATHE_VALUE_MAP:
      if (a.size() != b.size()) return false;
      for (const lathe_entry& entry : a.entries()) {
        const lathe::value_view other = b.find(lathe::to_view(entry.key));
        if (!same_value(&entry.value, other)) return false;
      }
      return true;
    default:
      return a.raw()->as.integer == b.raw()->as.integer;
  }
}

// The same format with the same options, or both float.
inline bool same_format(const lathe::operand& a, const lathe::operand& b) {
  return a.type() == b.type() && a.bits() == b.bits() &&
         same_value(a.format_options().all(), b.format_options().all());
}

// As the text form of a config writes it: 8, true, NA, [4,16], {exponent=4}.
inline std::string value_text(lathe::value_view v) {
  char number[32];
  switch (v.kind()) {
    case LATHE_VALUE_NONE:
      return "NA";
    case LATHE_VALUE_BOOL:
      return v.boolean() ? "true" : "false";
    case LATHE_VALUE_STRING:
      return lathe::to_string(v.text());
    case LATHE_VALUE_FLOAT:
      std::snprintf(number, sizeof number, "%.17g", v.real());
      return number;
    case LATHE_VALUE_LIST: {
      std::string text;
      for (std::uint64_t i = 0; i < v.size(); ++i) {
        text += (i == 0 ? "" : ",") + value_text(v[i]);
      }
      return "[" + text + "]";
    }
    case LATHE_VALUE_MAP: {
      std::string text;
      for (const lathe_entry& entry : v.entries()) {
        text += lathe::join(
            {text.empty() ? "" : ",", lathe::to_view(entry.key), "=", value_text(&entry.value)});
      }
      return "{" + text + "}";
    }
    default:
      return lathe::to_string(v.raw()->as.integer);
  }
}

// "float", "integer<width=8,frac_width=4,is_signed=true>"; options that are NA are left out.
inline std::string format_text(const lathe::operand& operand) {
  std::string text;
  const lathe::value_view options = operand.format_options().all();
  if (options.kind() == LATHE_VALUE_MAP) {
    for (const lathe_entry& entry : options.entries()) {
      if (entry.value.kind == LATHE_VALUE_NONE) continue;
      text += lathe::join(
          {text.empty() ? "" : ",", lathe::to_view(entry.key), "=", value_text(&entry.value)});
    }
  }
  return lathe::join({operand.type(), text.empty() ? "" : "<", text, text.empty() ? "" : ">"});
}

inline bool has_format(const lathe::operand& operand) {
  return operand.format_options().all().kind() == LATHE_VALUE_MAP;
}

// Whether number formats can sit on operands of its kind.
inline bool may_have_format(const lathe::operand& operand) {
  return operand.is_tensor() && !operand.is_buffer() && !operand.is_state();
}

}  // namespace analysis
