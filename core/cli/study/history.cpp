#include "core/cli/study/history.hpp"

#include "core/options/text/json.hpp"
#include "core/search/loop/told_outcome.hpp"
#include "core/search/points/point.hpp"
#include "core/search/space/written_space.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace lathe {
namespace {

const Value& need(const Value& table, std::string_view key, std::string_view of) {
  const Value* found = table.is_map() ? table.find(key) : nullptr;
  if (found != nullptr) return *found;
  throw usage_error(fmt::format("{} needs '{}'", of, key), table.position());
}

lathe_direction read_direction(const Value& word) {
  if (word.as_string() == "minimize") return LATHE_DIRECTION_MINIMIZE;
  if (word.as_string() == "maximize") return LATHE_DIRECTION_MAXIMIZE;
  throw usage_error(fmt::format("a direction is minimize or maximize; got '{}'", word.as_string()),
                    word.position());
}

// {"kind": "cat", "n": 3} or {"kind": "int", "low": 1, ...} as a config file writes it.
Value plain_domain(const std::string& name, const Value& row) {
  const Value& kind = need(row, "kind", fmt::format("the parameter '{}'", name));
  if (kind == Value("cat")) {
    const Value& n = need(row, "n", fmt::format("the parameter '{}'", name));
    if (n.as_int() < 1 || n.as_int() > 1'000'000)
      throw usage_error(fmt::format("'{}' has {} choices", name, n.as_int()), n.position());
    Value::List choices;
    for (std::int64_t choice = 0; choice < n.as_int(); ++choice) choices.emplace_back(choice);
    return Value(std::move(choices)).at(row.position());
  }
  if (kind != Value("int") && kind != Value("float"))
    throw usage_error(fmt::format("'{}' is of no kind that is known: cat, int or float", name),
                      kind.position());
  const Value* log = row.find("log");
  const bool logarithmic = log != nullptr && log->is_bool() && log->as_bool();
  Value domain{Value::Map{}};
  domain.at(row.position());
  for (const auto& [key, value] : row.as_map()) {
    const bool idle_step = key == "step" && (value.is_none() || logarithmic);
    if (key == "kind" || idle_step || (key == "log" && !logarithmic)) continue;
    domain.set(key, kind == Value("float") && value.is_int()
                        ? Value(value.as_float()).at(value.position())
                        : value);
  }
  return domain;
}

void read_params(Trial& trial, const Value& params, const SearchSpace& space) {
  trial.point.assign(space.parameters.size(), std::nan(""));
  for (const auto& [name, value] : params.as_map()) {
    const auto found = std::ranges::find(space.parameters, name, &SearchParameter::name);
    if (found == space.parameters.end())
      throw usage_error(
          fmt::format("trial {} has the parameter '{}', which the space lacks", trial.number, name),
          value.position());
    if (value.is_none()) continue;
    const auto number = found->number_of(value);
    if (!number)
      throw usage_error(fmt::format("trial {} has {} for '{}', which takes {}", trial.number,
                                    value.text(), name, found->text()),
                        value.position());
    trial.point[static_cast<std::size_t>(found - space.parameters.begin())] = *number;
  }
}

void read_values(Trial& trial, const Value& row, std::size_t objectives) {
  const std::string who = fmt::format("trial {}, which is complete,", trial.number);
  const Value& values = need(row, "values", who);
  for (const Value& value : values.as_list()) trial.values.push_back(value.as_float());
  if (trial.values.size() != objectives)
    throw usage_error(fmt::format("trial {} has {} values for {} objectives", trial.number,
                                  trial.values.size(), objectives),
                      values.position());
}

void read_intermediates(Trial& trial, const Value& steps) {
  for (const auto& [text, value] : steps.as_map()) {
    std::int64_t step = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), step);
    if (error != std::errc{} || end != text.data() + text.size())
      throw usage_error(
          fmt::format("trial {} has a value at '{}', which is no step", trial.number, text),
          value.position());
    trial.intermediates.push_back({step, value.is_none() ? std::nan("") : value.as_float()});
  }
  std::ranges::sort(trial.intermediates, {}, &StoredTrial::Intermediate::step);
}

Trial read_trial(const Value& row, const History& history) {
  Trial trial;
  const Value& number = need(row, "number", "a trial");
  if (number.as_int() < 0) throw usage_error("a trial's number is below 0", number.position());
  trial.number = static_cast<std::uint64_t>(number.as_int());
  const Value& word = need(row, "state", fmt::format("trial {}", trial.number));
  const std::optional<TrialState> state = state_of_word(word.as_string());
  if (!state)
    throw usage_error(
        fmt::format("trial {} is in no known state: '{}'; there are COMPLETE, PRUNED, "
                    "FAIL, RUNNING and WAITING",
                    trial.number, word.as_string()),
        word.position());
  trial.state = *state;
  read_params(trial, need(row, "params", fmt::format("trial {}", trial.number)), history.space);
  if (trial.state == TrialState::complete) read_values(trial, row, history.directions.size());
  if (const Value* steps = row.find("intermediate"); steps != nullptr && !steps->is_none())
    read_intermediates(trial, *steps);
  return trial;
}

void tell(Sampler& sampler, const Trial& trial) {
  if (trial.state == TrialState::waiting) return;  // nobody has begun it
  sampler.started(trial.number, trial.point);
  if (ended(trial.state)) sampler.finished(*ToldOutcome(trial, false));
}

}  // namespace

History read_history(const std::filesystem::path& file) {
  const Value all = read_json(file);
  History history;
  for (const Value& word : need(all, "directions", "a history").as_list())
    history.directions.push_back(read_direction(word));
  if (history.directions.empty())
    throw usage_error("a history needs a direction for each objective",
                      all.find("directions")->position());
  for (const auto& [name, row] : need(all, "space", "a history").as_map())
    history.space.parameters.push_back(read_parameter(name, plain_domain(name, row)));
  if (history.space.parameters.empty())
    throw usage_error("the space has no parameter", all.find("space")->position());
  if (const Value* sampler = all.find("sampler"); sampler != nullptr && !sampler->is_none()) {
    sampler->as_map();  // refuses anything else
    history.sampler = *sampler;
  }
  for (const Value& row : need(all, "trials", "a history").as_list()) {
    Trial trial = read_trial(row, history);
    if (!history.trials.empty() && history.trials.back().number >= trial.number)
      throw usage_error(fmt::format("trial {} stands behind trial {}; numbers rise", trial.number,
                                    history.trials.back().number),
                        row.position());
    history.trials.push_back(std::move(trial));
  }
  return history;
}

std::vector<std::vector<double>> draw_suggestions(const History& history,
                                                  const SamplerChoice& sampler, std::uint64_t seed,
                                                  std::uint64_t n) {
  const std::unique_ptr<Sampler> made =
      sampler.make(history.space, {history.directions, {}, seed, 0, 0, 0});
  for (const Trial& trial : history.trials) tell(*made, trial);
  const std::uint64_t next = history.trials.empty() ? 0 : history.trials.back().number + 1;
  std::vector<std::vector<double>> draws(history.space.parameters.size());
  std::vector<double> point(draws.size());
  for (std::uint64_t i = 0; i < n; ++i) {
    std::ranges::fill(point, std::nan(""));
    // Another number draws other random numbers, and a sampler knows no later trial.
    if (!made->suggest(next + i, 0, point))
      throw run_error(
          LATHE_OUT_OF_RANGE,
          fmt::format("sampler '{}' has no suggestion left after {}", sampler.name(), i));
    check_suggestion(history.space, sampler.name(), next + i, point);
    for (std::size_t p = 0; p < point.size(); ++p) draws[p].push_back(point[p]);
  }
  return draws;
}

}  // namespace lathe
