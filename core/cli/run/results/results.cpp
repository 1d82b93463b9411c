// Texts say when data were synthetic; so do both forms of the report.
#include "core/cli/run/results/results.hpp"

#include "core/base/file.hpp"
#include "core/base/log.hpp"
#include "core/cli/run/results/provenance.hpp"
#include "core/cli/talk.hpp"
#include "core/host/stdout_guard.hpp"
#include "core/report/integer_line.hpp"
#include "core/report/terminal.hpp"

#include <fmt/format.h>

namespace lathe {

namespace {

void tell_integer_layers(const Json& provenance) {
  const auto part = provenance.find("integer_kernels");
  if (part == provenance.end()) return;
  if (const std::string line = integer_line(*part); !line.empty()) log_info("{}", line);
}

std::string scalars_text(const std::vector<std::pair<std::string, Value>>& scalars) {
  TextTable table{{"metric", "value"}, {}};
  for (const auto& [name, value] : scalars) table.rows.push_back({name, cell_text(value)});
  return output_table(table);
}

std::string text_of(const PassReport& report) {
  std::string text = report.pass + "\n\n";
  if (!report.scalars.empty()) text += scalars_text(report.scalars) + "\n";
  for (const ReportTable& table : report.tables)
    text +=
        fmt::format("{}: {}\n", report.pass, table.name) + output_table(text_table(table)) + "\n";
  for (const auto& [name, contents] : report.texts) {
    text += fmt::format("{}: {}\n{}", report.pass, name, contents);
    text += contents.ends_with('\n') ? "\n" : "\n\n";
  }
  for (const auto& file : report.files) text += fmt::format("wrote {}\n", file.string());
  if (!report.files.empty()) text += "\n";
  return text;
}

std::string text_of(const Results& results, const Session& session) {
  std::string text =
      fmt::format("{} on {}{}\n\n", session.model().text, session.dataset_choice().text,
                  session.synthetic() ? " (synthetic data)" : "");
  for (const PassReport& report : results.passes) text += text_of(report);
  for (const ReportTable& table : results.tables)
    text += fmt::format("{}\n", table.name) + output_table(text_table(table)) + "\n";
  for (const std::string& more : results.texts) text += more + "\n";
  if (!results.metrics.empty()) text += scalars_text(results.metrics);
  return text;
}

}  // namespace

Json json_of(const Results& results, Session& session) {
  Json json{{"command", session.settings().command->word},
            {"model", session.model().text},
            {"dataset", session.has_dataset() ? Json(session.dataset_choice().text) : Json()}};
  if (session.synthetic()) json["synthetic_data"] = true;
  json["passes"] = Json::array();
  for (const PassReport& report : results.passes) json["passes"].push_back(json_of(report));
  // Whatever was published is a metric; of two with one name, the later pass's.
  json["metrics"] = Json::object();
  for (const PassReport& report : results.passes)
    for (const auto& [name, value] : report.scalars) json["metrics"][name] = json_of(value);
  for (const auto& [name, value] : results.metrics) json["metrics"][name] = json_of(value);
  if (!results.tables.empty()) {
    PassReport own;
    own.tables = results.tables;
    json["tables"] = json_of(own)["tables"];
  }
  for (const auto& [key, part] : results.parts) json[key] = part;
  json["warnings"] = said_warnings();
  json["provenance"] = provenance_of(session);
  for (const auto& [key, value] : results.measured) json["provenance"][key] = value;
  return json;
}

void deliver(const Results& results, Session& session, const std::filesystem::path& folder) {
  const Json json = json_of(results, session);
  tell_integer_layers(json.at("provenance"));
  // A count is repeated in milliseconds; waiting for the disk would be most of its time.
  const Sync sync = session.opened_executor() == nullptr ? Sync::no_wait : Sync::wait;
  if (!folder.empty()) write_atomically(folder / "report.json", json_text(json), sync);
  if (session.settings().get(kJson))
    write_json(json, -1);
  else
    write_output(text_of(results, session));
}

}  // namespace lathe
