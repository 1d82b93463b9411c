// A trial: copy the original, transform it as the point says, train it if the plan does, run the
// analysis passes and sort what they publish into software and hardware metrics.
#include "core/search/loop/trial_runner.hpp"

#include "core/run/health/untrained.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <thread>

namespace lathe {
namespace {

void collect(const PassReport& report, Value& into) {
  for (const auto& [name, value] : report.scalars) into.set(name, value);
}

}  // namespace

TrialRunner::TrialRunner(const SearchPlan& plan, const SearchSpace& space, const Graph& original,
                         const RunContext& context)
    : plan_(plan),
      space_(space),
      original_(original),
      context_(context),
      batch_size_(context.batch_size),
      watch_(plan.options.pruner.watch()),
      untrained_(run::untrained_layers(original)),
      searches_model_(space.has_part(SpacePart::model)),
      graphs_(space, original) {
  context_.in_trial = true;
  context_.by_class = std::ranges::any_of(plan.options.scalars(), [](const ReadScalar& scalar) {
    const Statistic* statistic = find_statistic(scalar.name);
    return statistic != nullptr && statistic->on_request;
  });
  context_.troubles = std::make_shared<Troubles>();
  context_.original = &original_;
  // A trial runs on one thread inside the operators, with one worker as with many: the order of
  // sums, and so the result, must not depend on how many work.
  context_.executor = [open = context.executor,
                       set_for = std::thread::id()]() mutable -> Executor& {
    Executor& executor = open();
    if (set_for != std::this_thread::get_id()) executor.set_threads(1);
    set_for = std::this_thread::get_id();
    return executor;
  };
  for (const Runner& runner : plan.runners)
    runners_.emplace_back(*runner.step.component, runner.step.options, context_);
}

Scalars TrialRunner::run(std::span<const double> point, const std::atomic<bool>& stop,
                         const Report& report) {
  std::optional<Graph> graph = network(point, stop, report);
  if (!graph) {
    Scalars none;
    none.pruned = true;
    return none;
  }
  Scalars scalars = evaluate(*graph);
  if (plan_.training) return scalars;
  for (std::string& name : run::untrained_layers(*graph))
    if (std::find(untrained_.begin(), untrained_.end(), name) == untrained_.end())
      scalars.untrained.push_back(std::move(name));
  return scalars;
}

std::optional<Graph> TrialRunner::network(std::span<const double> point,
                                          const std::atomic<bool>& stop, const Report& report,
                                          bool trains) {
  context_.cancelled = &stop;
  context_.notes.clear();
  context_.troubles->take();
  const RunOfThread working(&context_);
  const Value searched = space_.run_options(point);
  const Value* batch_size = searched.find("batch_size");
  context_.batch_size = batch_size == nullptr ? batch_size_ : batch_size->as_int();

  if (searches_model_) build(point);
  Graph graph = graphs_.at(point, *context_.original, context_);
  if (plan_.training && trains && !train(graph, searched, stop, report)) return std::nullopt;
  return graph;
}

void TrialRunner::build(std::span<const double> point) {
  if (!plan_.build)
    throw run_error(LATHE_FAILED_PRECONDITION,
                    "a search changes the model, but nobody said how that is built");
  context_.original = &built_.emplace(plan_.build(space_.model_options(point), context_));
}

Scalars TrialRunner::evaluate(Graph& graph) {
  const RunOfThread working(&context_);
  Scalars scalars;
  for (std::size_t i = 0; i < runners_.size(); ++i)
    collect(runners_[i].run(graph, context_),
            plan_.runners[i].hardware ? scalars.hardware : scalars.software);
  scalars.troubles = context_.troubles->take();
  return scalars;
}

// Run options in rising precedence: the command's, the training runner's, the point's.
bool TrialRunner::train(Graph& graph, const Value& searched, const std::atomic<bool>& stop,
                        const Report& report) {
  Value options = plan_.run_options;
  for (const Value* given : {&*plan_.training, &searched})
    for (const auto& [key, value] : given->as_map()) options.set(key, value);
  TrainingOptions training = plan_.training_options(options);
  training.folder.clear();  // a trial leaves no checkpoints
  training.resume = false;
  // Evaluated in batches as its validation is, which is then found in the cache.
  context_.batch_size = training.batch_size;
  TrainingEvents events;
  events.keep_going = [&](const EpochMetrics& epoch, const std::function<Graph()>& network) {
    const double value = watched(epoch, network);
    const bool unknown = std::isnan(value) && !plan_.options.pruner;
    return unknown || !report(epoch.epoch, value);
  };
  TrainingResult result =
      context_.executor().train(graph, context_.dataset(), training, events, stop);
  if (result.interrupted) throw run_error(LATHE_CANCELLED, "the training was interrupted");
  graph = std::move(result.best);
  return !result.given_up;
}

double TrialRunner::watched(const EpochMetrics& epoch, const std::function<Graph()>& network) {
  if (watch_.source == Watch::Source::epoch) {
    if (!epoch.has(watch_.name)) return std::nan("");  // only without a pruner
    return watch_.scale * epoch.number(watch_.name);
  }
  Graph graph = network();
  const Scalars scalars = evaluate(graph);
  const Value* metric = scalars.software.find(watch_.name);
  if (metric == nullptr) metric = scalars.hardware.find(watch_.name);
  if (metric == nullptr || !metric->is_number())
    throw run_error(LATHE_NOT_FOUND,
                    fmt::format("no runner published the number '{}'", watch_.name));
  return watch_.scale * metric->as_float();
}

std::vector<std::string> TrialRunner::unpromised_scalars(const std::atomic<bool>& stop) {
  context_.cancelled = &stop;
  const RunOfThread working(&context_);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < runners_.size(); ++i) {
    if (promised_scalars(*plan_.runners[i].step.component)) continue;
    Graph graph = original_;
    for (const auto& [name, value] : runners_[i].run(graph, context_).scalars)
      names.push_back(name);
  }
  return names;
}

}  // namespace lathe
