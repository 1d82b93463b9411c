// lathe study tell|enqueue: what a program found out, and what a person wants to know.
#include "core/cli/commands/rows.hpp"
#include "core/cli/study/chosen_study.hpp"
#include "core/cli/study/shown_trials.hpp"
#include "core/host/stdout_guard.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace lathe {
namespace {

double number_of(const std::string& text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size())
    throw usage_error(fmt::format("--values: '{}' is no number", text));
  if (std::isnan(number))
    throw usage_error(
        "--values: NaN compares with nothing; a trial that found no value has --state fail");
  return number;
}

// Of --values, and the words behind it.
std::vector<double> told_values(const Invocation& call, const ChosenStorage& place) {
  std::vector<double> values;
  for (const std::string& text : call.get(kObjectiveValues)) values.push_back(number_of(text));
  if (values.empty() && !place.values.empty())
    throw usage_error(fmt::format("'{}' is one word too many", place.values.front()));
  for (const std::string& text : place.values) values.push_back(number_of(text));
  return values;
}

TrialState told_state(const Invocation& call, const std::vector<double>& values) {
  const OptionalText word = call.get(kState);
  if (!word && values.empty())
    throw usage_error("say how the trial ended: --values VALUE..., or --state fail or pruned");
  const bool complete = !word || *word == "complete";
  if (complete && values.empty())
    throw usage_error("a complete trial has a value for each objective: --values VALUE...");
  if (!complete && !values.empty())
    throw usage_error(fmt::format("a trial in the state {} has no values", *word));
  if (complete) return TrialState::complete;
  return *word == "pruned" ? TrialState::pruned : TrialState::fail;
}

// False: it has ended already, and that is fine. Throws usage_error if it cannot end so.
bool can_end(const HeldStudy& study, std::uint64_t number, const std::vector<double>& values,
             TrialState state, bool skip_if_finished) {
  if (number >= study.trials().size())
    throw usage_error(
        fmt::format("the study '{}' has no trial {}; there {} {}", study.description().name, number,
                    study.trials().size() == 1 ? "is" : "are", study.trials().size()));
  const HeldTrial& trial = study.trials()[number];
  if (ended(trial.state) && skip_if_finished) return false;
  if (trial.state != TrialState::running)
    throw usage_error(
        fmt::format("trial {} is {}; {}", number, state_word(trial.state),
                    ended(trial.state) ? "what was told stays" : "'lathe study ask' begins it"));
  const std::size_t objectives = study.description().directions.size();
  if (state == TrialState::complete && values.size() != objectives)
    throw usage_error(fmt::format("the study '{}' has {} objective{}; got {} value{}",
                                  study.description().name, objectives, objectives == 1 ? "" : "s",
                                  values.size(), values.size() == 1 ? "" : "s"));
  return true;
}

}  // namespace

void tell_study(const Invocation& call) {
  const ChosenStorage place = chosen_storage(call);
  const auto number = call.get(kTrialNumber);
  if (!number) throw usage_error("say which trial: --trial-number N");
  const std::vector<double> values = told_values(call, place);
  const TrialState state = told_state(call, values);
  bool written = false;
  hold_chosen(call, place, Hold::to_write, [&](HeldStudy& study) {
    const auto trial = static_cast<std::uint64_t>(*number);
    written = can_end(study, trial, values, state, call.get(kSkipIfFinished));
    if (written) study.end(trial, state, values);
  });
  if (call.get(kJson)) write_json({{"number", *number}, {"told", written}}, -1);
}

void enqueue_trial(const Invocation& call) {
  const OptionalText params = call.get(kParams);
  if (!params) throw usage_error("say what is fixed of the trial: --params '{\"width\": 8}'");
  const Value fixed = json_given(*params, "--params");
  if (!fixed.is_map())
    throw usage_error(fmt::format("--params takes a table of parameters; got {}", fixed.text()));
  const ChosenStorage place = chosen_storage(call);
  HeldTrial trial;
  trial.state = TrialState::waiting;
  trial.params = fixed;
  hold_chosen(call, place, Hold::to_write, [&](HeldStudy& study) {
    const SearchSpace space = space_of(study.description());
    if (!space.parameters.empty()) point_of(space, fixed);  // refuses what a trial cannot have
    trial.number = study.enqueue(fixed);
  });
  if (call.get(kJson)) return write_json(json_of(trial), -1);
  write_output(fmt::format("trial {} waits\n", trial.number));
}

}  // namespace lathe
