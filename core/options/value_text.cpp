// Prints values and components so that reading them again gives the same. Quotes only where a word
// would be read as something else.
#include "core/options/component_text.hpp"
#include "core/options/word.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

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

std::string quoted_text(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) {
      result += fmt::format("\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      result += c;
    }
  }
  return result + "\"";
}

std::string key_text(const std::string& key) {
  const bool bare = !key.empty() && std::all_of(key.begin(), key.end(), is_key_char);
  return bare ? key : quoted_text(key);
}

std::string float_text(double x) {
  if (std::isnan(x)) return "nan";
  if (std::isinf(x)) return x < 0 ? "-inf" : "inf";
  std::string text = fmt::format("{}", x);
  if (text.find_first_of(".en") == std::string::npos) text += ".0";
  return text;
}

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

std::string text_of(const Value& value) {
  if (value.is_none()) return "NA";
  if (value.is_bool()) return value.as_bool() ? "true" : "false";
  if (value.is_int()) return std::to_string(value.as_int());
  if (value.is_float()) return float_text(value.as_float());
  if (value.is_string()) {
    return is_plain_word(value.as_string()) ? value.as_string() : quoted_text(value.as_string());
  }
  std::string text;
  if (value.is_list()) {
    for (const Value& item : value.as_list()) {
      if (!text.empty()) text += ", ";
      text += text_of(item);
    }
    return "[" + text + "]";
  }
  append_assignments(text, "", value.as_map());
  return "{" + text + "}";
}

std::string text_of(const ComponentText& component) {
  std::string text;
  append_assignments(text, "", component.options.as_map());
  return text.empty() ? component.name : component.name + "<" + text + ">";
}

std::string text_of(const std::vector<ComponentText>& components) {
  std::string text;
  for (const ComponentText& component : components) {
    if (!text.empty()) text += ',';
    text += text_of(component);
  }
  return text;
}

}  // namespace lathe
