// A front of many points is shown in part on a terminal, and whole in a file or a pipe, which are
// laid out as a terminal of 80 columns would be.
#include "core/cli/run/searching/found.hpp"

#include "core/cli/layout.hpp"
#include "core/cli/run/searching/objectives.hpp"
#include "core/report/point_table.hpp"
#include "core/report/terminal.hpp"
#include "core/search/study/reasons.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

namespace lathe {

namespace {

Json values_json(const std::vector<double>& values) {
  Json json = Json::array();
  for (const double value : values) json.push_back(value);
  return json;
}

Json best_part(const SearchResult& result, const SearchSpace& space) {
  Json best = Json::array();
  for (const std::size_t index : result.best) {
    const Trial& trial = result.trials[index];
    best.push_back({{"number", trial.number},
                    {"values", values_json(trial.values)},
                    {"software_metrics", json_of(trial.software_metrics)},
                    {"hardware_metrics", json_of(trial.hardware_metrics)},
                    {"scaled_metrics", json_of(trial.scaled_metrics)},
                    {"sampled_config", json_of(sampled_config(space, trial.point))}});
    if (trial.explained != Value(Value::Map{})) best.back()["explained"] = json_of(trial.explained);
  }
  return best;
}

// The best points, each once: its first trial, and how many trials are at that point.
struct BestPoint {
  const Trial* trial;
  std::size_t trials = 0;
};
using BestPoints = std::vector<BestPoint>;

// NaN, of a parameter that does not exist, compares with nothing.
std::vector<double> comparable(std::vector<double> point) {
  for (double& number : point)
    if (std::isnan(number)) number = std::numeric_limits<double>::lowest();
  return point;
}

// The best by the first objective first; of a front of two, the worst by the other is first then.
BestPoints best_points(const SearchResult& result, const SearchOptions& options) {
  BestPoints points;
  std::map<std::vector<double>, std::size_t> known;
  for (const std::size_t index : result.best) {
    const Trial& trial = result.trials[index];
    const auto [found, fresh] = known.try_emplace(comparable(trial.point), points.size());
    if (fresh) points.push_back({&trial, 0});
    ++points[found->second].trials;
  }
  const std::vector<lathe_direction> directions = options.directions();
  std::ranges::stable_sort(points, [&](const BestPoint& a, const BestPoint& b) {
    for (std::size_t i = 0; i < directions.size(); ++i) {
      const double x = a.trial->values[i], y = b.trial->values[i];
      if (x != y) return directions[i] == LATHE_DIRECTION_MAXIMIZE ? x > y : x < y;
    }
    return false;
  });
  return points;
}

// As many as are asked for, spread evenly, both ends included.
BestPoints spread(const BestPoints& points, std::size_t count) {
  if (points.size() <= count) return points;
  BestPoints chosen;
  for (std::size_t i = 0; i < count; ++i)
    chosen.push_back(points[i * (points.size() - 1) / (count - 1)]);
  return chosen;
}

// A metric as it was measured; of a trial that another program made, as far as its value tells.
std::string metric_text(const Trial& trial, const SearchOptions& options, std::size_t which) {
  const std::string& name = options.metrics[which].name;
  for (const Value* metrics : {&trial.software_metrics, &trial.hardware_metrics})
    if (const Value* found = metrics->find(name); found != nullptr && found->is_number())
      return cell_text(*found);
  if (options.sum_scaled_metrics || which >= trial.values.size()) return "-";
  return number_text(unscaled(options, which, trial.values[which]));
}

// Numbers that the sampler tells of its points ("gap"), by name, each once.
std::vector<std::string> explained_names(const BestPoints& points) {
  std::vector<std::string> names;
  for (const BestPoint& point : points)
    for (const auto& [name, value] : point.trial->explained.as_map())
      if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  return names;
}

TextTable points_table(const BestPoints& points, const SearchOptions& options) {
  const std::vector<std::string> explained = explained_names(points);
  const bool violates = std::ranges::any_of(
      points, [](const BestPoint& point) { return point.trial->violation() > 0; });
  const bool repeats =
      std::ranges::any_of(points, [](const BestPoint& point) { return point.trials > 1; });
  TextTable table{{"trial"}, {}};
  if (options.sum_scaled_metrics) table.columns.emplace_back("sum");
  for (const Metric& metric : options.metrics) table.columns.push_back(metric.name);
  if (violates) table.columns.emplace_back("violation");
  table.columns.insert(table.columns.end(), explained.begin(), explained.end());
  if (repeats) table.columns.emplace_back("trials");
  for (const BestPoint& point : points) {
    std::vector<std::string> row{std::to_string(point.trial->number)};
    if (options.sum_scaled_metrics) row.push_back(number_text(point.trial->values.front()));
    for (std::size_t i = 0; i < options.metrics.size(); ++i)
      row.push_back(metric_text(*point.trial, options, i));
    if (violates) row.push_back(number_text(point.trial->violation()));
    for (const std::string& name : explained) {
      const Value* told = point.trial->explained.find(name);
      row.push_back(told == nullptr ? "-" : cell_text(*told));
    }
    if (repeats) row.push_back(std::to_string(point.trials));
    table.rows.push_back(std::move(row));
  }
  return table;
}

// What had a choice, and exists at one of the points.
void add_choices(const BestPoints& points, const SearchSpace& space, PointTable& table) {
  for (std::size_t p = 0; p < space.parameters.size(); ++p) {
    const SearchParameter& parameter = space.parameters[p];
    if (!parameter.infinite() && parameter.count() < 2) continue;
    std::vector<std::string> cells;
    bool any = false;
    for (const BestPoint& point : points) {
      const std::vector<double>& at = point.trial->point;
      const bool exists = parameter.condition.met(at) && parameter.takes(at[p]);
      any |= exists;
      cells.push_back(exists ? cell_text(parameter.value(at[p], parameter.name)) : "-");
    }
    if (!any) continue;
    table.parameters.push_back(parameter.name);
    table.choices.push_back(std::move(cells));
  }
}

std::string best_text(const SearchResult& result, const SearchOptions& options,
                      const SearchSpace& space) {
  constexpr std::size_t kMostShown = 20;
  const std::size_t terminal = output_columns();
  const BestPoints all = best_points(result, options);
  const BestPoints points = terminal == 0 ? all : spread(all, kMostShown);
  std::string text;
  if (options.directions().size() > 1)
    text = fmt::format("Pareto front: {} point{}\n", all.size(), all.size() == 1 ? "" : "s");
  if (points.size() < all.size())
    text += wrapped(fmt::format("{} of them, spread evenly over it; all are in best.json and in "
                                "the study",
                                points.size()),
                    0, terminal);
  PointTable table{points_table(points, options), {}, {}};
  add_choices(points, space, table);
  return text + render(table, terminal == 0 ? kUsualColumns : terminal);
}

std::size_t count_of(const SearchResult& result, TrialState state) {
  return static_cast<std::size_t>(
      std::count_if(result.trials.begin(), result.trials.end(),
                    [state](const Trial& trial) { return trial.state == state; }));
}

// Trials at one point are one network: fewer points than trials are repeats.
std::size_t points_of(const SearchResult& result) {
  std::set<std::vector<double>> points;
  for (const Trial& trial : result.trials) points.insert(comparable(trial.point));
  return points.size();
}

Json reasons_part(const std::vector<Reason>& reasons) {
  Json part = Json::array();
  for (const Reason& reason : reasons)
    part.push_back({{"text", reason.text}, {"first", reason.first}, {"trials", reason.trials}});
  return part;
}

std::string counts_text(const SearchResult& result) {
  std::string text = fmt::format("{} trials", result.trials.size());
  if (result.resumed > 0) text += fmt::format(", {} of them from before", result.resumed);
  if (result.elsewhere > 0)
    text += fmt::format(", {} of them by other processes", result.elsewhere);
  if (const std::size_t pruned = count_of(result, TrialState::pruned); pruned > 0)
    text += fmt::format(", {} pruned", pruned);
  if (const std::size_t failed = count_of(result, TrialState::fail); failed > 0)
    text += fmt::format(", {} failed", failed);
  if (const std::size_t points = points_of(result); points < result.trials.size())
    text += fmt::format(", at {} different points", points);
  if (result.served > 0)
    text += fmt::format(", {} with the values of an earlier one at their point", result.served);
  if (result.infeasible) text += "; none meets the constraints";
  if (result.exhausted) text += "; every point of the space was visited";
  if (result.timed_out) text += "; the time budget is spent";
  return text;
}

// Why it ended, what went wrong, each kind once, and what there is now.
std::string summary_text(const SearchResult& result, const SearchPlace& place) {
  std::vector<std::string> sentences{counts_text(result)};
  if (!result.untrained.empty())
    sentences.push_back(
        fmt::format("evaluated without trained weights: {}", fmt::join(result.untrained, ", ")));
  for (const Reason& reason : failures_of(result.trials))
    sentences.push_back(
        fmt::format("{} failed like trial {}: {}", reason.trials, reason.first, reason.text));
  for (const Reason& reason : troubles_of(result.trials))
    sentences.push_back(
        fmt::format("{} like trial {}: {}", reason.trials, reason.first, reason.text));
  sentences.push_back(fmt::format("log.json, best.json are in {}", place.folder.string()));
  sentences.push_back(
      fmt::format("study '{}' is in {}", place.study, shown_url(place.storage_url)));
  std::string text;
  const std::size_t columns = output_columns();
  for (const std::string& sentence : sentences)
    text += wrapped(sentence, 2, columns == 0 ? std::string::npos : columns);
  return text;
}

}  // namespace

void add_found(const SearchResult& result, const SearchOptions& options, const SearchSpace& space,
               const SearchPlace& place, Results& results) {
  const auto add = [&](const char* key, Json part) {
    results.parts.emplace_back(key, std::move(part));
  };
  add("best", best_part(result, space));
  add("space", json_of(space.describe()));
  add("trials", result.trials.size());
  add("pruned_trials", count_of(result, TrialState::pruned));
  add("failed_trials", count_of(result, TrialState::fail));
  add("failures", reasons_part(failures_of(result.trials)));
  add("troubles", reasons_part(troubles_of(result.trials)));
  add("served_trials", result.served);
  add("trials_elsewhere", result.elsewhere);
  add("feasible", !result.infeasible);
  add("exhausted", result.exhausted);
  add("interrupted", result.interrupted);
  add("study", {{"name", place.study}, {"storage", shown_url(place.storage_url)}});
  add("folder", place.folder.string());
  if (!result.untrained.empty())
    results.measured.emplace_back("untrained_layers", result.untrained);
  results.measured.emplace_back("loop_cpu_seconds", result.loop_cpu_seconds);
  results.measured.emplace_back("loop_seconds", result.loop_seconds);
  results.texts.push_back(best_text(result, options, space));
  results.texts.push_back(summary_text(result, place));
}

}  // namespace lathe
