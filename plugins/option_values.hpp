// Values of options: whether two are equal, and how one is written.
#pragma once

#include <lathe/lathe.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace option_values {

inline bool same(lathe::value_view a, lathe::value_view b) {
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
        if (!same(a[i], b[i])) return false;
      }
      return true;
    case LATHE_VALUE_MAP:
      if (a.size() != b.size()) return false;
      for (const lathe_entry& entry : a.entries()) {
        const lathe::value_view other = b.find(lathe::to_view(entry.key));
        if (!same(&entry.value, other)) return false;
      }
      return true;
    default:
      return a.raw()->as.integer == b.raw()->as.integer;
  }
}

// The fewest digits that give the same number again; of a float, those that give the same float.
inline std::string number_text(double x) {
  char text[32];
  const auto single = static_cast<float>(x);
  if (static_cast<double>(single) == x) {
    for (int digits = 6; digits <= 9; ++digits) {
      std::snprintf(text, sizeof text, "%.*g", digits, x);
      if (std::strtof(text, nullptr) == single) return text;
    }
  }
  for (int digits = 6; digits <= 17; ++digits) {
    std::snprintf(text, sizeof text, "%.*g", digits, x);
    if (std::strtod(text, nullptr) == x) break;
  }
  return text;
}

enum class Lists { whole, shortened };

// As the text form of a config writes it: 8, true, NA, [4,16], {exponent=4}. Shortened, a list of
// more than four shows its first two and its last: [0.5,0.25, ... 2].
inline std::string text(lathe::value_view v, Lists lists = Lists::whole) {
  constexpr std::uint64_t kLongest = 4;
  switch (v.kind()) {
    case LATHE_VALUE_NONE:
      return "NA";
    case LATHE_VALUE_BOOL:
      return v.boolean() ? "true" : "false";
    case LATHE_VALUE_STRING:
      return lathe::to_string(v.text());
    case LATHE_VALUE_FLOAT:
      return number_text(v.real());
    case LATHE_VALUE_LIST: {
      const bool cut = lists == Lists::shortened && v.size() > kLongest;
      std::string all;
      for (std::uint64_t i = 0; i < (cut ? 2 : v.size()); ++i) {
        all += (i == 0 ? "" : ",") + text(v[i], lists);
      }
      return "[" + all + (cut ? ", ... " + text(v[v.size() - 1], lists) : "") + "]";
    }
    case LATHE_VALUE_MAP: {
      std::string all;
      for (const lathe_entry& entry : v.entries()) {
        all += lathe::join(
            {all.empty() ? "" : ",", lathe::to_view(entry.key), "=", text(&entry.value, lists)});
      }
      return "{" + all + "}";
    }
    default:
      return lathe::to_string(v.raw()->as.integer);
  }
}

// "integer<width=8,is_signed=true>" from an id and a map; options that are NA are left out.
inline std::string component_text(std::string_view id, lathe::value_view options,
                                  Lists lists = Lists::whole) {
  std::string all;
  if (options.kind() == LATHE_VALUE_MAP) {
    for (const lathe_entry& entry : options.entries()) {
      if (entry.value.kind == LATHE_VALUE_NONE) continue;
      all += lathe::join(
          {all.empty() ? "" : ",", lathe::to_view(entry.key), "=", text(&entry.value, lists)});
    }
  }
  return lathe::join({id, all.empty() ? "" : "<", all, all.empty() ? "" : ">"});
}

}  // namespace option_values
