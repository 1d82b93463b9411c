// The engine's door: implements Executor and hands one to the host.
#include "core/engine/evaluator.hpp"
#include "core/engine/threads.hpp"
#include "core/engine/trainer.hpp"

#include <ATen/Version.h>
#include <malloc.h>
#include <spdlog/spdlog.h>
#include <torch/version.h>

#include <algorithm>

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

class Engine : public Executor {
 public:
  Engine(const Registry& registry, at::Device device)
      : registry_(registry), device_(device), evaluator_(registry, device) {
    set_threads(1);
    // Fresh pages for every large activation cost more than the arithmetic on them.
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 512 << 20);
  }

  std::vector<Tensor> run(const Graph& graph, const std::vector<Tensor>& inputs) override {
    return evaluator_.run(graph, inputs);
  }
  Evaluation evaluate(const Graph& graph, const Dataset& data, const Rows& rows) override {
    const OperatorThreads threads(worth(graph, rows.batch_size));
    return evaluator_.evaluate(graph, data, rows);
  }
  Tensor logits(const Graph& graph, const Dataset& data, const Rows& rows) override {
    const OperatorThreads threads(worth(graph, rows.batch_size));
    return evaluator_.logits(graph, data, rows);
  }
  void observe(const Graph& graph, const Dataset& data, const Rows& rows,
               const std::vector<NodeId>& nodes, const Observer& observer) override {
    evaluator_.observe(graph, data, rows, nodes, observer);
  }
  TrainingResult train(const Graph& graph, const Dataset& data, const TrainingOptions& options,
                       const TrainingEvents& events, const std::atomic<bool>& cancelled) override {
    const OperatorThreads threads(worth(graph, options.batch_size));
    TrainingResult result =
        Trainer(registry_, device_, graph, data, options).run(events, cancelled);
    if (result.best_validation) {
      const Rows whole{Split::validation, 0, options.batch_size};
      evaluator_.remember(result.best, data, whole, *result.best_validation);
    }
    return result;
  }

  void set_threads(int threads) override {
    allowed_ = std::max(threads, 1);
    set_operator_threads(allowed_);
  }
  Value environment() const override {
    Value out{Value::Map{}};
    out.set("libtorch", TORCH_VERSION);
    out.set("cpu_capability", cpu_capability());
    out.set("threads", allowed_);
    return out;
  }
  void set_cache_limit(std::uint64_t bytes) override { evaluator_.cache().set_limit(bytes); }

 private:
  int worth(const Graph& graph, std::int64_t batch) const {
    return allowed_ == 1 ? 1 : threads_worth(work_of(graph, batch), allowed_);
  }

  const Registry& registry_;
  at::Device device_;
  static inline thread_local int allowed_ = 1;  // as set_threads: for this thread's calls
  Evaluator evaluator_;
};

at::Device device_from_name(const std::string& name) {
  if (name == "cpu" || name.empty()) return at::kCPU;
  if (name != "auto" && name != "gpu" && !name.starts_with("cuda")) {
    throw usage_error("unknown device '" + name + "'; there are auto, cpu, gpu and cuda");
  }
  if (at::hasCUDA()) return at::Device(name.starts_with("cuda") ? name : "cuda");
  if (name != "auto") spdlog::warn("'{}' was asked for, but there is no CUDA; using the CPU", name);
  return at::kCPU;
}

}  // namespace

}  // namespace lathe::engine

// The host finds this by name (host/executor.hpp, open_executor). The caller owns the result.
extern "C" LATHE_EXPORT lathe::Executor* lathe_open_engine(const lathe::Registry* registry,
                                                           const char* device) {
  return new lathe::engine::Engine(*registry, lathe::engine::device_from_name(device));
}
