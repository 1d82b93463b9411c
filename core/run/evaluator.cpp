// Evaluation of graphs, with a cache of what identical parts of other graphs gave.
#include "core/run/evaluator.hpp"

#include "core/run/metrics.hpp"
#include "core/run/needed.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lathe::run {

namespace {

NodeId logits_node(const Graph& graph) {
  const std::vector<NodeId> results = graph.node(graph.output()).inputs();
  if (results.size() != 1) {
    throw usage_error(
        fmt::format("the network has {} outputs; one, the logits, is needed", results.size()));
  }
  return results[0];
}

void check_logits(const Tensor& output, std::int64_t rows) {
  if (output.defined() && output.shape().rank() == 2 && output.shape()[0] == rows) return;
  throw run_error(LATHE_FAILED_PRECONDITION,
                  fmt::format("the network's output has shape {}; {} rows of logits are needed",
                              output.defined() ? output.shape().text() : "none", rows));
}

void end_if(const std::atomic<bool>* cancelled) {
  if (cancelled != nullptr && cancelled->load(std::memory_order_relaxed)) {
    throw run_error(LATHE_CANCELLED, "the evaluation was interrupted");
  }
}

// Rows of one matrix after those of another.
Tensor joined(const std::vector<Tensor>& parts, std::int64_t rows) {
  if (parts.size() == 1) return parts[0];
  return Tensor::make(DType::float32, Shape{rows, parts[0].shape()[1]},
                      [&](std::span<std::byte> out) {
                        for (const Tensor& part : parts) {
                          std::copy(part.bytes().begin(), part.bytes().end(), out.begin());
                          out = out.subspan(part.bytes().size());
                        }
                      });
}

// Inputs and results of one node, in the order of its operands.
void show(const Program& program, const Graph& graph, NodeId id, const Portion& portion,
          const Observer& observer) {
  const std::vector<NodeId> inputs = tensor_inputs(graph, id);
  std::size_t input = 0;
  for (Operand operand : operands_of(graph, id)) {
    Tensor seen;
    if (operand.kind == LATHE_OPERAND_INPUT) {
      seen = program.result(inputs[input++]);
    } else if (operand.kind == LATHE_OPERAND_OUTPUT) {
      seen = program.result(id);
    }
    if (!seen.defined()) continue;
    operand.shape = seen.shape();
    observer({id, operand, seen, static_cast<std::uint64_t>(portion.number),
              static_cast<std::uint64_t>(portion.first), static_cast<std::uint64_t>(portion.rows)});
  }
}

}  // namespace

struct Evaluator::Plan {
  Backend& backend;
  const Graph& graph;
  const std::atomic<bool>* cancelled;
  RowSource source;
  std::int64_t chunk = 0;      // rows at once
  bool cached = false;         // the rest is valid
  ContentHash on{};            // rows, portions, who computes
  std::vector<bool> random{};  // by node

  bool result_is_kept() const { return cached && !random[index_of(graph.output())]; }
  CacheKey result() const { return {graph.hash(graph.output()), on}; }
};

Evaluator::Plan Evaluator::plan_for(Backend& backend, const Graph& graph, const Dataset& data,
                                    const Rows& rows) {
  Plan plan{backend, graph, rows.cancelled, rows_of(graph, data, rows)};
  plan.chunk = chunk_rows(graph, plan.source);
  plan.cached = cache_.limit() > 0;
  if (!plan.cached) return plan;
  Hasher hasher;
  hasher.add(identities_.of(plan.source)).add(plan.source.batch).add(plan.chunk);
  backend.add_identity(hasher);
  plan.on = hasher.finish();
  plan.random = random_nodes(graph, registry_);
  return plan;
}

void Evaluator::run_rows(const Plan& plan, bool with_activations, const Sink& sink) {
  const NodeId result = logits_node(plan.graph);
  std::optional<Activations> activations;
  if (plan.cached && with_activations) {
    activations.emplace(plan.graph, plan.random, cache_, plan.on, plan.source.rows);
  }
  const auto program =
      plan.backend.program(plan.graph, {result}, activations ? &*activations : nullptr);
  Portion portion{{&plan.source.split.samples, 1}, 0, 0, plan.source.batch, 0};
  for (; portion.first < plan.source.rows; portion.first += plan.chunk, ++portion.number) {
    end_if(plan.cancelled);
    portion.rows = std::min(plan.chunk, plan.source.rows - portion.first);
    program->run(portion);
    const Tensor logits = program->floats(result);
    check_logits(logits, portion.rows);
    sink(logits, portion.first);
  }
  if (activations) program->leave(*activations);
}

Evaluation Evaluator::evaluate(Backend& backend, const Graph& graph, const Dataset& data,
                               const Rows& rows, Leave leave) {
  const Plan plan = plan_for(backend, graph, data, rows);
  if (plan.result_is_kept()) {
    if (const Stored found = cache_.find(plan.result())) {
      return *static_cast<const Evaluation*>(found.get());
    }
  }
  std::optional<Tally> tally;
  run_rows(plan, leave == Leave::activations, [&](const Tensor& logits, std::int64_t first) {
    const std::int64_t count = logits.shape()[0], classes = logits.shape()[1];
    if (!tally) tally.emplace(classes);
    const float* values = logits.values<float>().data();
    for (std::int64_t at = 0; at < count; at += plan.source.batch) {
      tally->add({values + at * classes, std::min(plan.source.batch, count - at), classes},
                 plan.source.labels() + first + at, static_cast<std::uint64_t>(first + at));
    }
  });
  const Evaluation out(tally->counts());
  if (plan.result_is_kept()) {
    cache_.insert(plan.result(), std::make_shared<Evaluation>(out), sizeof out);
  }
  return out;
}

Tensor Evaluator::logits(Backend& backend, const Graph& graph, const Dataset& data,
                         const Rows& rows) {
  const Plan plan = plan_for(backend, graph, data, rows);
  std::vector<Tensor> parts;
  run_rows(plan, true, [&](const Tensor& logits, std::int64_t) {
    // The program's own memory is valid until its next run only.
    parts.push_back(Tensor::copy_of(logits.dlpack()));
  });
  return joined(parts, plan.source.rows);
}

void Evaluator::observe(Backend& backend, const Graph& graph, const Dataset& data, const Rows& rows,
                        const std::vector<NodeId>& nodes, const Observer& observer) {
  const RowSource source = rows_of(graph, data, rows);
  std::vector<bool> watched(graph.slots());
  std::vector<NodeId> wanted;
  for (NodeId id : nodes) {
    watched[index_of(id)] = true;
    if (id != graph.output()) wanted.push_back(id);
    for (NodeId input : tensor_inputs(graph, id)) wanted.push_back(input);
  }
  if (wanted.empty()) return;
  const auto program = backend.program(graph, wanted, nullptr);
  Portion portion{{&source.split.samples, 1}, 0, 0, source.batch, 0};
  for (; portion.first < source.rows; portion.first += source.batch, ++portion.number) {
    end_if(rows.cancelled);
    portion.rows = std::min(source.batch, source.rows - portion.first);
    program->run(portion);
    for (NodeId id : graph.order()) {
      if (watched[index_of(id)]) show(*program, graph, id, portion, observer);
    }
  }
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
