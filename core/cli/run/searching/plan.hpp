// A search as a command's settings say it: what it does, and where it is kept.
#pragma once

#include "core/cli/run/results/folder.hpp"
#include "core/cli/run/session.hpp"
#include "core/search/search.hpp"

namespace lathe {

// The file's [search], with what the command line says on top, both as `search` has them. Warns of
// what it passes over.
CheckedPlan planned(Session& session, const Settings& search);

SearchPlace place_of(const Settings& settings, const RunFolder& folder);

// A model that is built anew for each trial has neither been through passes nor been saved.
void refuse_model_search_with(const Pipeline& pipeline, const SearchSpace& space,
                              const Loading& loading);

}  // namespace lathe
