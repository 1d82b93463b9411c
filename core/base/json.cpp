#include "core/base/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

namespace lathe {
namespace {

bool is_plain(char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; }

// As Python writes it: with a point or an exponent, so that it is read as a float again.
void append_number(std::string& out, double number) {
  if (!std::isfinite(number)) {
    out += "null";
    return;
  }
  const std::size_t begin = out.size();
  fmt::format_to(std::back_inserter(out), "{}", number);
  if (out.find_first_of(".e", begin) == std::string::npos) out += ".0";
}

template <typename Items, typename Append>
void append_items(std::string& out, const Items& items, char open, char close, Append append) {
  out += open;
  for (const auto& item : items) {
    if (&item != &items.front()) out += ',';
    append(item);
  }
  out += close;
}

void append_json(std::string& out, const Value& value) {
  if (value.is_bool()) {
    out += value.as_bool() ? "true" : "false";
  } else if (value.is_int()) {
    fmt::format_to(std::back_inserter(out), "{}", value.as_int());
  } else if (value.is_float()) {
    append_number(out, value.as_float());
  } else if (value.is_string()) {
    lathe::append_json(out, std::string_view(value.as_string()));
  } else if (value.is_list()) {
    append_items(out, value.as_list(), '[', ']',
                 [&](const Value& item) { append_json(out, item); });
  } else if (value.is_map()) {
    append_items(out, value.as_map(), '{', '}', [&](const Value::Entry& entry) {
      lathe::append_json(out, std::string_view(entry.first));
      out += ':';
      append_json(out, entry.second);
    });
  } else {
    out += "null";
  }
}

}  // namespace

void append_json(std::string& out, std::string_view text) {
  if (std::ranges::all_of(text, is_plain)) {
    out += '"';
    out += text;
    out += '"';
  } else {
    out += Json(text).dump(-1, ' ', true, Json::error_handler_t::replace);
  }
}

std::string json_text(const Value& value) {
  std::string out;
  append_json(out, value);
  return out;
}

Json json_of(const Value& value) {
  if (value.is_bool()) return value.as_bool();
  if (value.is_int()) return value.as_int();
  if (value.is_float()) return std::isfinite(value.as_float()) ? Json(value.as_float()) : Json();
  if (value.is_string()) return value.as_string();
  if (value.is_list()) {
    Json list = Json::array();
    for (const Value& item : value.as_list()) list.push_back(json_of(item));
    return list;
  }
  if (value.is_map()) {
    Json map = Json::object();
    for (const auto& [key, entry] : value.as_map()) map[key] = json_of(entry);
    return map;
  }
  return nullptr;
}

Value value_of(const Json& json) {
  if (json.is_boolean()) return json.get<bool>();
  if (json.is_number_float() || (json.is_number_unsigned() && json.get<std::uint64_t>() >> 63))
    return json.get<double>();
  if (json.is_number()) return json.get<std::int64_t>();
  if (json.is_string()) return json.get<std::string>();
  if (json.is_array()) {
    Value::List list;
    for (const Json& item : json) list.push_back(value_of(item));
    return list;
  }
  if (!json.is_object()) return {};
  Value::Map map;
  for (const auto& [key, entry] : json.items()) map.emplace_back(key, value_of(entry));
  return map;
}

}  // namespace lathe
