// Mixed radix over the lists. Which options can be swept is one row each.
#include "core/cli/run/sweep.hpp"

#include "core/base/file.hpp"
#include "core/base/log.hpp"
#include "core/options/words_elsewhere.hpp"
#include "core/report/csv.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

namespace lathe {

namespace {

std::vector<std::string> sweepable() {
  std::vector<std::string> keys = training_option_keys();
  keys.emplace_back(kSeed.key);
  return keys;
}

struct Axis {
  std::string key;
  Value::List values;
};

Axis checked_axis(const std::string& key, const Value& given) {
  const std::vector<std::string> known = sweepable();
  if (std::find(known.begin(), known.end(), key) == known.end())
    throw usage_error(
        fmt::format("unknown key '{}' of [sweep]{}", key, option_suggestion(key, known)),
        given.position());
  if (!given.is_list() || given.as_list().empty())
    throw usage_error(
        fmt::format("'{}' of [sweep] takes a list of values, eg: {} = [64, 256]; found {}", key,
                    key, given.is_list() ? "an empty list" : given.text()),
        given.position());
  Axis axis{key, {}};
  const Option& option = training_option(key);
  for (const Value& value : given.as_list())
    axis.values.push_back(check_value(option, value, "[sweep]"));
  return axis;
}

// The numbers of an epoch in a training's row: none if no epoch ended.
void add_numbers(const EpochMetrics* epoch, std::string_view prefix, Loss loss,
                 std::vector<Value>& row) {
  for (const Statistic* statistic : table_statistics(loss)) {
    const std::string column = std::string(prefix) + std::string(statistic->name);
    row.push_back(epoch == nullptr ? Value{} : Value(epoch->number(column)));
  }
}

using Row = std::vector<Value>;

// Of each training its options, its last epoch, its best one and its test.
ReportTable empty_table(const Settings& settings, Loss loss) {
  ReportTable table{"sweep", {"run"}, {}};
  for (const auto& [key, ignored] : settings.sweep.as_map()) table.columns.push_back(key);
  for (const std::string prefix : {"train_", "best_validation_", ""})
    for (const Statistic* statistic : table_statistics(loss))
      table.columns.push_back(prefix + std::string(statistic->name));
  for (const char* last : {"epochs", "seconds"}) table.columns.emplace_back(last);
  return table;
}

Row row_of(std::size_t number, const SweepPoint& point, const Trained& trained, Loss loss) {
  Row row{static_cast<std::int64_t>(number)};
  for (const auto& [key, value] : point.options.as_map()) row.push_back(value);
  const auto& epochs = trained.result.epochs;
  add_numbers(epochs.empty() ? nullptr : &epochs.back(), kTrainPrefix, loss, row);
  add_numbers(trained.best_epoch(), kValidationPrefix, loss, row);
  for (const Statistic* statistic : table_statistics(loss))
    row.push_back(trained.evaluation ? trained.evaluation->value(*statistic) : Value{});
  row.emplace_back(static_cast<std::int64_t>(epochs.size()));
  row.emplace_back(trained.wall_seconds);
  return row;
}

// A finished point's row lies beside its weights, with the options it was trained with.
std::filesystem::path row_file(const std::filesystem::path& folder) { return folder / "row.json"; }

void save_row(const std::filesystem::path& folder, const SweepPoint& point, const Row& row) {
  const Json json{{"options", point.options.text()}, {"row", json_of(Value(row))}};
  write_atomically(row_file(folder), json.dump(2) + "\n");
}

std::optional<Row> saved_row(const std::filesystem::path& folder, const SweepPoint& point) {
  std::ifstream in(row_file(folder));
  if (!in) return std::nullopt;
  const Json json = Json::parse(in, nullptr, false);
  if (!json.is_object() || json.value("options", "") != point.options.text()) return std::nullopt;
  Row row;
  for (const Json& cell : json.at("row")) row.push_back(value_of(cell));
  return row;
}

// A point whose loss stops being a number has no results; the others go on, and nothing of it is
// saved, so that --resume tries it again. None: it was given up.
std::optional<Trained> trained_point(Session& session, const Graph& graph,
                                     const TrainingOptions& options, const SweepPoint& point,
                                     std::string& why) {
  try {
    return train_once(session, graph, options);
  } catch (const Error& error) {
    if (error.code() != LATHE_ABORTED) throw;
    why = error.message();
    log_warning("the run with {} was given up: {}", point.options.text(), why);
    return std::nullopt;
  }
}

void write_csv(const ReportTable& table, const std::filesystem::path& path) {
  TextTable text{table.columns, {}};
  for (const Row& row : table.rows) {
    std::vector<std::string> cells;
    for (const Value& cell : row) cells.push_back(cell.is_none() ? "" : cell.text());
    text.rows.push_back(std::move(cells));
  }
  write_atomically(path, csv_text(text));
}

}  // namespace

std::vector<SweepPoint> sweep_points(const Settings& settings) {
  std::vector<Axis> axes;
  std::size_t size = settings.sweep.as_map().empty() ? 0 : 1;
  for (const auto& [key, given] : settings.sweep.as_map()) {
    axes.push_back(checked_axis(key, given));
    size *= axes.back().values.size();
  }
  std::vector<SweepPoint> points;
  for (std::size_t number = 0; number < size; ++number) {
    SweepPoint point{Value(Value::Map{}), settings.values, fmt::format("sweep/{:03}", number)};
    std::size_t stride = size;
    for (const Axis& axis : axes) {
      stride /= axis.values.size();
      const Value& value = axis.values[number / stride % axis.values.size()];
      point.options.set(axis.key, value);
      point.run_options.set(axis.key, value);
    }
    points.push_back(std::move(point));
  }
  return points;
}

void run_sweep(Session& session, const Graph& graph, const std::vector<SweepPoint>& points,
               const RunFolder& folder, Results& results) {
  const Loss loss = run_loss(session);
  ReportTable table = empty_table(session.settings(), loss);
  double cpu_seconds = 0;
  std::size_t given_up = 0;
  std::string why;
  for (std::size_t number = 0; number < points.size() && !session.cancelled(); ++number) {
    const SweepPoint& point = points[number];
    const std::filesystem::path place = folder.results / point.folder;
    std::optional<Row> row = folder.resumed ? saved_row(place, point) : std::nullopt;
    if (!row) {
      log_info("run {} of {}: {}", number + 1, points.size(), point.options.text());
      TrainingOptions options = training_options(point.run_options);
      options.folder = place;
      options.resume = folder.resumed;
      make_folders(place);
      const std::optional<Trained> trained = trained_point(session, graph, options, point, why);
      if (!trained) ++given_up;
      if (trained && trained->result.interrupted) break;
      cpu_seconds += trained ? trained->cpu_seconds : 0;
      row = row_of(number, point, trained.value_or(Trained{}), loss);
      if (trained) save_row(place, point, *row);
    }
    table.rows.push_back(*row);
    write_csv(table, folder.results / "sweep.csv");
  }
  if (given_up > 0 && given_up == points.size())
    throw run_error(LATHE_ABORTED,
                    fmt::format("all {} runs were given up; the last: {}", given_up, why));
  results.tables.push_back(std::move(table));
  results.measured.emplace_back("train_cpu_seconds", cpu_seconds);
  results.texts.push_back(
      fmt::format("sweep.csv and the weights of each run are in {}\n", folder.results.string()));
}

}  // namespace lathe
