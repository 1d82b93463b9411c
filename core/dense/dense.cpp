// Which graphs are chains, and their programs.
#include "core/dense/dense.hpp"

#include "core/dense/forward.hpp"
#include "core/dense/training.hpp"

namespace lathe::dense {

namespace {

class Dense : public run::Backend {
 public:
  Dense(const Registry& registry, run::Cache& cache) : registry_(registry), cache_(cache) {}

  std::string_view name() const override { return "dense"; }
  bool takes(const Graph& graph, run::Mode mode) const override {
    return mode != run::Mode::gradients && chain_of(graph, registry_, mode).has_value();
  }
  // One thread, and on a machine always the same instructions.
  void add_identity(Hasher& hasher) const override { hasher.add(name()); }

  std::unique_ptr<run::Program> program(const Graph& graph, const std::vector<NodeId>& wanted,
                                        run::Activations* activations) override {
    return std::make_unique<Forward>(*chain_of(graph, registry_, run::Mode::evaluation), wanted,
                                     cache_, activations);
  }
  std::unique_ptr<run::TrainingProgram> training_program(const Graph& graph,
                                                         run::TrainedParameters& parameters,
                                                         run::Mode mode,
                                                         const std::vector<NodeId>&) override {
    return std::make_unique<Training>(*chain_of(graph, registry_, mode), parameters);
  }

  std::shared_ptr<void> threads_for(const Graph&, std::int64_t) override { return nullptr; }
  void set_threads(int) override {}
  Value environment() const override {
    Value out{Value::Map{}};
    out.set("cpu_capability", std::string(kernels().name));
    return out;
  }

 private:
  const Registry& registry_;
  run::Cache& cache_;
};

}  // namespace

std::shared_ptr<run::Backend> open_dense(const Registry& registry, run::Cache& cache) {
  return std::make_shared<Dense>(registry, cache);
}

}  // namespace lathe::dense
