// Evaluation of graphs, with a cache of what identical parts of other graphs gave.
#include "core/run/evaluator.hpp"

#include "core/host/run.hpp"
#include "core/run/health/batch_statistics.hpp"
#include "core/run/health/output_watch.hpp"
#include "core/run/health/untrained.hpp"
#include "core/run/needed.hpp"
#include "core/run/training/parameters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace lathe::run {

namespace {

// Outputs larger than this part of the bound are not kept, as no larger activation is.
constexpr std::uint64_t kLargestPart = 16;

// `elements`: of a row; 0: any number.
void check_output(const Tensor& output, std::int64_t rows, std::int64_t elements) {
  if (output.defined() && output.shape().rank() > 0 && output.shape()[0] == rows &&
      (elements == 0 || output.numel() == rows * elements)) {
    return;
  }
  throw run_error(
      LATHE_FAILED_PRECONDITION,
      fmt::format("the network's output has shape {}; {} rows{} are needed",
                  output.defined() ? output.shape().text() : "none", rows,
                  elements == 0 ? std::string() : fmt::format(" of {} numbers", elements)));
}

void end_if(const std::atomic<bool>* cancelled) {
  if (cancelled != nullptr && cancelled->load(std::memory_order_relaxed)) {
    throw run_error(LATHE_CANCELLED, "the evaluation was interrupted");
  }
}

bool in_trial() {
  const RunContext* run = RunOfThread::get();
  return run != nullptr && run->in_trial;
}

// A search has a word of its own on each layer.
void warn_of_untrained(const Graph& graph) {
  if (in_trial()) return;
  const std::vector<std::string> layers = untrained_layers(graph);
  if (!layers.empty()) tell_trouble(untrained_text("this run", layers, "or train them first"));
}

// Nodes to observe: which they are, and the results that show them.
struct Watched {
  Watched(const Graph& graph, const std::vector<NodeId>& nodes) : is_node(graph.slots()) {
    for (NodeId id : nodes) {
      is_node[index_of(id)] = true;
      if (id != graph.output()) results.push_back(id);
      for (NodeId input : tensor_inputs(graph, id)) results.push_back(input);
    }
  }
  std::vector<bool> is_node;  // by node
  std::vector<NodeId> results;
};

// Which rows are seen.
struct Batch {
  std::uint64_t number = 0, first = 0, rows = 0;
};

// Inputs and results of the watched nodes, in graph order and in that of their operands.
// `result(id)` and `gradient(id)` give a tensor, or an undefined one.
template <typename Result, typename Gradient>
void show(const Graph& graph, const Watched& watched, const Batch& batch, const Result& result,
          const Gradient& gradient, const Observer& observer) {
  for (NodeId id : graph.order()) {
    if (!watched.is_node[index_of(id)]) continue;
    const std::vector<NodeId> inputs = tensor_inputs(graph, id);
    std::size_t input = 0;
    for (Operand operand : operands_of(graph, id)) {
      NodeId of = NodeId::none;
      if (operand.kind == LATHE_OPERAND_INPUT) of = inputs[input++];
      if (operand.kind == LATHE_OPERAND_OUTPUT) of = id;
      const Tensor seen = of == NodeId::none ? Tensor() : result(of);
      if (!seen.defined()) continue;
      const Tensor slope = gradient(of);
      operand.shape = seen.shape();
      observer({id, operand, seen, batch.number, batch.first, batch.rows,
                slope.defined() ? &slope : nullptr});
    }
  }
}

// Views of values and gradients where they are.
std::vector<BatchGradients::Row> shown_parameters(TrainedParameters& parameters) {
  const auto view = [](const Parameter& parameter, const float* numbers) {
    return Tensor::adopt(DType::float32, parameter.shape, nullptr,
                         reinterpret_cast<const std::byte*>(numbers));
  };
  std::vector<BatchGradients::Row> rows;
  for (const TrainedParameters::Piece& piece : parameters.pieces()) {
    if (piece.parameter->is_buffer) continue;
    rows.push_back({piece.node, *piece.parameter, view(*piece.parameter, piece.value),
                    view(*piece.parameter, piece.gradient)});
  }
  return rows;
}

}  // namespace

struct Evaluator::Plan {
  Backend& backend;
  const Graph& graph;
  const Dataset& data;
  Split split;
  const std::atomic<bool>* cancelled;
  RowSource source;
  bool by_class = false;
  std::int64_t chunk = 0;  // rows at once
  std::shared_ptr<void> threads{};
  bool cached = false;         // the rest is valid
  ContentHash on{};            // rows, portions, who computes
  std::vector<bool> random{};  // by node

  bool result_is_kept() const { return cached && !random[index_of(graph.output())]; }
  CacheKey result(const Criterion& criterion) const {
    Hasher hasher;
    hasher.add(on);
    criterion.add_identity(hasher);
    if (by_class) hasher.add(std::string_view("by class"));
    return {graph.hash(graph.output()), hasher.finish()};
  }
  CacheKey outputs() const {
    return {graph.hash(graph.output()), Hasher().add(on).add(std::string_view("outputs")).finish()};
  }
};

Evaluator::Plan Evaluator::plan_for(Backend& backend, const Graph& graph, const Dataset& data,
                                    const Rows& rows) {
  Plan plan{backend,      graph, data, rows.split, rows.cancelled, rows_of(graph, data, rows),
            rows.by_class};
  check_batch_statistics(graph, Mode::evaluation, plan.source.rows, plan.source.batch, rows.split);
  plan.chunk = chunk_rows(graph, plan.source, registry_, backend.on_cpu());
  plan.threads = backend.threads_for(graph, std::min(plan.chunk, plan.source.rows));
  plan.cached = cache_.limit() > 0;
  if (!plan.cached) return plan;
  plan.on = identity(backend, plan.source, plan.chunk);
  plan.random = random_nodes(graph, registry_);
  return plan;
}

ContentHash Evaluator::identity(const Backend& backend, const RowSource& source,
                                std::int64_t chunk) {
  Hasher hasher;
  hasher.add(identities_.of(source)).add(source.batch).add(chunk);
  for (const std::size_t field : source.feed) hasher.add(std::uint64_t{field});
  backend.add_identity(hasher);
  return hasher.finish();
}

void Evaluator::run_rows(const Plan& plan, bool with_activations, const Sink& sink) {
  const NodeId result = result_of(plan.graph);
  std::optional<Activations> activations;
  if (plan.cached && with_activations) {
    activations.emplace(plan.graph, plan.random, cache_, plan.on, plan.source.rows);
  }
  const auto program =
      plan.backend.program(plan.graph, {result}, activations ? &*activations : nullptr);
  Portion portion{plan.source.inputs, 0, 0, plan.source.batch, 0};
  for (; portion.first < plan.source.rows; portion.first += plan.chunk, ++portion.number) {
    end_if(plan.cancelled);
    portion.rows = std::min(plan.chunk, plan.source.rows - portion.first);
    program->run(portion);
    const Tensor output = program->floats(result);
    check_output(output, portion.rows, 0);
    sink(output, portion.first);
  }
  if (activations) program->leave(*activations);
}

Evaluation Evaluator::evaluate(Backend& backend, const Graph& graph, const Dataset& data,
                               const Rows& rows, Leave leave) {
  const Criterion criterion(rows.loss, graph, data);
  const Plan plan = plan_for(backend, graph, data, rows);
  warn_of_untrained(graph);
  const auto told = [](const Score& score) {
    if (!score.trouble.empty()) tell_trouble(score.trouble);
    return score.evaluation;
  };
  if (!plan.result_is_kept()) return told(score(plan, criterion, leave == Leave::activations));
  const CacheKey key = plan.result(criterion);
  if (const Stored found = cache_.find(key)) return told(*static_cast<const Score*>(found.get()));
  const Score out = score(plan, criterion, leave == Leave::activations);
  cache_.insert(key, std::make_shared<Score>(out),
                sizeof out + out.trouble.size() + out.evaluation.bytes());
  return told(out);
}

Evaluator::Score Evaluator::score(const Plan& plan, const Criterion& criterion,
                                  bool with_activations) {
  Counts counts = criterion.counts_by_class(plan.by_class);
  OutputWatch watch;
  const std::int64_t elements = criterion.elements();
  run_rows(plan, with_activations, [&](const Tensor& output, std::int64_t first) {
    const std::int64_t rows = output.shape()[0];
    check_output(output, rows, elements);
    watch.see(output, first);
    const LossBatch seen{output.values<float>().data(), rows, elements,
                         criterion.targets(plan.source.split, first)};
    criterion.check(seen.targets, rows);
    criterion.count(seen, counts);
  });
  criterion.check_weight(counts, fmt::format("the {} rows evaluated", counts.rows));
  return {Evaluation(criterion.loss(), counts),
          watch.trouble(plan.backend, plan.graph, plan.source, plan.data, plan.split)};
}

Tensor Evaluator::outputs(Backend& backend, const Graph& graph, const Dataset& data,
                          const Rows& rows) {
  const Plan plan = plan_for(backend, graph, data, rows);
  if (plan.result_is_kept()) {
    const Stored found = cache_.find(plan.outputs());
    if (found != nullptr) return *static_cast<const Tensor*>(found.get());
  }
  Shape shape = graph.node(result_of(graph)).result.shape;
  if (shape.rank() > 0) shape[0] = plan.source.rows;
  const std::int64_t elements = shape.numel() / std::max<std::int64_t>(plan.source.rows, 1);
  const Tensor all = Tensor::make(DType::float32, shape, [&](std::span<std::byte> out) {
    run_rows(plan, true, [&](const Tensor& output, std::int64_t) {
      check_output(output, output.shape()[0], elements);
      std::ranges::copy(output.bytes(), out.begin());
      out = out.subspan(output.bytes().size());
    });
  });
  if (plan.result_is_kept() && all.bytes().size() <= cache_.limit() / kLargestPart)
    cache_.insert(plan.outputs(), std::make_shared<Tensor>(all), all.bytes().size());
  return all;
}

void Evaluator::observe(Backend& backend, const Graph& graph, const Dataset& data, const Rows& rows,
                        const std::vector<NodeId>& nodes, const Observer& observer) {
  const RowSource source = rows_of(graph, data, rows);
  check_batch_statistics(graph, Mode::evaluation, source.rows, source.batch, rows.split);
  const Watched watched(graph, nodes);
  if (watched.results.empty()) return;
  // Of one trial the next observes the same results again: what calibrates, looks at the network as
  // it is. Elsewhere they would only take memory.
  std::vector<bool> random;
  std::optional<Activations> activations;
  if (cache_.limit() > 0 && in_trial()) {
    random = random_nodes(graph, registry_);
    activations.emplace(graph, random, cache_, identity(backend, source, source.batch), source.rows,
                        watched.results);
  }
  const auto program =
      backend.program(graph, watched.results, activations ? &*activations : nullptr);
  Portion portion{source.inputs, 0, 0, source.batch, 0};
  for (; portion.first < source.rows; portion.first += source.batch, ++portion.number) {
    end_if(rows.cancelled);
    portion.rows = std::min(source.batch, source.rows - portion.first);
    program->run(portion);
    const Batch batch{portion.number, static_cast<std::uint64_t>(portion.first),
                      static_cast<std::uint64_t>(portion.rows)};
    show(
        graph, watched, batch, [&](NodeId id) { return program->result(id); },
        [](NodeId) { return Tensor(); }, observer);
  }
  if (activations) program->leave(*activations);
}

// Forwards and backwards, batch by batch, in evaluation mode.
struct Evaluator::Differentiated {
  Differentiated(Backend& backend, const Graph& graph, const Dataset& data, const Rows& rows,
                 const std::vector<NodeId>& watched)
      : seed(graph.seed()),
        cancelled(rows.cancelled),
        criterion(rows.loss, graph, data),
        source(rows_of(graph, data, rows)),
        parameters(graph, watched) {
    check_batch_statistics(graph, Mode::gradients, source.rows, source.batch, rows.split);
    program = backend.training_program(graph, parameters, Mode::gradients, watched);
    program->contents_changed();
  }

  // Calls see(loss, batch) after each batch.
  template <typename See>
  void run(const See& see) {
    std::vector<float> gradient;
    std::vector<std::uint64_t> index;
    Batch now;
    for (std::int64_t first = 0; first < source.rows; first += source.batch, ++now.number) {
      end_if(cancelled);
      index.resize(static_cast<std::size_t>(std::min(source.batch, source.rows - first)));
      std::iota(index.begin(), index.end(), static_cast<std::uint64_t>(first));
      const RandomPlace place{seed, static_cast<std::uint64_t>(first) << 32};
      const Tensor output = program->forward({source.inputs, index, place});
      const auto count = static_cast<std::int64_t>(index.size());
      check_output(output, count, criterion.elements());
      gradient.resize(static_cast<std::size_t>(output.numel()));
      const LossBatch batch{output.values<float>().data(), count, criterion.elements(),
                            criterion.targets(source.split, first), gradient.data()};
      criterion.check(batch.targets, count);
      Counts counts;
      criterion.count(batch, counts);
      std::ranges::fill(parameters.gradients(), 0.0F);
      program->backward(gradient);
      now.first = static_cast<std::uint64_t>(first);
      now.rows = index.size();
      see(counts.loss(), now);
    }
  }

  std::uint64_t seed;
  const std::atomic<bool>* cancelled;
  Criterion criterion;
  RowSource source;
  TrainedParameters parameters;
  std::unique_ptr<TrainingProgram> program;
};

void Evaluator::gradients(Backend& backend, const Graph& graph, const Dataset& data,
                          const Rows& rows, const GradientObserver& observer) {
  Differentiated work(backend, graph, data, rows, {});
  if (work.parameters.values().empty()) {
    throw usage_error("the network has no parameters; there are no gradients of them");
  }
  const auto shown = shown_parameters(work.parameters);
  work.run([&](double loss, const Batch& batch) {
    observer({loss, batch.number, batch.first, batch.rows, shown});
  });
}

void Evaluator::observe_gradients(Backend& backend, const Graph& graph, const Dataset& data,
                                  const Rows& rows, const std::vector<NodeId>& nodes,
                                  const Observer& observer) {
  const Watched watched(graph, nodes);
  if (watched.results.empty()) return;
  Differentiated work(backend, graph, data, rows, watched.results);
  work.run([&](double, const Batch& batch) {
    show(
        graph, watched, batch, [&](NodeId id) { return work.program->result(id); },
        [&](NodeId id) { return work.program->gradient(id); }, observer);
  });
}

std::vector<Tensor> run_once(Backend& backend, const Graph& graph,
                             const std::vector<Tensor>& inputs) {
  const std::size_t expected = graph.placeholders().size();
  if (inputs.size() != expected) {
    throw usage_error(
        fmt::format("the network has {} inputs, {} tensors were given", expected, inputs.size()));
  }
  const std::vector<NodeId> wanted = graph.node(graph.output()).inputs();
  const auto program = backend.program(graph, wanted, nullptr);
  program->run({inputs, 0, 0, 0, 0});
  std::vector<Tensor> out;
  for (NodeId id : wanted) out.push_back(program->result(id));
  return out;
}

}  // namespace lathe::run
