#include "core/host/services/opened_spaces.hpp"

#include "core/host/services/plugin_mistake.hpp"

#include <algorithm>

namespace lathe {

lathe_search_space* OpenedSpaces::add(std::unique_ptr<TrialSpace> space) {
  return reinterpret_cast<lathe_search_space*>(spaces_.emplace_back(std::move(space)).get());
}

TrialSpace& OpenedSpaces::find(const lathe_search_space* handle) {
  const auto found = std::ranges::find_if(spaces_, [handle](const auto& space) {
    return reinterpret_cast<const lathe_search_space*>(space.get()) == handle;
  });
  if (found == spaces_.end()) throw PluginMistake("that is no search space of this call");
  return **found;
}

}  // namespace lathe
