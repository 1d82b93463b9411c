// Opens the engine, which alone links LibTorch, when somebody first wants to execute a graph.

#include "core/host/executor.hpp"
#include "core/plugin/trust.hpp"

#include <fmt/format.h>
#include <boost/dll/shared_library.hpp>

#include <cstdlib>
#include <mutex>

namespace lathe {
namespace {

using OpenEngine = Executor*(const Registry*, const char*);

OpenEngine* engine_factory() {
  static std::mutex mutex;
  static OpenEngine* factory = nullptr;
  const std::lock_guard lock(mutex);
  if (factory != nullptr) return factory;
  // By its full path beside the core: never one that LD_LIBRARY_PATH happens to hold.
  const std::filesystem::path path = host_library().parent_path() / "liblathe_engine.so";
  // OpenMP reads it when it is loaded. Threads that spin while they wait make a busy machine
  // several times slower; who knows better sets it.
  setenv("OMP_WAIT_POLICY", "PASSIVE", /*overwrite=*/0);
  try {
    using namespace boost::dll;
    // Never closed: LibTorch does not survive that. Local, so that its symbols meet no plugin's.
    static auto* const library =
        new shared_library(path.string(), load_mode::rtld_now | load_mode::rtld_local);
    factory = &library->get<OpenEngine>("lathe_open_engine");
  } catch (const std::exception& error) {
    throw run_error(LATHE_UNAVAILABLE, fmt::format("the engine '{}' cannot be opened: {}",
                                                   path.string(), error.what()));
  }
  return factory;
}

}  // namespace

std::shared_ptr<Executor> open_executor(const Registry& registry, const std::string& device) {
  std::shared_ptr<Executor> executor(engine_factory()(&registry, device.c_str()));
  if (executor == nullptr) {
    throw run_error(LATHE_UNAVAILABLE, fmt::format("the engine offers no device '{}'", device));
  }
  return executor;
}

}  // namespace lathe
