// The executor of a command.
#include "core/cli/run/open_executor.hpp"

#include "core/dense/dense.hpp"
#include "core/run/open_engine.hpp"

namespace lathe {

std::shared_ptr<Executor> open_executor(const Registry& registry, const std::string& device) {
  const bool wants_cuda = device == "gpu" || device.starts_with("cuda");
  if (!wants_cuda && device != "auto" && device != "cpu") {
    throw usage_error("unknown device '" + device + "'; there are auto, cpu, gpu and cuda");
  }
  const auto opened = std::make_shared<std::shared_ptr<run::Backend>>();
  const auto engine = [device, opened](const Registry& plugins, run::Cache& cache) {
    if (*opened == nullptr) *opened = run::open_engine(plugins, cache, device);
    return *opened;
  };
  const auto cuda_or_dense = [engine](const Registry& plugins, run::Cache& cache) {
    auto backend = engine(plugins, cache);
    return backend->on_cpu() ? dense::open_dense(plugins, cache) : backend;
  };
  if (wants_cuda) return run::make_executor(registry, {cuda_or_dense, engine});
  return run::make_executor(registry, {dense::open_dense, engine});
}

}  // namespace lathe
