// Reads everything that a program may ask for at once, and writes one trial at a time.
#include "core/storage/optuna/held_study.hpp"

#include "core/search/study/fixed_params.hpp"
#include "core/search/study/journal.hpp"
#include "core/storage/optuna/read_study.hpp"
#include "core/storage/optuna/read_trial.hpp"
#include "core/storage/optuna/text/distribution.hpp"
#include "core/storage/optuna/write_trials.hpp"

#include <algorithm>
#include <cmath>

namespace lathe {
namespace {

class OptunaHeldStudy final : public HeldStudy {
 public:
  explicit OptunaHeldStudy(StudyRow row)
      : row_(std::move(row)), writer_(row_, read_trial_index(row_)) {
    TrialReader reader(row_, Ranges::any);
    for (const std::int64_t id : writer_.index().ids)
      trials_.push_back(held(reader.read(trials_.size(), id)));
  }

  const StudyDescription& description() const override { return row_.description; }
  const std::vector<HeldTrial>& trials() const override { return trials_; }

  void begin(std::uint64_t number, const Value& params,
             const std::vector<StoredParameter>& domains) override {
    StoredTrial trial;
    trial.number = number;
    trial.state = TrialState::running;
    trial.started = std::chrono::system_clock::now();
    for (const StoredParameter& domain : domains) add(trial, domain, params.find(domain.name));
    writer_.write(trial);
  }

  std::uint64_t enqueue(const Value& fixed) override {
    StoredTrial trial;
    trial.number = trials_.size();
    trial.state = TrialState::waiting;
    trial.system_attributes.set(kFixedParams, fixed);
    writer_.write(trial);
    return trial.number;
  }

  void end(std::uint64_t number, TrialState state, const std::vector<double>& values) override {
    StoredTrial trial;
    trial.number = number;
    trial.state = state;
    trial.values = values;
    trial.started = trials_[number].started;
    trial.completed = std::chrono::system_clock::now();
    writer_.end(trial);
  }

 private:
  HeldTrial held(const StoredTrial& stored) const {
    HeldTrial trial;
    static_cast<Trial&>(trial) = trial_of(stored);
    if (trial.state == TrialState::waiting) trial.params = fixed_params(stored);
    for (std::size_t p = 0; p < trial.point.size(); ++p) {
      const StoredParameter& parameter = row_.description.parameters[p];
      if (!std::isnan(trial.point[p]))
        trial.params.set(parameter.name, parameter.value(trial.point[p], parameter.name));
    }
    return trial;
  }

  void add(StoredTrial& trial, const StoredParameter& domain, const Value* value) {
    const auto number = value == nullptr ? std::nullopt : domain.number_of(*value);
    if (!number) return;
    std::vector<StoredParameter>& known = row_.description.parameters;
    const auto found = std::ranges::find(known, domain.name, &StoredParameter::name);
    const auto p = static_cast<std::size_t>(found - known.begin());
    if (found == known.end()) known.push_back(domain);
    row_.distributions.resize(known.size());
    row_.distributions[p] = distribution_json(domain);
    trial.parameters.resize(known.size(), std::nan(""));
    trial.parameters[p] = *number;
  }

  StudyRow row_;
  TrialWriter writer_;
  std::vector<HeldTrial> trials_;
};

}  // namespace

void hold_optuna_study(const std::shared_ptr<SqlDatabase>& database, const std::string& name,
                       Hold hold, const std::function<void(HeldStudy&)>& act) {
  database->check_in_place();
  SqlTransaction transaction(*database, hold == Hold::to_write ? Access::writes : Access::reads);
  if (hold == Hold::to_write) lock_study(*database, name);
  OptunaHeldStudy study(read_study(database, name));
  act(study);
  transaction.commit();
}

}  // namespace lathe
