// Trials as a study stores them, and back.
#include "core/search/study/journal.hpp"

#include <fmt/format.h>

namespace lathe {
namespace {

using Clock = std::chrono::steady_clock;

// A trial that runs for longer appears in the study while it runs.
constexpr std::chrono::milliseconds kShowRunningAfter{500};

Value attribute(const StoredTrial& stored, std::string_view key) {
  const Value* found = stored.user_attributes.find(key);
  return found == nullptr ? Value() : *found;
}

std::vector<std::string> names(const StoredTrial& stored, std::string_view key) {
  std::vector<std::string> out;
  const Value listed = attribute(stored, key);
  if (!listed.is_list()) return out;
  for (const Value& name : listed.as_list())
    if (name.is_string()) out.push_back(name.as_string());
  return out;
}

void set_names(StoredTrial& row, std::string_view key, const std::vector<std::string>& names) {
  if (!names.empty()) row.user_attributes.set(key, Value::List(names.begin(), names.end()));
}

// Where Optuna's samplers look for how far constraints are violated.
constexpr std::string_view kConstraints = "constraints";
// Where its RetryFailedTrialCallback keeps which trial failed first, and which since.
constexpr std::string_view kFailed = "failed_trial";
constexpr std::string_view kRetries = "retry_history";

std::vector<double> numbers(const StoredTrial& stored, std::string_view key) {
  std::vector<double> out;
  const Value* listed = stored.system_attributes.find(key);
  if (listed == nullptr || !listed->is_list()) return out;
  for (const Value& number : listed->as_list())
    if (number.is_number()) out.push_back(number.as_float());
  return out;
}

// Where Optuna's successive halving keeps what a trial had at a rung.
std::string rung_key(std::size_t rung) { return fmt::format("completed_rung_{}", rung); }

}  // namespace

Trial trial_of(const StoredTrial& stored) {
  Trial trial;
  trial.number = stored.number;
  trial.state = stored.state;
  trial.point = stored.parameters;
  trial.values = stored.values;
  trial.intermediates = stored.intermediates;
  for (;;) {
    const Value* rung = stored.system_attributes.find(rung_key(trial.rungs.size()));
    if (rung == nullptr || !rung->is_number()) break;
    trial.rungs.push_back(rung->as_float());
  }
  trial.constraints = numbers(stored, kConstraints);
  trial.software_metrics = attribute(stored, "software_metrics");
  trial.hardware_metrics = attribute(stored, "hardware_metrics");
  trial.scaled_metrics = attribute(stored, "scaled_metrics");
  if (const Value explained = attribute(stored, "explained"); explained.is_map())
    trial.explained = explained;
  for (const double number : numbers(stored, kRetries))
    if (number >= 0) trial.retries.push_back(static_cast<std::uint64_t>(number));
  if (const Value error = attribute(stored, "error"); error.is_string())
    trial.error = error.as_string();
  trial.untrained = names(stored, "untrained");
  trial.troubles = names(stored, "troubles");
  trial.started = stored.started;
  trial.completed = stored.completed;
  return trial;
}

std::vector<Trial> Journal::due(std::deque<Slot>& slots, bool over) {
  std::vector<Trial> group;
  const auto shown = [&](const Slot& slot) {
    return ended(slot.trial.state) || over || Clock::now() - slot.began > kShowRunningAfter;
  };
  std::size_t end = slots.size();
  while (end > settled_ && !shown(slots[end - 1])) --end;
  for (std::size_t i = settled_; i < end; ++i) {
    Slot& slot = slots[i];
    if (slot.written == slot.trial.state) continue;
    slot.written = slot.trial.state;
    group.push_back(slot.trial);
  }
  while (settled_ < end && ended(slots[settled_].trial.state)) ++settled_;
  return group;
}

StoredTrial stored_of(const Trial& trial, const SearchSpace& space) {
  StoredTrial row;
  row.number = trial.number;
  row.state = trial.state;
  row.parameters = trial.point;
  row.wish = trial.wish;
  row.values = trial.values;
  row.started = trial.started;
  row.completed = trial.completed;
  if (!trial.retries.empty()) {
    Value::List retries;
    for (const std::uint64_t number : trial.retries)
      retries.emplace_back(static_cast<std::int64_t>(number));
    row.system_attributes.set(kFailed, retries.front());
    row.system_attributes.set(kRetries, std::move(retries));
  }
  if (!ended(trial.state)) return row;
  if (!trial.error.empty()) row.user_attributes.set("error", trial.error);
  if (trial.explained != Value(Value::Map{})) row.user_attributes.set("explained", trial.explained);
  row.intermediates = trial.intermediates;
  for (std::size_t rung = 0; rung < trial.rungs.size(); ++rung)
    row.system_attributes.set(rung_key(rung), trial.rungs[rung]);
  if (!trial.constraints.empty())
    row.system_attributes.set(kConstraints,
                              Value::List(trial.constraints.begin(), trial.constraints.end()));
  set_names(row, "untrained", trial.untrained);
  set_names(row, "troubles", trial.troubles);
  row.user_attributes.set("hardware_metrics", trial.hardware_metrics);
  row.user_attributes.set("sampled_config", sampled_config(space, trial.point));
  row.user_attributes.set("scaled_metrics", trial.scaled_metrics);
  row.user_attributes.set("software_metrics", trial.software_metrics);
  return row;
}

}  // namespace lathe
