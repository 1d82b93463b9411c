#include "core/base/json.hpp"

#include <cmath>

namespace lathe {

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
