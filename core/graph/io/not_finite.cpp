#include "core/graph/io/not_finite.hpp"

#include "core/base/words/literal.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lathe {

namespace {

bool is_finite(const Value& value) {
  if (value.is_float()) return std::isfinite(value.as_float());
  if (value.is_list()) return std::ranges::all_of(value.as_list(), is_finite);
  if (!value.is_map()) return true;
  return std::ranges::all_of(value.as_map(),
                             [](const Value::Entry& entry) { return is_finite(entry.second); });
}

}  // namespace

Value without_not_finite(const Value& value) {
  if (is_finite(value)) return value;
  if (value.is_float()) return float_text(value.as_float());
  if (value.is_list()) {
    Value::List out;
    for (const Value& item : value.as_list()) out.push_back(without_not_finite(item));
    return out;
  }
  Value::Map out;
  for (const auto& [key, item] : value.as_map()) out.emplace_back(key, without_not_finite(item));
  return out;
}

Value with_not_finite(const Value& value) {
  if (value.is_list()) {
    Value::List out;
    for (const Value& item : value.as_list()) out.push_back(with_not_finite(item));
    return out;
  }
  if (!value.is_string()) return value;
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const std::string& text = value.as_string();
  if (text == "inf") return kInfinity;
  if (text == "-inf") return -kInfinity;
  return text == "nan" ? Value(std::numeric_limits<double>::quiet_NaN()) : value;
}

}  // namespace lathe
