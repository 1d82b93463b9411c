// Evaluation of graphs with the cache of design section 6.
#include "core/engine/evaluator.hpp"

#include "core/engine/metrics.hpp"
#include "core/graph/ops/op_table.hpp"

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <fmt/format.h>

namespace lathe::engine {

namespace {

// An activation larger than this part of the bound is not kept: it would push out everything else.
constexpr std::uint64_t kLargestPart = 16;

NodeId logits_node(const Graph& graph) {
  const std::vector<NodeId> results = graph.node(graph.output()).inputs();
  if (results.size() != 1) {
    throw usage_error(
        fmt::format("the network has {} outputs; one, the logits, is needed", results.size()));
  }
  return results[0];
}

// Results worth keeping are those which a search comes back to: inputs of nodes that carry, or may
// carry, number formats on weights, and branch points.
std::vector<bool> worth_keeping(const Graph& graph) {
  std::vector<bool> keep(graph.slots());
  std::vector<std::uint8_t> uses(graph.slots());
  for (NodeId id : graph.order()) {
    const Node& node = graph.node(id);
    bool quantizable = !node.formats.empty();
    if (!quantizable && !node.parameters.empty()) {
      const OpRow* row = graph.ops().find(node.op);
      quantizable = row != nullptr && std::find(row->quantizable.begin(), row->quantizable.end(),
                                                "weight") != row->quantizable.end();
    }
    for (NodeId input : node.inputs()) {
      std::uint8_t& count = uses[index_of(input)];
      count = static_cast<std::uint8_t>(std::min(count + 1, 2));
      if (quantizable || count > 1) keep[index_of(input)] = true;
    }
  }
  return keep;
}

void end_if(const std::atomic<bool>* cancelled) {
  if (cancelled != nullptr && cancelled->load(std::memory_order_relaxed))
    throw run_error(LATHE_CANCELLED, "the evaluation was interrupted");
}

}  // namespace

at::Tensor as_logits(const at::Tensor& output, std::int64_t rows) {
  if (!output.defined() || output.dim() != 2 || output.size(0) != rows) {
    throw run_error(
        LATHE_FAILED_PRECONDITION,
        fmt::format("the network's output has shape {}; {} rows of logits are needed",
                    output.defined() ? Shape(output.sizes().vec()).text() : "none", rows));
  }
  if (output.scalar_type() == at::kFloat && output.is_cpu()) return output.contiguous();
  return output.to(at::kCPU, at::kFloat).contiguous();
}

struct Evaluator::Cached {
  bool in_use = false;
  ContentHash on;                    // rows, portions, threads
  std::vector<bool> random;          // by node: reads a stochastic format's result
  std::vector<bool> keep;            // by node: put its result into the cache
  std::vector<Cache::Shared> found;  // by node
};

Evaluator::Evaluator(const Registry& registry, at::Device device)
    : registry_(registry), device_(device), weights_(cache_, device) {}

bool Evaluator::find_random(const Graph& graph, std::vector<bool>& random) const {
  random.assign(graph.slots(), false);
  bool any = false;
  for (NodeId id : graph.order()) {
    const Node& node = graph.node(id);
    bool mine = !node.formats.empty() && is_stochastic(registry_, node);
    if (any && !mine) {
      for (NodeId input : node.inputs()) mine = mine || random[index_of(input)];
    }
    random[index_of(id)] = mine;
    any = any || mine;
  }
  return any;
}

void Evaluator::find_cached(const Graph& graph, const RowSource& source, std::int64_t chunk,
                            Cached& cached) {
  cached.in_use = cache_.limit() > 0;
  if (!cached.in_use) return;
  // Thread counts change how LibTorch splits sums, and so the last bits.
  Hasher hasher;
  hasher.add(identities_.of(source)).add(source.batch).add(chunk);
  hasher.add(std::int64_t{at::get_num_threads()}).add(std::string_view(device_.str()));
  cached.on = hasher.finish();
  find_random(graph, cached.random);
}

void Evaluator::run_rows(const Graph& graph, const RowSource& source, std::int64_t chunk,
                         Cached& cached, const std::atomic<bool>* cancelled, const Sink& sink) {
  const NodeId result = logits_node(graph);
  std::function<bool(NodeId)> stop;
  if (cached.in_use) {
    cached.keep = worth_keeping(graph);
    cached.found.resize(graph.slots());
    stop = [&](NodeId id) {
      if (!cached.keep[index_of(id)] || cached.random[index_of(id)]) return false;
      cached.found[index_of(id)] = cache_.find({graph.hash(id), cached.on});
      return cached.found[index_of(id)] != nullptr;
    };
  }
  const Plan plan(graph, registry_, needed_for(graph, {result}, stop));
  const std::vector<at::Tensor> operands = weights_.bind(plan);
  std::vector<Register> registers(plan.steps().size());

  // Results to keep, gathered over the chunks.
  struct Kept {
    std::size_t step;
    Cache::Entry entry;
  };
  std::vector<Kept> kept;
  for (std::size_t s = 0; cached.in_use && s < plan.steps().size(); ++s) {
    const NodeId id = plan.steps()[s].node;
    if (plan.steps()[s].kind != Step::Kind::compute || !cached.keep[index_of(id)] ||
        cached.random[index_of(id)]) {
      continue;
    }
    const std::int64_t batch = std::max<std::int64_t>(graph.batch(), 1);
    const auto bytes =
        static_cast<std::uint64_t>(graph.node(id).result.shape.numel() / batch * source.rows) * 4;
    if (bytes <= cache_.limit() / kLargestPart) kept.push_back({s, {}});
  }

  for (std::int64_t first = 0, portion = 0; first < source.rows; first += chunk, ++portion) {
    end_if(cancelled);
    const std::int64_t rows = std::min(chunk, source.rows - first);
    for (std::size_t s = 0; s < plan.steps().size(); ++s) {
      const Step& step = plan.steps()[s];
      if (step.kind != Step::Kind::given) continue;
      const Cache::Shared* found = cached.in_use ? &cached.found[index_of(step.node)] : nullptr;
      if (found != nullptr && *found) {
        registers[s].tensor = (*found)->tensors[static_cast<std::size_t>(portion)];
      } else {
        registers[s].tensor = source.samples.narrow(0, first, rows).to(device_);
      }
    }
    Execution execution{plan, operands, registers};
    execution.rows_per_format_call = source.batch;
    execution.place = {graph.seed(), static_cast<std::uint64_t>(first) << 32};
    execution.keep = !kept.empty();
    execution.run();
    // In the layout they have: another one could take other kernels, and so change the last bits.
    for (Kept& one : kept) {
      const at::Tensor& made = registers[one.step].tensor;
      one.entry.tensors.push_back(made.is_non_overlapping_and_dense() ? made : made.contiguous());
    }
    sink(as_logits(registers[plan.step_of(result)].tensor, rows), first);
  }
  for (Kept& one : kept) {
    cache_.insert({graph.hash(plan.steps()[one.step].node), cached.on}, std::move(one.entry));
  }
}

Evaluation Evaluator::evaluate(const Graph& graph, const Dataset& data, const Rows& rows) {
  const c10::InferenceMode inference;
  const RowSource source = rows_of(graph, data, rows);
  const std::int64_t chunk = chunk_rows(graph, source);
  Cached cached;
  find_cached(graph, source, chunk, cached);
  CacheKey whole;
  const bool known = cached.in_use && !cached.random[index_of(graph.output())];
  if (known) {
    whole = {graph.hash(graph.output()), cached.on};
    if (Cache::Shared found = cache_.find(whole)) return found->evaluation;
  }
  std::optional<Tally> tally;
  const Sink count = [&](const at::Tensor& logits, std::int64_t first) {
    const std::int64_t classes = logits.size(1);
    if (!tally) tally.emplace(classes);
    const auto* values = logits.data_ptr<float>();
    for (std::int64_t at = 0; at < logits.size(0); at += source.batch) {
      const std::int64_t count = std::min(source.batch, logits.size(0) - at);
      tally->add({values + at * classes, count, classes}, source.labels() + first + at,
                 static_cast<std::uint64_t>(first + at));
    }
  };
  run_rows(graph, source, chunk, cached, rows.cancelled, count);
  const Evaluation out = tally->result();
  if (known) cache_.insert(whole, {{}, out});
  return out;
}

void Evaluator::remember(const Graph& graph, const Dataset& data, const Rows& rows,
                         const Evaluation& evaluation) {
  const RowSource source = rows_of(graph, data, rows);
  Cached cached;
  find_cached(graph, source, chunk_rows(graph, source), cached);
  if (!cached.in_use || cached.random[index_of(graph.output())]) return;
  cache_.insert({graph.hash(graph.output()), cached.on}, {{}, evaluation});
}

Tensor Evaluator::logits(const Graph& graph, const Dataset& data, const Rows& rows) {
  const c10::InferenceMode inference;
  const RowSource source = rows_of(graph, data, rows);
  const std::int64_t chunk = chunk_rows(graph, source);
  Cached cached;
  find_cached(graph, source, chunk, cached);
  std::vector<at::Tensor> parts;
  run_rows(graph, source, chunk, cached, rows.cancelled,
           [&](const at::Tensor& logits, std::int64_t) { parts.push_back(logits); });
  return share(parts.size() == 1 ? parts[0] : at::cat(parts));
}

std::vector<Tensor> Evaluator::run(const Graph& graph, const std::vector<Tensor>& inputs) {
  const c10::InferenceMode inference;
  const Plan plan(graph, registry_);
  if (inputs.size() != plan.inputs().size()) {
    throw usage_error(fmt::format("the network has {} inputs, {} tensors were given",
                                  plan.inputs().size(), inputs.size()));
  }
  const std::vector<at::Tensor> operands = weights_.bind(plan);
  std::vector<Register> registers(plan.steps().size());
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    registers[plan.inputs()[i]].tensor = share(inputs[i]).to(device_);
  }
  Execution execution{plan, operands, registers};
  execution.place = {graph.seed(), 0};
  execution.run();
  std::vector<Tensor> out;
  for (std::uint32_t step : plan.outputs()) out.push_back(share(registers[step].tensor));
  return out;
}

void Evaluator::observe(const Graph& graph, const Dataset& data, const Rows& rows,
                        const std::vector<NodeId>& nodes, const Observer& observer) {
  const c10::InferenceMode inference;
  const RowSource source = rows_of(graph, data, rows);
  std::vector<bool> watched(graph.slots());
  for (NodeId id : nodes) watched[index_of(id)] = true;
  const Plan plan(graph, registry_, needed_for(graph, nodes));
  const std::vector<at::Tensor> operands = weights_.bind(plan);
  std::vector<Register> registers(plan.steps().size());
  for (std::int64_t first = 0; first < source.rows; first += source.batch) {
    end_if(rows.cancelled);
    const std::int64_t count = std::min(source.batch, source.rows - first);
    registers[plan.inputs()[0]].tensor = source.samples.narrow(0, first, count).to(device_);
    Execution execution{plan, operands, registers};
    execution.place = {graph.seed(), static_cast<std::uint64_t>(first) << 32};
    execution.keep = true;
    execution.run();
    for (NodeId id : graph.order()) {
      if (!watched[index_of(id)]) continue;
      const KernelNode seen_by(graph, graph.node(id));
      std::size_t input = 0;
      for (Operand operand : operands_of(graph, id)) {
        at::Tensor seen;
        if (operand.kind == LATHE_OPERAND_INPUT && input < seen_by.tensor_inputs().size()) {
          seen = registers[plan.step_of(seen_by.tensor_inputs()[input++])].tensor;
        } else if (operand.kind == LATHE_OPERAND_OUTPUT && plan.step_of(id) != Plan::kNone) {
          seen = registers[plan.step_of(id)].tensor;
        }
        if (!seen.defined()) continue;
        const Tensor tensor = share(seen);
        operand.shape = tensor.shape();
        observer(id, operand, tensor);
      }
    }
  }
}

}  // namespace lathe::engine
