// Nothing here decides what a command reports.
#include "core/report/json.hpp"

#include "core/host/stdout_guard.hpp"

namespace lathe {

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

std::string json_text(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace) + "\n";
}

void write_json(const Json& json, int indent) { write_data(json_text(json, indent)); }

}  // namespace lathe
