// The way from this library to liblathe_engine beside it.
#include "core/run/open_engine.hpp"

#include "core/base/library.hpp"

#include <cstdlib>

namespace lathe::run {
namespace {

using OpenEngine = Backend*(const Registry*, Cache*, const char*);

OpenEngine* engine_factory() {
  // OpenMP reads it when it is loaded. Threads that spin while they wait make a busy machine
  // several times slower; who knows better sets it.
  setenv("OMP_WAIT_POLICY", "PASSIVE", /*overwrite=*/0);
  return function_beside<OpenEngine>("liblathe_engine.so", "lathe_open_engine");
}

}  // namespace

std::shared_ptr<Backend> open_engine(const Registry& registry, Cache& cache,
                                     const std::string& device) {
  static OpenEngine* const open = engine_factory();
  return std::shared_ptr<Backend>(open(&registry, &cache, device.c_str()));
}

}  // namespace lathe::run
