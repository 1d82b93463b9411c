// The executor of a command.
#include "core/cli/run/open_executor.hpp"

#include "core/base/log.hpp"
#include "core/dense/dense.hpp"
#include "core/run/open_engine.hpp"

#include <algorithm>
#include <array>
#include <filesystem>

namespace lathe {

namespace {

// Devices of the drivers that CUDA and ROCm need, also under WSL. LibTorch, which knows for sure,
// takes 0.4 s to load.
bool may_have_cuda() {
  constexpr std::array<const char*, 4> kDevices{"/dev/nvidiactl", "/dev/nvidia0", "/dev/kfd",
                                                "/dev/dxg"};
  return std::ranges::any_of(kDevices, [](const char* device) {
    std::error_code ignored;
    return std::filesystem::exists(device, ignored);
  });
}

}  // namespace

std::shared_ptr<Executor> open_executor(const Registry& registry, const std::string& device) {
  const bool wants_cuda = device == "gpu" || device.starts_with("cuda");
  if (wants_cuda && !may_have_cuda()) {
    log_warning("'{}' was asked for, but there is no CUDA; using the CPU", device);
    return open_executor(registry, "cpu");
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
  if (wants_cuda) return run::make_executor(registry, {cuda_or_dense, engine}, run::Forks::no);
  const bool may_open_cuda = device != "cpu" && may_have_cuda();
  return run::make_executor(registry, {dense::open_dense, engine},
                            may_open_cuda ? run::Forks::no : run::Forks::yes);
}

}  // namespace lathe
