#include "core/cli/report/page_data.hpp"

#include "core/base/clock.hpp"
#include "core/base/file.hpp"
#include "core/cli/report/curves.hpp"
#include "core/cli/report/search_part.hpp"
#include "core/cli/run/results/folder.hpp"
#include "core/report/cache_line.hpp"
#include "core/report/table.hpp"

#include <fmt/format.h>

namespace lathe {
namespace {

constexpr std::size_t kMostRows = 3000;

// The parts of a page that grow.
struct Draft {
  Value::List notes, facts, times, tables, texts;
  Value search, curves;

  static void add(Value::List& list, std::string_view name, Value value) {
    list.emplace_back(Value::List{name, std::move(value)});
  }
};

std::string text_in(const Value& map, std::string_view key) {
  const Value* found = map.find(key);
  return found != nullptr && found->is_string() ? found->as_string() : "";
}

const Value& map_in(const Value& map, std::string_view key) {
  static const Value none{Value::Map{}};
  const Value* found = map.find(key);
  return found != nullptr && found->is_map() ? *found : none;
}

// [{column: cell}] as columns and rows.
Value table_json(const std::string& name, const Value::List& objects) {
  Value::List columns, rows;
  if (!objects.empty() && objects.front().is_map())
    for (const auto& [column, cell] : objects.front().as_map()) columns.emplace_back(column);
  for (const Value& object : objects) {
    if (rows.size() == kMostRows) break;
    Value::List row;
    for (const Value& column : columns) {
      const Value* cell = object.find(column.as_string());
      row.push_back(cell == nullptr ? Value() : *cell);
    }
    rows.emplace_back(std::move(row));
  }
  Value json = Value::Map{{"name", name}, {"columns", columns}};
  if (objects.size() > rows.size())
    json.set("left_out", static_cast<std::int64_t>(objects.size() - rows.size()));
  json.set("rows", std::move(rows));
  if (name == "sweep") json.set("sweep", true);
  return json;
}

void add_tables(const Value& tables, const std::string& of, Draft& draft) {
  for (const auto& [name, rows] : tables.as_map())
    if (rows.is_list() && !rows.as_list().empty())
      draft.tables.push_back(table_json(of.empty() ? name : of + ": " + name, rows.as_list()));
}

void add_passes(const Value& report, Draft& draft) {
  const Value* passes = report.find("passes");
  if (passes == nullptr || !passes->is_list()) return;
  for (const Value& pass : passes->as_list()) {
    const std::string name = text_in(pass, "pass");
    add_tables(map_in(pass, "tables"), name, draft);
    for (const auto& [title, text] : map_in(pass, "texts").as_map())
      draft.texts.emplace_back(Value::Map{{"name", name + ": " + title}, {"text", text}});
  }
}

bool is_of_times(std::string_view key) {
  return key.ends_with("_seconds") || key == "threads" || key == "cpu_capability" || key == "cache";
}

void add_times(const Value& provenance, Draft& draft) {
  if (const std::string line = cache_line(provenance); !line.empty())
    Draft::add(draft.times, "cache", line);
  for (const auto& [key, value] : provenance.as_map())
    if (is_of_times(key) && !value.is_map()) Draft::add(draft.times, key, value);
}

// What the times do not have.
Value origin(const Value& provenance) {
  Value rest{Value::Map{}};
  for (const auto& [key, value] : provenance.as_map())
    if (!is_of_times(key)) rest.set(key, value);
  return rest;
}

void add_report(const Value& report, Draft& draft) {
  if (!report.is_map()) return;
  for (const auto& [name, value] : map_in(report, "metrics").as_map())
    Draft::add(draft.facts, name, value);
  add_tables(map_in(report, "tables"), "", draft);
  add_passes(report, draft);
  add_times(map_in(report, "provenance"), draft);
  if (const Value* synthetic = report.find("synthetic_data"))
    if (synthetic->is_bool() && synthetic->as_bool())
      draft.notes.emplace_back("The data are synthetic.");
  if (const Value* interrupted = report.find("interrupted"))
    if (interrupted->is_bool() && interrupted->as_bool())
      draft.notes.emplace_back("The run was interrupted.");
  const Value* warnings = report.find("warnings");
  if (warnings != nullptr && warnings->is_list())
    for (const Value& warning : warnings->as_list())
      draft.notes.emplace_back("warning: " + cell_text(warning));
}

struct StudyPlace {
  std::string url, name;  // empty name: the only one
};

StudyPlace study_place(const RunFiles& files) {
  StudyPlace place{"sqlite:///" + absolute_path(files.folder / kStudyFile).string(), {}};
  if (!files.search.is_map()) return place;
  place.name = text_in(files.search, "study");
  if (const std::string url = text_in(files.search, "storage"); !url.empty()) place.url = url;
  return place;
}

SearchPart read_search(const StudyPlace& place, const std::filesystem::path& folder) {
  constexpr std::string_view kFile = "sqlite:///";
  // SQLite would make it.
  if (place.url.starts_with(kFile) && !std::filesystem::exists(place.url.substr(kFile.size())))
    throw run_error(LATHE_NOT_FOUND,
                    fmt::format("the study '{}' of the search in '{}' is not there",
                                place.url.substr(kFile.size()), folder.string()));
  const std::shared_ptr<Storage> storage = open_storage(place.url);
  std::string name = place.name;
  if (const std::vector<std::string> names = storage->studies(); name.empty() && !names.empty())
    name = names.front();
  SearchPart part;
  storage->hold_study(name, Hold::to_read, [&](HeldStudy& study) {
    part = search_part(study.description(), study.trials());
  });
  return part;
}

void add_search(const RunFiles& files, Draft& draft) {
  SearchPart part = read_search(study_place(files), files.folder);
  const auto add = [&](std::string_view name, std::size_t count, bool always = false) {
    if (always || count > 0) Draft::add(draft.facts, name, static_cast<std::int64_t>(count));
  };
  add("trials", part.trials, true);
  add("complete", part.complete, true);
  add("pruned", part.pruned);
  add("failed", part.failed);
  add("not ended", part.running);
  add("best", part.best);
  if (part.trials == 0) draft.notes.emplace_back("No trial has begun.");
  if (part.shown < part.trials)
    draft.notes.emplace_back(fmt::format(
        "{} of {} trials are drawn: of the best and of those that were the best at their time as "
        "many as there is room for, and an even sample of the others. Counts and the best are of "
        "all.",
        part.shown, part.trials));
  draft.search = std::move(part.json);
}

void add_training(const RunFiles& files, Draft& draft) {
  draft.curves = csv_part(files.folder / "metrics.csv");
  Value sweep = csv_part(files.folder / "sweep.csv");
  if (sweep.is_none() || !map_in(files.report, "tables").as_map().empty()) return;
  sweep.set("name", "sweep");
  sweep.set("sweep", true);
  draft.tables.push_back(std::move(sweep));
}

std::string named(const RunFiles& files, std::string_view key) {
  if (const std::string said = text_in(files.report, key); !said.empty()) return said;
  if (!files.search.is_map()) return "";
  for (const std::string_view part : {"command_line", "options"})
    if (const std::string said = text_in(map_in(files.search, part), key); !said.empty())
      return said;
  return "";
}

}  // namespace

Value page_data(const RunFiles& files) {
  Draft draft;
  if (files.report.is_none())
    draft.notes.emplace_back(fmt::format(
        "This run had not ended when the page was made, at {}: it is still going, or was stopped.",
        utc_text(now())));
  if (files.command == "search" && files.has_study()) add_search(files, draft);
  if (files.command == "train") add_training(files, draft);
  add_report(files.report, draft);
  const std::string model = named(files, "model"), dataset = named(files, "dataset");
  return Value::Map{
      {"title", fmt::format("{}{}{}", model, model.empty() ? "" : ": ", files.command)},
      {"subtitle",
       fmt::format("{}{}{}", dataset, dataset.empty() ? "" : "; ", files.folder.string())},
      {"notes", std::move(draft.notes)},
      {"facts", std::move(draft.facts)},
      {"times", std::move(draft.times)},
      {"search", std::move(draft.search)},
      {"curves", std::move(draft.curves)},
      {"tables", std::move(draft.tables)},
      {"texts", std::move(draft.texts)},
      {"provenance", origin(map_in(files.report, "provenance"))}};
}

}  // namespace lathe
