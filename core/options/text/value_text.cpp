#include "core/options/text/value_text.hpp"

#include "core/base/error.hpp"
#include "core/base/words/literal.hpp"
#include "core/options/text/word.hpp"

#include <algorithm>

namespace lathe {
namespace {

bool is_plain_word(const std::string& text) {
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_word_char)) return false;
  try {
    return word_value(text).is_string();
  } catch (const Error&) {
    return false;
  }
}

std::string key_text(const std::string& key) { return is_bare_key(key) ? key : quoted(key); }

// Nested tables become dotted keys; an empty one has nothing to dot.
void append_assignments(std::string& text, const std::string& prefix, const Value::Map& map) {
  for (const auto& [key, value] : map) {
    const std::string path = prefix + key_text(key);
    if (value.is_map() && !value.as_map().empty()) {
      append_assignments(text, path + ".", value.as_map());
      continue;
    }
    if (!text.empty()) text += ',';
    text += path + "=" + text_of(value);
  }
}

}  // namespace

std::string assignments_text(const Value::Map& map) {
  std::string text;
  append_assignments(text, "", map);
  return text;
}

std::string text_of(const Value& value) {
  if (value.is_none()) return "NA";
  if (value.is_bool()) return value.as_bool() ? "true" : "false";
  if (value.is_int()) return std::to_string(value.as_int());
  if (value.is_float()) return float_text(value.as_float());
  if (value.is_string()) {
    return is_plain_word(value.as_string()) ? value.as_string() : quoted(value.as_string());
  }
  std::string text;
  if (value.is_list()) {
    for (const Value& item : value.as_list()) {
      if (!text.empty()) text += ", ";
      text += text_of(item);
    }
    return "[" + text + "]";
  }
  return "{" + assignments_text(value.as_map()) + "}";
}

}  // namespace lathe
