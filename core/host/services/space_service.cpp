// lathe.space/0: the search space of the run's config, on behalf of plugins.

#include "core/graph/io/abi_value.hpp"
#include "core/host/services/call.hpp"
#include "core/host/services/graph_handles.hpp"
#include "core/host/services/host_table.hpp"
#include "core/host/services/opened_spaces.hpp"

#include <fmt/format.h>

namespace lathe {
namespace {

TrialSpace& space_of(Call& call, const lathe_search_space* handle) {
  const std::lock_guard lock(call.mutex);
  return call.spaces().find(handle);
}

const lathe_value* choices_of(Call& call, const TrialParameter& parameter) {
  auto* choices = call.kept<lathe_value>(parameter.choices.size());
  const std::lock_guard lock(call.mutex);
  for (std::size_t i = 0; i < parameter.choices.size(); ++i) {
    choices[i] = *call.kept_value(parameter.choices[i]);
  }
  return choices;
}

lathe_code open(lathe_call* call, const lathe_graph* graph, lathe_search_space** space) noexcept {
  return service_call(call, [&](Call& c) {
    RunContext& context = c.context();
    if (!context.trial_space) {
      throw run_error(LATHE_FAILED_PRECONDITION,
                      fmt::format("{} needs a search space: give a config file with "
                                  "[search.search_space], or --set search.search_space.KEY=VALUE",
                                  c.component().id));
    }
    const Graph* of = nullptr;
    {
      const std::lock_guard lock(c.mutex);
      of = c.graphs().find(graph).graph;
    }
    std::unique_ptr<TrialSpace> opened = context.trial_space(*of, context);
    const std::lock_guard lock(c.mutex);
    required(space, "space") = c.spaces().add(std::move(opened));
  });
}

lathe_code parameters(lathe_call* call, lathe_search_space* space,
                      lathe_space_table* out) noexcept {
  return service_call(call, [&](Call& c) {
    const std::vector<TrialParameter>& all = space_of(c, space).parameters();
    auto* rows = c.kept<lathe_space_parameter>(all.size());
    for (std::size_t p = 0; p < all.size(); ++p) {
      const TrialParameter& parameter = all[p];
      rows[p] = {str_of(parameter.name),
                 parameter.part,
                 static_cast<std::uint32_t>(parameter.parent.value_or(LATHE_NONE_ID)),
                 choices_of(c, parameter),
                 parameter.choices.size(),
                 parameter.parent_choices.data(),
                 parameter.parent_choices.size()};
    }
    fill(out, {0, sizeof(lathe_space_parameter), rows, all.size()});
  });
}

lathe_code build(lathe_call* call, lathe_search_space* space, const std::uint64_t* choices,
                 std::uint64_t count, lathe_graph** copy) noexcept {
  return service_call(call, [&](Call& c) {
    TrialSpace& of = space_of(c, space);
    const std::vector<TrialParameter>& all = of.parameters();
    if (count != all.size()) {
      throw PluginMistake(
          fmt::format("the space has {} parameters, but {} choices came", all.size(), count));
    }
    if (count > 0) required(choices, "choices");
    for (std::size_t p = 0; p < all.size(); ++p) {
      if (choices[p] < all[p].choices.size()) continue;
      throw PluginMistake(fmt::format("parameter '{}' has {} choices, but choice {} was asked for",
                                      all[p].name, all[p].choices.size(), choices[p]));
    }
    Graph built = of.build({choices, static_cast<std::size_t>(count)});
    const std::lock_guard lock(c.mutex);
    required(copy, "copy") = c.graphs().own(std::move(built));
  });
}

}  // namespace

const lathe_space_api& service_table(HostService<lathe_space_api>) {
  static constexpr lathe_space_api kTable{
      LATHE_SIZE_UP_TO(lathe_space_api, build), 0, open, parameters, build,
  };
  return kTable;
}

}  // namespace lathe
