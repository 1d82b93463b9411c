// The state of a training run as text. Numbers are written so that they read back exactly.
#include "core/run/training/training_state.hpp"

#include "core/base/file.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <sstream>

namespace lathe::run {

namespace {

constexpr std::string_view kVersion = "4";
constexpr std::string_view kEpochColumn = "epoch";

// Visits every scalar of the state under its name: writing and reading are one list.
template <typename State, typename Visitor>
void each_number(State& state, Visitor&& visit) {
  visit("epoch", state.epoch);
  visit("batch", state.batch);
  visit("total_batches", state.total_batches);
  visit("steps", state.steps);
  visit("pending", state.pending);
  visit("counts.loss_sum", state.counts.loss_sum);
  visit("counts.weight", state.counts.weight);
  visit("counts.rows", state.counts.rows);
  visit("counts.right", state.counts.right);
  visit("counts.judged", state.counts.judged);
  visit("counts.elements", state.counts.elements);
  visit("counts.absolute_error", state.counts.absolute_error);
  visit("counts.squared_error", state.counts.squared_error);
  visit("counts.target_mean", state.counts.target_mean);
  visit("counts.target_deviation", state.counts.target_deviation);
  visit("best_epoch", state.best_epoch);
  visit("best_loss", state.best_loss);
}

std::string key(std::string_view name) { return fmt::format("{}{}", kStatePrefix, name); }

void parse(const std::string& text, std::int64_t& out) {
  out = std::strtoll(text.c_str(), nullptr, 10);
}
void parse(const std::string& text, double& out) { out = std::strtod(text.c_str(), nullptr); }

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream text(line);
  for (std::string cell; std::getline(text, cell, ',');) cells.push_back(cell);
  return cells;
}

std::vector<EpochMetrics> parse_metrics(const std::string& text) {
  std::vector<EpochMetrics> out;
  std::istringstream lines(text);
  std::string line;
  std::getline(lines, line);
  const std::vector<std::string> columns = cells_of(line);
  while (std::getline(lines, line)) {
    const std::vector<std::string> cells = cells_of(line);
    EpochMetrics row;
    parse(cells.at(0), row.epoch);
    for (std::size_t i = 1; i < columns.size(); ++i) {
      row.values.emplace_back(columns[i], 0.0);
      parse(cells.at(i), row.values.back().second);
    }
    out.push_back(row);
  }
  return out;
}

}  // namespace

std::string metrics_text(const TrainingState& state) {
  std::string out(kEpochColumn);
  for (const std::string& column : epoch_columns(state.loss)) out += "," + column;
  out += '\n';
  for (const EpochMetrics& row : state.epochs) {
    out += fmt::format("{}", row.epoch);
    for (const auto& [column, value] : row.values) out += fmt::format(",{}", value);
    out += '\n';
  }
  return out;
}

void write_metrics(const std::filesystem::path& file, const TrainingState& state) {
  // The training's state has the same rows, and its writer has waited for the disk.
  write_atomically(file, metrics_text(state), Sync::no_wait);
}

std::map<std::string, std::string> to_metadata(const TrainingState& state,
                                               const RunIdentity& identity) {
  std::map<std::string, std::string> out;
  out.emplace(key("training"), kVersion);
  each_number(state, [&](std::string_view name, const auto& number) {
    out[key(name)] = fmt::format("{}", number);
  });
  out[key("loss")] = name(state.loss);
  out[key("metrics")] = metrics_text(state);
  for (const auto& [name, value] : identity) out[key("run." + name)] = value;
  return out;
}

TrainingState from_metadata(const std::map<std::string, std::string>& metadata,
                            const RunIdentity& identity, const std::filesystem::path& file) {
  auto get = [&](const std::string& name) -> const std::string& {
    auto entry = metadata.find(key(name));
    if (entry == metadata.end()) {
      throw run_error(LATHE_DATA_LOSS,
                      fmt::format("'{}' holds no training run that can be resumed ('{}' is "
                                  "missing); start anew, or load it as plain weights",
                                  file.string(), key(name)));
    }
    return entry->second;
  };
  if (get("training") != kVersion) {
    throw run_error(LATHE_UNIMPLEMENTED,
                    fmt::format("'{}' was written by another version of Lathe (training state {}, "
                                "this one reads {}); start anew, or load it as plain weights",
                                file.string(), get("training"), kVersion));
  }
  for (const auto& [name, value] : identity) {
    const std::string& found = get("run." + name);
    if (found == value) continue;
    throw usage_error(fmt::format(
        "'{}' belongs to a run with {} = {}, this one has {}; give the same to resume it, or "
        "another folder to start anew",
        file.string(), name, found, value));
  }
  TrainingState out;
  each_number(out,
              [&](std::string_view name, auto& number) { parse(get(std::string(name)), number); });
  out.loss = loss_from_name(get("loss"));
  out.epochs = parse_metrics(get("metrics"));
  return out;
}

}  // namespace lathe::run
