// One visit per kind of value; nothing here decides what a command reports.
#include "core/report/json.hpp"

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
  if (json.is_number_integer()) return json.get<std::int64_t>();
  if (json.is_number()) return json.get<double>();
  if (json.is_string()) return json.get<std::string>();
  if (json.is_array()) {
    Value::List list;
    for (const Json& item : json) list.push_back(value_of(item));
    return list;
  }
  if (json.is_object()) {
    Value::Map map;
    for (const auto& [key, entry] : json.items()) map.emplace_back(key, value_of(entry));
    return map;
  }
  return {};
}

Json json_of(const PassReport& report) {
  Json scalars = Json::object();
  for (const auto& [name, scalar] : report.scalars) scalars[name] = json_of(scalar);
  Json tables = Json::object();
  for (const ReportTable& table : report.tables) {
    Json rows = Json::array();
    for (const auto& cells : table.rows) {
      Json row = Json::object();
      for (std::size_t column = 0; column < table.columns.size(); ++column)
        row[table.columns[column]] = json_of(cells[column]);
      rows.push_back(std::move(row));
    }
    tables[table.name] = std::move(rows);
  }
  Json json{{"pass", report.pass}, {"scalars", scalars}, {"tables", tables}};
  for (const auto& [name, text] : report.texts) json["texts"][name] = text;
  for (const auto& file : report.files) json["files"].push_back(file.string());
  return json;
}

}  // namespace lathe
