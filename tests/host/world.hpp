// A registry of fixtures, a small graph and a run context: what tests of the host start from.
#pragma once

#include "core/host/instances/instances.hpp"
#include "core/host/run.hpp"
#include "tests/plugin/fixtures.hpp"

#include <ctime>

namespace lathe_test {

// CPU seconds of this thread: tests run beside others, wall time says nothing.
inline double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

struct World {
  lathe::Registry registry{{},
                           {fixture("probe"), fixture("line"), fixture("halves"),
                            fixture("countdown"), fixture("thrower"), fixture("talker")}};
  std::atomic<bool> cancelled{false};
  lathe::RunContext context;

  World() {
    context.registry = &registry;
    context.cancelled = &cancelled;
  }

  lathe::Value checked(lathe::Kind kind, const std::string& id, lathe::Value::Map given) const {
    return lathe::check_options(registry.find(kind, id).options, lathe::Value(std::move(given)));
  }

  // x (batch 2, 4 features) -> blocks_0 (linear, 3) -> blocks_1 (relu) -> output
  lathe::Graph graph(lathe::Value::Map options = {}) {
    lathe::DatasetInfo info;
    info.fields = {{"samples", LATHE_FIELD_INPUT, lathe::DType::float32, {4}, true, 0, {}}};
    return lathe::build_model(registry.find(lathe::Kind::model, "line"),
                              checked(lathe::Kind::model, "line", std::move(options)), info, 2, 7,
                              context);
  }

  lathe::PassReport run(const std::string& pass, const std::string& mode, lathe::Graph& graph,
                        lathe::Value::Map options = {}) {
    options.emplace_back("mode", lathe::Value(mode));
    const lathe::Component& component = registry.find(lathe::Kind::pass, pass);
    lathe::PassInstance instance(component, checked(lathe::Kind::pass, pass, std::move(options)),
                                 context);
    return instance.run(graph, context);
  }
};

}  // namespace lathe_test
