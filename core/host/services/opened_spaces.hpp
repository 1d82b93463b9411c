// The search spaces that one call has opened. A plugin holds pointers to them as opaque handles.
#pragma once

#include "core/host/trial_space.hpp"

namespace lathe {

class OpenedSpaces {
 public:
  lathe_search_space* add(std::unique_ptr<TrialSpace> space);
  // Throws PluginMistake if it is none of this call's.
  TrialSpace& find(const lathe_search_space* handle);

 private:
  std::vector<std::unique_ptr<TrialSpace>> spaces_;
};

}  // namespace lathe
