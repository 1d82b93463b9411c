// Which graphs are chains, and their programs.
#include "core/dense/dense.hpp"

#include "core/dense/asked_chains.hpp"

#include "core/dense/forward.hpp"
#include "core/dense/training.hpp"
#include "core/run/codes/integer_layers.hpp"

namespace lathe::dense {

namespace {

class Dense : public run::Backend {
 public:
  Dense(const Registry& registry, run::Cache& cache) : registry_(registry), cache_(cache) {}

  std::string_view name() const override { return "dense"; }
  bool takes(const Graph& graph, run::Mode mode) const override {
    if (mode == run::Mode::gradients) return false;
    std::optional<Chain> chain = chain_of(graph, registry_, mode);
    const bool taken = chain.has_value();
    if (taken && mode == run::Mode::evaluation) asked_.add(*std::move(chain));
    return taken;
  }
  // One thread, and on a machine always the same instructions.
  void add_identity(Hasher& hasher) const override { hasher.add(name()); }

  std::unique_ptr<run::Program> program(const Graph& graph, const std::vector<NodeId>& wanted,
                                        run::Activations* activations) override {
    tell_quantized(graph);
    std::optional<Chain> chain = asked_.take(graph);
    if (!chain) chain = chain_of(graph, registry_, run::Mode::evaluation);
    return std::make_unique<Forward>(*std::move(chain), wanted, cache_, activations);
  }
  std::unique_ptr<run::TrainingProgram> training_program(const Graph& graph,
                                                         run::TrainedParameters& parameters,
                                                         run::Mode mode,
                                                         const std::vector<NodeId>&) override {
    return std::make_unique<Training>(*chain_of(graph, registry_, mode), parameters);
  }

  std::shared_ptr<void> threads_for(const Graph&, std::int64_t) override { return nullptr; }
  void set_threads(int) override {}
  void set_integer_kernels(bool) override {}
  Value environment() const override {
    Value out{Value::Map{}};
    out.set("cpu_capability", std::string(kernels().name));
    if (Value layers = integer_layers_.value(); !layers.is_none())
      out.set(run::kIntegerKernelsEntry, std::move(layers));
    return out;
  }

 private:
  void tell_quantized(const Graph& graph) {
    for (const NodeId id : graph.order()) {
      const Node& node = graph.node(id);
      if (node.op == "linear" && !node.formats.empty())
        integer_layers_.left(node.name, "it is of a chain of small dense layers");
    }
  }

  const Registry& registry_;
  run::Cache& cache_;
  mutable AskedChains asked_;
  run::IntegerLayers integer_layers_;
};

}  // namespace

std::shared_ptr<run::Backend> open_dense(const Registry& registry, run::Cache& cache) {
  return std::make_shared<Dense>(registry, cache);
}

}  // namespace lathe::dense
