// The engine's door: programs of any graph, on LibTorch.
#include "core/base/log.hpp"
#include "core/engine/program.hpp"
#include "core/engine/threads.hpp"
#include "core/engine/training_program.hpp"
#include "core/run/backend.hpp"

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <fmt/format.h>
#include <torch/version.h>

#include <atomic>

namespace lathe::engine {

namespace {

// "AVX2", as LibTorch reports what its kernels use.
std::string cpu_capability() {
  const std::string text = at::show_config();
  const std::string_view label = "CPU capability usage: ";
  const std::size_t at = text.find(label);
  if (at == std::string::npos) return "default";
  const std::size_t begin = at + label.size();
  return text.substr(begin, text.find('\n', begin) - begin);
}

class Engine : public run::Backend {
 public:
  Engine(const Registry& registry, run::Cache& cache, at::Device device)
      : registry_(registry), device_(device), weights_(cache, device) {}

  std::string_view name() const override { return "engine"; }
  bool takes(const Graph&, run::Mode) const override { return true; }
  // Thread counts change how LibTorch splits sums.
  void add_identity(Hasher& hasher) const override {
    hasher.add(name()).add(std::int64_t{at::get_num_threads()});
    hasher.add(std::string_view(device_.str()));
    hasher.add(std::string_view(on_integers() ? "integers" : "floats"));
  }

  std::unique_ptr<run::Program> program(const Graph& graph, const std::vector<NodeId>& wanted,
                                        run::Activations* activations) override {
    if (integer::has_formats(graph)) quantized_ = true;
    return std::make_unique<EngineProgram>(graph, registry_, wanted, weights_, device_, activations,
                                           integer::Settings{on_integers(), &layers_});
  }
  std::unique_ptr<run::TrainingProgram> training_program(
      const Graph& graph, run::TrainedParameters& parameters, run::Mode mode,
      const std::vector<NodeId>& watched) override {
    return std::make_unique<EngineTraining>(graph, registry_, device_, parameters, mode, watched);
  }

  std::shared_ptr<void> threads_for(const Graph& graph, std::int64_t batch) override {
    const int worth = allowed_ == 1 ? 1 : threads_worth(work_of(graph, batch), allowed_);
    return std::make_shared<OperatorThreads>(worth);
  }
  void set_threads(int threads) override {
    allowed_ = threads;
    if (!OperatorThreads::any()) set_operator_threads(threads);
  }
  void set_integer_kernels(bool allowed) override { integer_kernels_ = allowed; }

  bool on_cpu() const override { return device_.is_cpu(); }
  Value environment() const override {
    Value out{Value::Map{}};
    out.set("libtorch", TORCH_VERSION);
    out.set("cpu_capability", cpu_capability());
    if (quantized_) out.set(std::string(run::kIntegerKernelsEntry), integer_kernels());
    return out;
  }

 private:
  // Only where the sums are exact: rounded otherwise, they would be other numbers on each
  // processor.
  bool on_integers() const {
    return integer_kernels_ && device_.is_cpu() && integer::instructions().exact &&
           integer::kernels_run_here();
  }
  Value integer_kernels() const {
    Value out = layers_.value();
    if (out.is_none()) out = Value(Value::Map{});
    const integer::Instructions& instructions = integer::instructions();
    out.set("instructions", std::string(instructions.name));
    out.set("exact", instructions.exact);
    if (on_integers()) return out;
    out.set("reason", !integer_kernels_ ? std::string("switched off by --integer-kernels off")
                      : !device_.is_cpu()
                          ? fmt::format("the device is {}", device_.str())
                          : fmt::format("{} has no exact products of bytes", instructions.name));
    return out;
  }

  const Registry& registry_;
  at::Device device_;
  static inline thread_local int allowed_ = 1;  // as set_threads: for this thread's calls
  Weights weights_;
  static inline thread_local bool integer_kernels_ = true;  // as set_integer_kernels
  std::atomic<bool> quantized_ = false;  // networks with number formats were evaluated
  run::IntegerLayers layers_;
};

at::Device device_from_name(const std::string& name) {
  if (name == "cpu" || name.empty()) return at::kCPU;
  if (name != "auto" && name != "gpu" && !name.starts_with("cuda")) {
    throw usage_error("unknown device '" + name + "'; there are auto, cpu, gpu and cuda");
  }
  if (at::hasCUDA()) return at::Device(name.starts_with("cuda") ? name : "cuda");
  if (name != "auto") log_warning("'{}' was asked for, but there is no CUDA; using the CPU", name);
  return at::kCPU;
}

}  // namespace

}  // namespace lathe::engine

// The host finds this by name (run/open_engine.hpp). The caller owns the result.
extern "C" LATHE_EXPORT lathe::run::Backend* lathe_open_engine(const lathe::Registry* registry,
                                                               lathe::run::Cache* cache,
                                                               const char* device) {
  return new lathe::engine::Engine(*registry, *cache, lathe::engine::device_from_name(device));
}
