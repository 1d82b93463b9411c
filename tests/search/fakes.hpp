// A search without networks: a small space, an objective in a formula, TPE without the plugin
// machinery, a study in memory.
#pragma once

#include "core/search/loop/loop.hpp"
#include "core/search/plan/study_description.hpp"
#include "core/search/study/log.hpp"
#include "core/tensor/random.hpp"
#include "plugins/search_strategies/tpe/model.hpp"
#include "tests/mase/log_texts.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mutex>
#include <thread>

namespace lathe_test {

using namespace lathe;

inline SearchSpace small_space(int layers = 4) {
  SearchSpace space;
  for (int i = 0; i < layers; ++i) {
    SearchParameter parameter;
    parameter.name = "layer_" + std::to_string(i) + "/config/width";
    parameter.choices = {Value(2), Value(4), Value(8)};
    space.parameters.push_back(parameter);
  }
  return space;
}

inline SearchOptions two_objectives() {
  SearchOptions options;
  options.seed = 7;
  options.n_trials = 60;
  options.metrics = {{"accuracy", 1.0, LATHE_DIRECTION_MAXIMIZE, {}},
                     {"average_bitwidth", 0.2, LATHE_DIRECTION_MINIMIZE, {}}};
  return options;
}

// More bits, more accuracy, with a kink per layer.
inline Scalars formula(std::span<const double> point) {
  double accuracy = 0.2, bits = 0;
  for (std::size_t i = 0; i < point.size(); ++i) {
    accuracy +=
        0.15 * std::sqrt(point[i]) / static_cast<double>(i + 1) + 0.001 * std::sin(3 * point[i]);
    bits += std::pow(2.0, 1 + point[i]) / static_cast<double>(point.size());
  }
  Scalars scalars;
  scalars.software.set("loss", 1 - accuracy);
  scalars.software.set("accuracy", accuracy);
  scalars.hardware.set("average_bitwidth", bits);
  return scalars;
}

// Trials end in another order than they began.
inline Evaluate evaluation_with_jitter() {
  return [](int worker, std::uint64_t trial, std::span<const double> point,
            const std::atomic<bool>&, const Report&) {
    std::this_thread::sleep_for(std::chrono::microseconds(
        (trial * 7919 + static_cast<std::uint64_t>(worker) * 104729) % 700));
    return formula(point);
  };
}

class TpeSampler final : public Sampler {
 public:
  explicit TpeSampler(const SearchOptions& options, const SearchSpace& space)
      : model_(space_of(options, space),
               search_strategies::TpeOptions::defaults(options.directions().size(), false)) {}
  bool suggest(std::uint64_t trial, std::uint64_t attempt, std::span<double> point) override {
    const auto numbers = [&](std::size_t parameter, std::uint64_t first, double* out,
                             std::size_t count) {
      uniform(model_.space().seed, parameter, (trial * 64 + attempt) * 1024 + first, {out, count});
    };
    model_.suggest(attempt, numbers, point.data());
    return true;
  }
  void started(std::uint64_t trial, std::span<const double> point) override {
    model_.started(trial, point.data());
  }
  void finished(const TrialOutcome& outcome) override {
    const bool pruned = outcome.state == LATHE_STATE_PRUNED;
    const std::span<const double> known = pruned ? outcome.intermediate : outcome.values;
    const double* values = known.empty() ? nullptr : pruned ? &known.back() : known.data();
    model_.finished(outcome.trial, outcome.state, values,
                    outcome.steps.empty() ? 0 : outcome.steps.back());
  }
  bool reads_values() const override { return true; }

 private:
  static search_strategies::Space space_of(const SearchOptions& options, const SearchSpace& space) {
    search_strategies::Space result;
    result.seed = options.seed;
    result.directions = options.directions();
    for (const SearchParameter& given : space.parameters) {
      search_strategies::Parameter parameter;
      parameter.name = given.name;
      parameter.choices = given.choices.size();
      result.parameters.push_back(parameter);
    }
    return result;
  }
  search_strategies::TpeModel model_;
};

// Mixed radix, like brute; looks at no values.
class CountingSampler final : public Sampler {
 public:
  explicit CountingSampler(const SearchSpace& space) : space_(space) {}
  bool suggest(std::uint64_t trial, std::uint64_t, std::span<double> point) override {
    for (std::size_t p = point.size(); p-- > 0;) {
      const std::uint64_t radix = space_.parameters[p].choices.size();
      point[p] = static_cast<double>(trial % radix);
      trial /= radix;
    }
    return trial == 0;
  }
  void started(std::uint64_t, std::span<const double>) override {}
  void finished(const TrialOutcome&) override {}
  bool reads_values() const override { return false; }

 private:
  const SearchSpace& space_;
};

class MemoryStudy final : public Study {
 public:
  explicit MemoryStudy(StudyDescription description) : description_(std::move(description)) {}
  const StudyDescription& description() const override { return description_; }
  std::uint64_t trial_count() const override { return stored.size(); }
  void take_over() override {}
  void each_trial(const std::function<void(StoredTrial trial)>& visit) override {
    for (const StoredTrial& trial : stored) visit(trial);
  }
  void write(const std::vector<StoredTrial>& group) override {
    ++writes;
    most_at_once = std::max(most_at_once, group.size());
    std::this_thread::sleep_for(each_write_takes);
    if (fails) throw run_error(LATHE_RESOURCE_EXHAUSTED, "the disk is full");
    for (const StoredTrial& trial : group) {
      if (trial.number > stored.size()) throw std::logic_error("a gap in the trial numbers");
      if (trial.number == stored.size()) {
        stored.push_back(trial);
      } else {
        stored[trial.number] = trial;
      }
    }
  }

  std::vector<StoredTrial> wishes() override { return std::exchange(added, {}); }

  std::vector<StoredTrial> stored;
  std::vector<StoredTrial> added;  // by others, while the search runs
  int writes = 0;
  std::size_t most_at_once = 0;
  std::chrono::milliseconds each_write_takes{0};
  bool fails = false;

 private:
  StudyDescription description_;
};

// A log without the columns that tell the time.
inline std::string timeless(const std::string& log) {
  auto json = nlohmann::ordered_json::parse(log);
  for (auto& [number, trial] : json.items())
    for (const char* column : {"datetime_start", "datetime_complete", "duration"})
      if (trial.contains(column)) trial.erase(column);
  return json.dump(1);
}

inline const std::atomic<bool>& never() {
  static const std::atomic<bool> flag{false};
  return flag;
}

inline StudyDescription described(const SearchOptions& options) {
  return study_description(options, small_space(), "lathe");
}

// One whole TPE search; a study is optional.
inline SearchResult search(const SearchOptions& options, Study* study = nullptr,
                           const Evaluate& evaluate = evaluation_with_jitter(),
                           const SearchEvents& events = {},
                           const std::atomic<bool>& cancelled = never()) {
  const SearchSpace space = small_space();
  TpeSampler sampler(options, space);
  return run_trials(options, space, sampler, study, evaluate, events, cancelled);
}

// log.json of these trials.
inline std::string log_of_trials(const SearchSpace& space, std::span<const Trial> trials,
                                 std::size_t objectives) {
  std::vector<LoggedTrial> rows;
  for (const Trial& trial : trials) rows.push_back(logged(space, trial));
  return log_text(rows, columns_of(trials, objectives));
}

inline std::string log_of_search(const SearchOptions& options, const SearchResult& result) {
  return log_of_trials(small_space(), result.trials, options.directions().size());
}

inline std::string log_of(const SearchOptions& options, const SearchResult& result) {
  return timeless(log_of_search(options, result));
}

}  // namespace lathe_test
