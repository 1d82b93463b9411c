#include "core/cli/report/search_part.hpp"

#include "core/report/importance/importance.hpp"
#include "core/report/table.hpp"
#include "core/search/loop/pareto.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace lathe {
namespace {

// A page of a hundred parameters carries fewer trials than one of three.
constexpr std::size_t kMostBytes = 550'000, kBytesOfNumber = 9, kBytesOfChoice = 4;
constexpr std::size_t kMostMetrics = 16, kMostLearned = 2000;

using Places = std::vector<std::size_t>;

// Seven digits are more than a screen can show.
Value rounded(double number) {
  if (!std::isfinite(number)) return {};
  return std::stod(fmt::format("{:.7g}", number));
}

std::vector<std::string> objective_names(const StudyDescription& description) {
  std::vector<std::string> names;
  const Value* metrics = description.user_attributes.find("metrics");
  if (metrics == nullptr) metrics = description.user_attributes.find("lathe:metrics");
  if (metrics != nullptr && metrics->is_map())
    for (const auto& [name, scale] : metrics->as_map()) names.push_back(name);
  if (names.size() == description.directions.size()) return names;
  if (description.directions.size() == 1)
    return {names.empty() ? "value" : "sum of scaled metrics"};
  names.clear();
  for (std::size_t i = 0; i < description.directions.size(); ++i)
    names.push_back(fmt::format("objective {}", i));
  return names;
}

bool has_choice(const StoredParameter& parameter) {
  return parameter.infinite() || parameter.count() > 1;
}

// Parameters with a choice, by their place in the study.
Places chosen_parameters(const StudyDescription& description) {
  Places places;
  for (std::size_t p = 0; p < description.parameters.size(); ++p)
    if (has_choice(description.parameters[p])) places.push_back(p);
  return places;
}

double number_at(const HeldTrial& trial, std::size_t p) {
  return p < trial.point.size() ? trial.point[p] : std::nan("");
}

bool is_complete(const HeldTrial& trial) { return trial.state == TrialState::complete; }

std::vector<std::string> metric_names(std::span<const HeldTrial> trials) {
  std::vector<std::string> names;
  for (const HeldTrial& trial : trials) {
    if (!is_complete(trial)) continue;
    for (const Value* metrics : {&trial.software_metrics, &trial.hardware_metrics}) {
      if (!metrics->is_map()) continue;
      for (const auto& [name, value] : metrics->as_map())
        if (value.is_number() && names.size() < kMostMetrics &&
            std::ranges::find(names, name) == names.end())
          names.push_back(name);
    }
    if (names.size() == kMostMetrics) break;
  }
  return names;
}

Value metric_of(const HeldTrial& trial, const std::string& name) {
  for (const Value* metrics : {&trial.software_metrics, &trial.hardware_metrics})
    if (const Value* found = metrics->find(name); found != nullptr && found->is_number())
      return rounded(found->as_float());
  return {};
}

// Those that were better than all before them, by any objective.
Places records(const StudyDescription& description, std::span<const HeldTrial> trials) {
  Places places;
  std::vector<double> best(description.directions.size(), std::nan(""));
  for (std::size_t i = 0; i < trials.size(); ++i) {
    if (!is_complete(trials[i])) continue;
    bool record = false;
    for (std::size_t o = 0; o < best.size(); ++o) {
      const double value = trials[i].values[o];
      const bool maximize = description.directions[o] == LATHE_DIRECTION_MAXIMIZE;
      if (!std::isnan(best[o]) && (maximize ? value <= best[o] : value >= best[o])) continue;
      best[o] = value;
      record = true;
    }
    if (record) places.push_back(i);
  }
  return places;
}

// `count` of `all`, evenly, both ends included.
Places spread(const Places& all, std::size_t count) {
  if (all.size() <= count || count < 2) return all;
  Places chosen;
  for (std::size_t i = 0; i < count; ++i) chosen.push_back(all[i * (all.size() - 1) / (count - 1)]);
  return chosen;
}

Places counted(std::size_t count) {
  Places all(count);
  for (std::size_t i = 0; i < count; ++i) all[i] = i;
  return all;
}

Places shown_trials(const Places& best, const Places& records, std::size_t trials,
                    std::size_t most) {
  if (trials <= most) return counted(trials);
  std::set<std::size_t> shown;
  for (const Places* part : {&best, &records})
    for (const std::size_t place : spread(*part, most / 4)) shown.insert(place);
  for (const std::size_t place : spread(counted(trials), most - shown.size())) shown.insert(place);
  return {shown.begin(), shown.end()};
}

Value parameter_json(const StoredParameter& parameter) {
  Value json{Value::Map{}};
  json.set("name", parameter.name);
  if (!parameter.categorical()) {
    json.set("log", parameter.logarithmic);
    return json;
  }
  Value::List texts;
  for (const Value& choice : parameter.choices)
    texts.emplace_back(choice.is_none() ? "NA" : cell_text(choice));
  json.set("choices", std::move(texts));
  return json;
}

template <typename Of>
Value column(const Places& places, const Of& of) {
  Value::List values;
  values.reserve(places.size());
  for (const std::size_t place : places) values.push_back(of(place));
  return values;
}

Value number_of_parameter(const StoredParameter& parameter, double number) {
  if (std::isnan(number)) return {};
  if (parameter.categorical()) return static_cast<std::int64_t>(number);
  return rounded(number);
}

Value seconds_of(const HeldTrial& trial) {
  if (trial.completed <= trial.started || trial.started == decltype(trial.started){}) return {};
  return rounded(std::chrono::duration<double>(trial.completed - trial.started).count());
}

Value trials_json(const StudyDescription& description, std::span<const HeldTrial> trials,
                  const Places& parameters, const Places& shown) {
  Value json{Value::Map{}};
  json.set("numbers", column(shown, [&](std::size_t place) -> Value {
             return static_cast<std::int64_t>(trials[place].number);
           }));
  json.set("states", column(shown, [&](std::size_t place) -> Value {
             return state_word(trials[place].state);
           }));
  Value::List values, points;
  for (std::size_t o = 0; o < description.directions.size(); ++o)
    values.push_back(column(shown, [&](std::size_t place) -> Value {
      return o < trials[place].values.size() ? rounded(trials[place].values[o]) : Value();
    }));
  for (const std::size_t p : parameters)
    points.push_back(column(shown, [&](std::size_t place) -> Value {
      return number_of_parameter(description.parameters[p], number_at(trials[place], p));
    }));
  json.set("values", std::move(values));
  json.set("points", std::move(points));
  json.set("seconds", column(shown, [&](std::size_t place) { return seconds_of(trials[place]); }));
  return json;
}

// Of one objective; none if nothing can be told.
Value importance_json(const StudyDescription& description, std::span<const HeldTrial> trials,
                      const Places& parameters, std::size_t objective, const std::string& name) {
  Places learned;
  for (std::size_t i = 0; i < trials.size(); ++i)
    if (is_complete(trials[i]) && std::isfinite(trials[i].values[objective])) learned.push_back(i);
  learned = spread(learned, kMostLearned);
  std::vector<Domain> domains;
  for (const std::size_t p : parameters) domains.push_back(description.parameters[p]);
  std::vector<std::vector<double>> points;
  std::vector<double> values;
  for (const std::size_t place : learned) {
    points.emplace_back();
    for (const std::size_t p : parameters) points.back().push_back(number_at(trials[place], p));
    values.push_back(trials[place].values[objective]);
  }
  const Importance importance = importance_of(domains, points, values);
  if (importance.shares.empty()) return {};
  Places order = counted(parameters.size());
  std::ranges::stable_sort(order, std::ranges::greater{},
                           [&](std::size_t i) { return importance.shares[i]; });
  Value::List rows;
  for (const std::size_t i : order)
    rows.emplace_back(Value::List{description.parameters[parameters[i]].name,
                                  rounded(importance.shares[i]),
                                  rounded(importance.deviations[i])});
  Value json{Value::Map{}};
  json.set("objective", name);
  json.set("trials", static_cast<std::int64_t>(learned.size()));
  json.set("rest", rounded(importance.together));
  json.set("rows", std::move(rows));
  return json;
}

std::size_t bytes_of_trial(const StudyDescription& description, const Places& parameters,
                           std::size_t metrics) {
  std::size_t bytes = 30 + (description.directions.size() + metrics) * kBytesOfNumber;
  for (const std::size_t p : parameters)
    bytes += description.parameters[p].categorical() ? kBytesOfChoice : kBytesOfNumber;
  return bytes;
}

void count_states(std::span<const HeldTrial> trials, SearchPart& part) {
  for (const HeldTrial& trial : trials) {
    if (is_complete(trial)) ++part.complete;
    if (trial.state == TrialState::fail) ++part.failed;
    if (trial.state == TrialState::pruned) ++part.pruned;
    if (!ended(trial.state)) ++part.running;
  }
}

}  // namespace

SearchPart search_part(const StudyDescription& description, std::span<const HeldTrial> trials) {
  const std::vector<Trial> plain(trials.begin(), trials.end());
  const Places best = best_trials(plain, description.directions);
  const Places parameters = chosen_parameters(description);
  const std::vector<std::string> metrics = metric_names(trials);
  const std::vector<std::string> objectives = objective_names(description);
  const Places shown =
      shown_trials(best, records(description, trials), trials.size(),
                   kMostBytes / bytes_of_trial(description, parameters, metrics.size()));
  SearchPart part;
  part.trials = trials.size();
  part.shown = shown.size();
  part.best = best.size();
  count_states(trials, part);

  Value::List objectives_json, parameters_json, metrics_json, best_json, importance;
  for (std::size_t o = 0; o < objectives.size(); ++o) {
    const bool maximize = description.directions[o] == LATHE_DIRECTION_MAXIMIZE;
    objectives_json.emplace_back(
        Value::Map{{"name", objectives[o]}, {"direction", maximize ? "maximize" : "minimize"}});
    Value shares = importance_json(description, trials, parameters, o, objectives[o]);
    if (!shares.is_none()) importance.push_back(std::move(shares));
  }
  for (const std::size_t p : parameters)
    parameters_json.push_back(parameter_json(description.parameters[p]));
  for (const std::string& name : metrics)
    metrics_json.emplace_back(
        Value::Map{{"name", name}, {"values", column(shown, [&](std::size_t place) {
                                      return metric_of(trials[place], name);
                                    })}});
  const std::set<std::size_t> of_best(best.begin(), best.end());
  for (std::size_t i = 0; i < shown.size(); ++i)
    if (of_best.contains(shown[i])) best_json.emplace_back(static_cast<std::int64_t>(i));
  part.json = Value::Map{{"objectives", std::move(objectives_json)},
                         {"parameters", std::move(parameters_json)},
                         {"trials", trials_json(description, trials, parameters, shown)},
                         {"metrics", std::move(metrics_json)},
                         {"best", std::move(best_json)},
                         {"importance", std::move(importance)}};
  return part;
}

}  // namespace lathe
