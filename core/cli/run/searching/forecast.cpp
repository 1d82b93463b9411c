// Sizes are found parameter by parameter: what grows with each of them alone is found exactly.
#include "core/cli/run/searching/forecast.hpp"

#include "core/graph/ops/op_table.hpp"
#include "core/search/loop/trial_runner.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace lathe {

namespace {

using Point = std::vector<double>;

struct Size {
  double parameters = 0;
  double forward = 0, backward = 0;  // computations of a sample
  double result_bytes = 0;           // of all nodes, of a sample
};

Size size_of(const Graph& graph) {
  Size size;
  size.parameters = static_cast<double>(graph.parameter_count());
  const auto batch = static_cast<double>(std::max<std::int64_t>(1, graph.batch()));
  for (const NodeId id : graph.order()) {
    if (const auto cost = cost_of(graph, id)) {
      size.forward += cost->computations / batch;
      size.backward += cost->backward_computations / batch;
    }
    const Result& result = graph.node(id).result;
    if (result.is_tensor())
      size.result_bytes += static_cast<double>(result.shape.numel()) *
                           static_cast<double>(element_size(result.dtype)) / batch;
  }
  return size;
}

bool works_on_the_graph_alone(const Component& pass) {
  return !pass.has(LATHE_FLAG_READS_WEIGHTS) && !pass.has(LATHE_FLAG_EXECUTES) &&
         !pass.has(LATHE_FLAG_READS_DATA);
}

// Networks of a space as far as they can be built without data.
class Networks {
 public:
  Networks(Session& session, const SearchSpace& space, const Graph& original, RunContext& context)
      : session_(session),
        space_(space),
        original_(original),
        context_(context),
        graphs_(space, original),
        rebuilds_(space.has_part(SpacePart::model) && session.knows_info_unopened()) {}

  // Nothing: no such network can be built.
  std::optional<Graph> at(const Point& point) {
    try {
      const Graph from =
          rebuilds_ ? session_.rebuild_graph(space_.model_options(point), context_) : original_;
      return graphs_.at(point, from.with_spare_state({}), context_, works_on_the_graph_alone);
    } catch (const Error&) {
      return std::nullopt;
    }
  }

  // Whether the size of a network may depend on it.
  bool changes_size(const SearchParameter& parameter) const {
    return parameter.part == SpacePart::node || (parameter.part == SpacePart::model && rebuilds_);
  }

 private:
  Session& session_;
  const SearchSpace& space_;
  const Graph& original_;
  RunContext& context_;
  TrialGraphs graphs_;
  const bool rebuilds_;
};

// Both ends of what is ordered, each of a few other choices.
std::vector<double> candidates(const SearchParameter& parameter) {
  constexpr std::size_t kMostTried = 8;
  if (!parameter.categorical()) return {parameter.low, parameter.high};
  std::vector<double> numbers;
  const bool ordered = std::ranges::all_of(parameter.choices, &Value::is_number);
  for (std::size_t i = 0; i < parameter.choices.size(); ++i)
    numbers.push_back(static_cast<double>(i));
  if (ordered) {
    const auto [least, most] = std::ranges::minmax_element(numbers, {}, [&](double i) {
      return parameter.choices[static_cast<std::size_t>(i)].as_float();
    });
    return {*least, *most};
  }
  numbers.resize(std::min(numbers.size(), kMostTried));
  return numbers;
}

struct Extreme {
  Point point;
  Size size;
};

// The smallest network (sign -1) or the largest (1) that changing one parameter after another
// finds.
std::optional<Extreme> extreme(Networks& networks, const SearchSpace& space, double sign) {
  constexpr int kMostBuilt = 400;
  Point point;
  for (const SearchParameter& parameter : space.parameters)
    point.push_back(candidates(parameter).front());
  const auto sized = [&](Point at) -> std::optional<Extreme> {
    leave_out_absent(space.parameters, at);
    const std::optional<Graph> graph = networks.at(at);
    if (!graph) return std::nullopt;
    return Extreme{at, size_of(*graph)};
  };
  std::optional<Extreme> best = sized(point);
  int built = 0;
  for (std::size_t p = 0; p < point.size() && built < kMostBuilt; ++p) {
    if (!networks.changes_size(space.parameters[p])) continue;
    for (const double number : candidates(space.parameters[p])) {
      Point other = point;
      other[p] = number;
      const std::optional<Extreme> found = sized(other);
      ++built;
      if (!found) continue;
      if (best && sign * found->size.forward <= sign * best->size.forward) continue;
      best = found;
      point = other;
    }
  }
  return best;
}

template <typename Work>
double seconds_of(const Work& work) {
  const auto began = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

bool executes(const SearchPlan& plan) {
  return plan.training || std::ranges::any_of(plan.runners, [](const Runner& runner) {
           return runner.step.component->has(LATHE_FLAG_EXECUTES);
         });
}

// Of a row, on one thread as in a trial; the first batch warms up.
double seconds_of_row(const Graph& graph, const RunContext& context) {
  const std::int64_t rows = context.rows_evaluated_at_once();
  const Graph batch = graph.with_batch(rows);
  std::vector<Tensor> inputs;
  for (const NodeId id : batch.placeholders()) {
    const Result& input = batch.node(id).result;
    inputs.push_back(Tensor::make(input.dtype, input.shape));
  }
  Executor& executor = context.executor();
  executor.set_threads(1);
  executor.run(batch, inputs);
  return seconds_of([&] { executor.run(batch, inputs); }) / static_cast<double>(rows);
}

// Rows that a trial trains on, over all epochs, and that it evaluates.
struct TrialRows {
  double trained = 0, evaluated = 0;
};
std::optional<TrialRows> rows_of(const SearchPlan& plan, std::int64_t samples) {
  if (samples <= 0) return std::nullopt;
  if (!plan.training) return TrialRows{0, static_cast<double>(samples)};
  const Value* most = plan.training->find("max_samples");
  if (most == nullptr || !most->is_int() || most->as_int() <= 0) return std::nullopt;
  return TrialRows{static_cast<double>(most->as_int()), static_cast<double>(samples)};
}

std::optional<double> seconds_of_trial(const SearchPlan& plan, const SearchSpace& space,
                                       const Extreme& at, Networks& networks, const Graph& original,
                                       const RunContext& context, std::int64_t samples) {
  static const std::atomic<bool> never{false};
  try {
    if (!executes(plan)) {
      TrialRunner runner(plan, space, original, context);
      const auto run = [&] { runner.run(at.point, never, {}); };
      run();
      return seconds_of(run);
    }
    const std::optional<TrialRows> rows = rows_of(plan, samples);
    const std::optional<Graph> graph = networks.at(at.point);
    if (!rows || !graph) return std::nullopt;
    const double forward = seconds_of_row(*graph, context);
    const double training = at.size.forward > 0 ? 1 + at.size.backward / at.size.forward : 3;
    return forward * (rows->evaluated + rows->trained * training);
  } catch (const Error&) {
    return std::nullopt;  // it takes data to know
  }
}

double memory_of(const SearchPlan& plan, const Size& size, const RunContext& context) {
  // Gradients and two moments stand beside trained weights.
  const double copies = plan.training ? 4 : 1;
  const auto rows = static_cast<double>(context.rows_evaluated_at_once());
  return static_cast<double>(plan.options.jobs) *
         (sizeof(float) * size.parameters * copies + size.result_bytes * rows);
}

}  // namespace

void add_forecast(Session& session, const SearchPlan& plan, const SearchSpace& space,
                  const Graph& original, std::int64_t samples, RunContext context, Json& cost) {
  context.dataset = []() -> const Dataset& {
    throw run_error(LATHE_FAILED_PRECONDITION, "a dry run opens no data");
  };
  Networks networks(session, space, original, context);
  const std::optional<Extreme> least = extreme(networks, space, -1);
  const std::optional<Extreme> most = extreme(networks, space, 1);
  if (!least || !most) return;
  cost["smallest_parameters"] = least->size.parameters;
  cost["largest_parameters"] = most->size.parameters;
  cost["smallest_flops_per_sample"] = least->size.forward;
  cost["largest_flops_per_sample"] = most->size.forward;
  cost["memory_bytes_at_most"] =
      memory_of(plan, most->size, context) +
      (executes(plan) ? static_cast<double>(session.settings().get(kCacheLimit)) * 1048576 : 0);
  const auto seconds = [&](const Extreme& at) {
    return seconds_of_trial(plan, space, at, networks, original, context, samples);
  };
  const std::optional<double> shortest = seconds(*least), longest = seconds(*most);
  if (!shortest || !longest) return;
  const auto [low, high] = std::minmax(*shortest, *longest);
  cost["seconds_per_trial_at_least"] = low;
  cost["seconds_per_trial_at_most"] = high;
  const double mean = 0.5 * (low + high) / plan.options.jobs;
  if (plan.options.n_trials > 0)
    cost["seconds_of_all_trials"] = mean * static_cast<double>(plan.options.n_trials);
  if (plan.options.timeout_seconds > 0 && mean > 0)
    cost["trials_in_time_budget"] = std::floor(plan.options.timeout_seconds / mean);
}

}  // namespace lathe
