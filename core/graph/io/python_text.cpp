#include "core/graph/io/python_text.hpp"

#include <fmt/format.h>

namespace lathe {

std::string python_text(const Value& value, bool tuples) {
  if (value.is_none()) return "None";
  if (value.is_bool()) return value.as_bool() ? "True" : "False";
  if (value.is_string()) return value.as_string() == "..." ? "Ellipsis" : value.as_string();
  if (value.is_list()) {
    std::string out;
    for (const Value& item : value.as_list()) {
      out += (out.empty() ? "" : ", ") + python_text(item, tuples);
    }
    if (!tuples) return "[" + out + "]";
    return "(" + out + (value.as_list().size() == 1 ? ",)" : ")");
  }
  if (value.is_map()) {
    std::string out;
    const Value* slice = value.find("slice");  // of a getitem
    if (slice != nullptr && slice->is_list()) return "slice" + python_text(*slice, true);
    for (const auto& [key, item] : value.as_map()) {
      out += (out.empty() ? "" : ", ") + key + ": " + python_text(item, tuples);
    }
    return "{" + out + "}";
  }
  return value.text();  // numbers print alike
}

}  // namespace lathe
