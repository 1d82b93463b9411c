// Opens the engine, which alone links LibTorch, when somebody first wants to execute a graph.

#include "core/base/library.hpp"
#include "core/host/executor.hpp"

#include <fmt/format.h>

#include <cstdlib>

namespace lathe {
namespace {

using OpenEngine = Executor*(const Registry*, const char*);

OpenEngine* engine_factory() {
  // OpenMP reads it when it is loaded. Threads that spin while they wait make a busy machine
  // several times slower; who knows better sets it.
  setenv("OMP_WAIT_POLICY", "PASSIVE", /*overwrite=*/0);
  return function_beside<OpenEngine>("liblathe_engine.so", "lathe_open_engine");
}

}  // namespace

std::shared_ptr<Executor> open_executor(const Registry& registry, const std::string& device) {
  static OpenEngine* const open_engine = engine_factory();
  std::shared_ptr<Executor> executor(open_engine(&registry, device.c_str()));
  if (executor == nullptr) {
    throw run_error(LATHE_UNAVAILABLE, fmt::format("the engine offers no device '{}'", device));
  }
  return executor;
}

}  // namespace lathe
