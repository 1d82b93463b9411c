// Values and distributions to and from JSON.
#include "core/storage/json.hpp"

#include <nlohmann/json.hpp>

#include <cmath>

namespace lathe {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const Value& value) {
  if (value.is_bool()) return value.as_bool();
  if (value.is_int()) return value.as_int();
  if (value.is_float()) return std::isfinite(value.as_float()) ? Json(value.as_float()) : Json();
  if (value.is_string()) return value.as_string();
  if (value.is_list()) {
    Json list = Json::array();
    for (const Value& element : value.as_list()) list.push_back(json_of(element));
    return list;
  }
  if (!value.is_map()) return nullptr;
  Json map = Json::object();
  for (const auto& [key, element] : value.as_map()) map[key] = json_of(element);
  return map;
}

Value value_of(const Json& json) {
  if (json.is_boolean()) return json.get<bool>();
  if (json.is_number_float() || (json.is_number_unsigned() && json.get<std::uint64_t>() >> 63))
    return json.get<double>();
  if (json.is_number()) return json.get<std::int64_t>();
  if (json.is_string()) return json.get<std::string>();
  if (json.is_array()) {
    Value::List list;
    for (const Json& element : json) list.push_back(value_of(element));
    return list;
  }
  if (!json.is_object()) return {};
  Value::Map map;
  for (const auto& [key, element] : json.items()) map.emplace_back(key, value_of(element));
  return map;
}

Json distribution(const StoredParameter& parameter) {
  if (parameter.kind == LATHE_CATEGORICAL)
    return {{"name", "CategoricalDistribution"},
            {"attributes", {{"choices", json_of(Value(parameter.choices))}}}};
  const bool integer = parameter.kind == LATHE_INTEGER;
  const auto number = [&](double x) {
    return integer ? Json(static_cast<std::int64_t>(x)) : Json(x);
  };
  return {{"name", integer ? "IntDistribution" : "FloatDistribution"},
          {"attributes",
           {{"log", parameter.logarithmic},
            {"step", !integer && parameter.step == 0 ? Json() : number(parameter.step)},
            {"low", number(parameter.low)},
            {"high", number(parameter.high)}}}};
}

}  // namespace

std::string json_text(const Value& value) {
  return json_of(value).dump(-1, ' ', true, Json::error_handler_t::replace);
}

Value value_of_json(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  return json.is_discarded() ? Value(text) : value_of(json);
}

std::string distribution_json(const StoredParameter& parameter) {
  return distribution(parameter).dump(-1, ' ', true, Json::error_handler_t::replace);
}

bool same_distribution(const StoredParameter& parameter, std::string_view text) {
  // Key order is free, so compare as unordered objects; 1 and 1.0 are equal there as in Python.
  using Plain = nlohmann::json;
  const Plain theirs = Plain::parse(text, nullptr, false);
  return theirs == Plain::parse(distribution_json(parameter));
}

}  // namespace lathe
