#include "core/search/isolation/trials.hpp"

#include "core/run/executor.hpp"
#include "core/search/isolation/pool.hpp"
#include "core/search/loop/trial_runner.hpp"

#include <algorithm>
#include <cstdlib>

namespace lathe {
namespace {

class OnThreads final : public Trials {
 public:
  OnThreads(const SearchPlan& plan, const SearchSpace& space, const Graph& original,
            const RunContext& context) {
    for (int i = 0; i < plan.options.jobs; ++i)
      runners_.push_back(std::make_unique<TrialRunner>(plan, space, original, context));
  }
  Scalars evaluate(int worker, std::span<const double> point, const std::atomic<bool>& stop,
                   const Report& report) override {
    return runners_[static_cast<std::size_t>(worker)]->run(point, stop, report);
  }
  std::vector<std::string> unpromised_scalars(const std::atomic<bool>& stop) override {
    return runners_.front()->unpromised_scalars(stop);
  }

 private:
  std::vector<std::unique_ptr<TrialRunner>> runners_;
};

std::int64_t cache_number(const Value& environment, std::string_view key) {
  const Value* cache = environment.find("cache");
  const Value* number = cache == nullptr ? nullptr : cache->find(key);
  return number == nullptr ? 0 : number->as_int();
}

// Only what ran in this process, which has the counts of the one that it was forked from.
class OwnEnvironment {
 public:
  explicit OwnEnvironment(const Executor& executor)
      : executor_(executor), before_(executor.environment()) {}
  Value operator()() const {
    Value now = executor_.environment();
    Value* cache = now.find_to_write("cache");
    for (const char* key : {"lookups", "hits"})
      cache->set(key, cache_number(now, key) - cache_number(before_, key));
    return now;
  }

 private:
  const Executor& executor_;
  const Value before_;
};

class InHelpers final : public Trials {
 public:
  InHelpers(const SearchPlan& plan, const SearchSpace& space, const Graph& original,
            const RunContext& context, bool executes, const std::atomic<bool>& cancelled)
      : plan_(plan),
        space_(space),
        original_(original),
        context_(context),
        executes_(executes),
        alone_(plan.pause_threads ? plan.pause_threads() : nullptr),
        pool_(static_cast<std::size_t>(plan.options.jobs),
              {[this] { prepare(); }, [this] { return work(); }}, cancelled) {
    alone_.reset();
  }

  Scalars evaluate(int worker, std::span<const double> point, const std::atomic<bool>& stop,
                   const Report& report) override {
    return pool_.evaluate(worker, point, stop, report);
  }
  std::vector<std::string> unpromised_scalars(const std::atomic<bool>& stop) override {
    return pool_.unpromised_scalars(stop);
  }
  void finish() override {
    const std::vector<Value> environments = pool_.finish();
    if (!executes_) return;
    if (auto* const executor = dynamic_cast<run::ForkedExecutor*>(&context_.executor()))
      for (const Value& environment : environments) executor->add_environment(environment);
  }

 private:
  void prepare() const {
    // A trial computes on one thread; more would be started when the library is loaded.
    setenv("OPENBLAS_NUM_THREADS", "1", /*overwrite=*/1);
    if (!executes_) return;
    Executor& executor = context_.executor();
    const std::int64_t limit = cache_number(executor.environment(), "limit");
    executor.set_cache_limit(static_cast<std::uint64_t>(limit / plan_.options.jobs));
    if (auto* const forked = dynamic_cast<run::ForkedExecutor*>(&executor))
      forked->open_before_fork(original_, plan_.training.has_value());
  }

  HelperWork work() const {
    static const std::atomic<bool> never = false;  // a trial that is stopped is killed
    const auto runner = std::make_shared<TrialRunner>(plan_, space_, original_, context_);
    HelperWork work;
    work.evaluate = [runner](std::span<const double> point, const Report& report) {
      return runner->run(point, never, report);
    };
    work.unpromised_scalars = [runner] { return runner->unpromised_scalars(never); };
    work.environment = [] { return Value(); };
    if (executes_) work.environment = OwnEnvironment(context_.executor());
    return work;
  }

  const SearchPlan& plan_;
  const SearchSpace& space_;
  const Graph& original_;
  const RunContext& context_;
  const bool executes_;
  std::shared_ptr<void> alone_;
  TrialPool pool_;
};

}  // namespace

std::unique_ptr<Trials> trials_on_threads(const SearchPlan& plan, const SearchSpace& space,
                                          const Graph& original, const RunContext& context) {
  return std::make_unique<OnThreads>(plan, space, original, context);
}

std::unique_ptr<Trials> trials_in_helpers(const SearchPlan& plan, const SearchSpace& space,
                                          const Graph& original, const RunContext& context,
                                          bool executes, const std::atomic<bool>& cancelled) {
  return std::make_unique<InHelpers>(plan, space, original, context, executes, cancelled);
}

}  // namespace lathe
