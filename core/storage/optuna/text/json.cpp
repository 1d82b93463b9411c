#include "core/storage/optuna/text/json.hpp"

namespace lathe {
namespace {

// Values are trees that recursion walks.
constexpr int kDeepest = 100;

// What Python writes for the numbers that JSON lacks.
constexpr std::string_view kNoNumbers[] = {"NaN", "Infinity", "-Infinity"};

// How many characters of such a number the text begins with.
std::size_t no_number(std::string_view text) {
  for (const std::string_view word : kNoNumbers)
    if (text.starts_with(word)) return word.size();
  return 0;
}

// The text with null for those numbers; nothing if it nests too deep.
std::optional<std::string> strict_json(std::string_view text) {
  std::string strict;
  strict.reserve(text.size());
  bool quoted = false;
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') quoted = !quoted;
    if (quoted) {
      strict += c;
      if (c == '\\' && i + 1 < text.size()) strict += text[++i];
      continue;
    }
    if (c == '[' || c == '{') ++depth;
    if (c == ']' || c == '}') --depth;
    if (depth > kDeepest) return std::nullopt;
    if (const std::size_t size = no_number(text.substr(i)); size > 0) {
      strict += "null";
      i += size - 1;
    } else {
      strict += c;
    }
  }
  return strict;
}

}  // namespace

std::optional<Value> value_of_json(std::string_view text) {
  const std::optional<std::string> strict = strict_json(text);
  if (!strict) return std::nullopt;
  const Json json = Json::parse(*strict, nullptr, false);
  if (json.is_discarded()) return std::nullopt;
  return value_of(json);
}

}  // namespace lathe
