#include "tools/sampler_quality/comparison.hpp"

#include "core/search/loop/loop.hpp"
#include "core/tensor/random.hpp"
#include "tools/sampler_quality/one_at_a_time.hpp"

#include <fmt/format.h>

#include <cmath>

namespace lathe::quality {
namespace {

using Clock = std::chrono::steady_clock;

// The published baselines draw their noise by it too.
constexpr std::uint64_t kNoiseSeed = 10000;

std::string objective_name(std::size_t objective) { return fmt::format("f{}", objective); }

SearchOptions options_of(const Function& function, const Task& task, std::uint64_t seed,
                         const Registry& registry) {
  SearchOptions options;
  options.sampler = choose_sampler(task.sampler, registry);
  options.seed = seed;
  options.n_trials = task.trials;
  options.lookahead = static_cast<int>(task.lookahead);
  options.repeat = task.repeat;
  options.repeats_evaluated = true;  // as the published baselines do: with other noise
  for (std::size_t objective = 0; objective < function.objectives.size(); ++objective)
    options.metrics.push_back({objective_name(objective), 1.0, LATHE_DIRECTION_MINIMIZE, {}});
  return options;
}

class Runner {
 public:
  Runner(const Function& function, std::uint64_t seed) : function_(function), seed_(seed) {}

  // Of the trial that comes next in the run.
  Outcome evaluate(std::span<const double> point) {
    Outcome outcome;
    outcome.real = function_.values(point);
    outcome.told = outcome.real;
    for (std::size_t objective = 0; objective < outcome.told.size(); ++objective) {
      double noise = 0;
      normal(kNoiseSeed + seed_, stream_of(objective_name(objective)), run_.trials.size(),
             {&noise, 1});
      outcome.told[objective] += function_.noise_sigma * noise;
    }
    return outcome;
  }
  void add(Outcome outcome) {
    run_.trials.push_back(std::move(outcome));
    run_.elapsed.push_back(std::chrono::duration<double>(Clock::now() - start_).count());
  }
  Run take() { return std::move(run_); }

 private:
  const Function& function_;
  std::uint64_t seed_;
  Clock::time_point start_ = Clock::now();
  Run run_;
};

bool wants_additive(const ComponentText& sampler, const Registry& registry) {
  const Component& component = registry.find(Kind::sampler, sampler.name, sampler.position);
  return component.options.find("additive") != nullptr &&
         sampler.options.find("additive") == nullptr;
}

// One-at-a-time evaluations while there are trials left for them; null: there were too few.
std::unique_ptr<TemporaryFile> probe(const Function& function, std::int64_t& trials,
                                     Runner& runner) {
  const OneAtATime probes(function);
  std::vector<std::vector<double>> values;
  for (const std::vector<double>& point : probes.points()) {
    if (trials == 0) return nullptr;
    --trials;
    Outcome outcome = runner.evaluate(point);
    values.push_back(outcome.told);
    runner.add(std::move(outcome));
  }
  if (trials == 0) return nullptr;
  std::vector<std::string> objectives;
  for (std::size_t objective = 0; objective < function.objectives.size(); ++objective)
    objectives.push_back(objective_name(objective));
  return std::make_unique<TemporaryFile>(probes.file_text(values, objectives));
}

void search(const Function& function, const SearchOptions& options, Runner& runner) {
  const std::unique_ptr<Sampler> sampler = options.sampler.make(
      function.space, {options.directions(), options.objectives(), options.seed,
                       static_cast<std::uint64_t>(options.lookahead),
                       static_cast<std::uint64_t>(options.n_trials), 0});
  const auto evaluate = [&](int, std::uint64_t, std::span<const double> point,
                            const std::atomic<bool>&, const Report&) {
    Outcome outcome = runner.evaluate(point);
    Scalars scalars;
    for (std::size_t objective = 0; objective < outcome.told.size(); ++objective)
      scalars.software.set(objective_name(objective), outcome.told[objective]);
    runner.add(std::move(outcome));
    return scalars;
  };
  const std::atomic<bool> cancelled{false};
  run_trials(options, function.space, *sampler, nullptr, evaluate, {}, cancelled);
}

}  // namespace

Run run(const Function& function, const Task& task, std::uint64_t seed, const Registry& registry) {
  Runner runner(function, seed);
  Task rest = task;
  std::unique_ptr<TemporaryFile> additive;
  if (wants_additive(task.sampler, registry)) {
    additive = probe(function, rest.trials, runner);
    if (!additive) return runner.take();
    rest.sampler.options.set("additive", additive->path().string());
  }
  search(function, options_of(function, rest, seed, registry), runner);
  return runner.take();
}

}  // namespace lathe::quality
