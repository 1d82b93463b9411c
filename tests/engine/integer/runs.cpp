// Runs programs of the engine without the executor around them.
#include "tests/engine/integer/runs.hpp"

#include "core/engine/integer/onednn.hpp"
#include "core/engine/program.hpp"
#include "core/engine/tensors.hpp"
#include "core/engine/threads.hpp"

namespace lathe_test {

namespace {

using lathe::engine::EngineProgram;
using lathe::run::Activations;

// The rows of several tensors, one after the other.
Tensor joined(const std::vector<Tensor>& parts) {
  if (parts.size() == 1) return parts[0];
  Shape shape = parts[0].shape();
  shape[0] = 0;
  std::vector<std::byte> bytes;
  for (const Tensor& part : parts) {
    shape[0] += part.shape()[0];
    bytes.insert(bytes.end(), part.bytes().begin(), part.bytes().end());
  }
  return Tensor::of<std::byte>(parts[0].dtype(), shape, bytes);
}

// {"conv": ["a kernel", ...], ...}
std::map<std::string, std::string> notes(const lathe::Value& of, const char* key) {
  std::map<std::string, std::string> out;
  const lathe::Value* all = of.find(key);
  if (all == nullptr) return out;
  for (const auto& [node, lines] : all->as_map()) out.emplace(node, lines.text());
  return out;
}

}  // namespace

Ran run_graph(const Graph& graph, const std::vector<Tensor>& inputs, const How& how) {
  const lathe::Registry& plugins = how.plugins != nullptr ? *how.plugins : registry();
  const std::vector<NodeId> wanted =
      how.wanted.empty() ? graph.node(graph.output()).inputs() : how.wanted;
  const lathe::engine::OperatorThreads threads(how.threads);
  const std::int64_t rows = inputs.at(0).shape()[0];
  lathe::run::Cache none;
  none.set_limit(0);
  lathe::engine::Weights weights(none, at::kCPU);
  lathe::run::IntegerLayers log;
  const std::vector<bool> random = lathe::run::random_nodes(graph, plugins);
  std::optional<Activations> activations;
  if (how.cache != nullptr) {
    lathe::Hasher on;
    for (const Tensor& input : inputs) on.add_bytes(input.bytes());
    on.add(how.portion).add(how.batch).add(std::int64_t{how.on_integers ? 1 : 0});
    activations.emplace(graph, random, *how.cache, on.finish(), rows);
  }
  EngineProgram program(graph, plugins, wanted, weights, at::kCPU,
                        activations ? &*activations : nullptr,
                        {how.on_integers, &log, !instructions_are_exact()});
  std::vector<std::vector<Tensor>> parts(wanted.size());
  lathe::run::Portion portion{inputs, 0, how.portion, how.batch, 0};
  const std::int64_t step = how.portion == 0 ? std::max<std::int64_t>(rows, 1) : how.portion;
  do {
    if (how.portion > 0) portion.rows = std::min(step, rows - portion.first);
    program.run(portion);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const Tensor result = program.result(wanted[i]);
      parts[i].push_back(result.defined() ? Tensor::copy_of(result.dlpack()) : result);
    }
    portion.first += step;
    ++portion.number;
  } while (portion.first < rows);
  if (activations) program.leave(*activations);
  Ran out;
  for (const std::vector<Tensor>& of_node : parts) out.results.push_back(joined(of_node));
  out.on_integers = notes(log.value(), "on_integers");
  out.on_floats = notes(log.value(), "on_floats");
  return out;
}

bool instructions_are_exact() { return lathe::engine::integer::instructions().exact; }

}  // namespace lathe_test
