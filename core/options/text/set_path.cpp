#include "core/options/text/set_path.hpp"

#include "core/options/text/component_text.hpp"
#include "core/options/text/toml_source.hpp"

#include <fmt/format.h>

namespace lathe {
namespace {

// One segment of the path: bare, or in quotes.
std::string unquoted(std::string_view segment, const Position& position) {
  while (!segment.empty() && segment.back() == ' ') segment.remove_suffix(1);
  if (segment.empty()) {
    throw usage_error("expected key.path=value, but a key is missing", position);
  }
  if (segment.front() == '"' || segment.front() == '\'') {
    const Value text = parse_value(segment, position);
    return text.is_none() ? "NA" : text.as_string();
  }
  return std::string(segment);
}

}  // namespace

void set_path(Value& document, std::string_view assignment, const std::string& origin) {
  const TomlSource source(assignment, origin);
  const std::vector<std::size_t> starts = source.keys_from(0);
  // The last segment ends where the '=' stands.
  const std::size_t equals = assignment.find('=', starts.back());
  if (equals == std::string_view::npos) {
    throw usage_error(fmt::format("expected key.path=value, but '{}' has no '='", assignment),
                      source.position(assignment.size()));
  }
  Value value = parse_value(assignment.substr(equals + 1), source.position(equals + 1));
  std::vector<std::pair<std::string, Position>> keys;  // all of them, before anything changes
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const std::size_t end = i + 1 == starts.size() ? equals : assignment.rfind('.', starts[i + 1]);
    const Position position = source.position(starts[i]);
    keys.emplace_back(unquoted(assignment.substr(starts[i], end - starts[i]), position), position);
  }
  const auto [last, place] = keys.back();
  keys.pop_back();
  Value* table = &document;
  for (const auto& [key, position] : keys) {
    Value* next = table->find_to_write(key);
    if (next == nullptr) next = &table->set(key, Value(Value::Map{}).at(position));
    if (!next->is_map()) {
      throw usage_error(
          fmt::format("'{}' holds {} {}; it is no table", key, next->kind_name(), next->text()),
          position);
    }
    table = next;
  }
  table->set(last, value.at(place));
}

}  // namespace lathe
