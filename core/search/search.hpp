// The trial loop: sampler suggests, transforms rebuild the graph from the original, analysis passes
// publish scalars, scaled metrics are stored. The result depends on the seed only, not on the
// number of workers: a trial's suggestion uses the values of trials below number - lookahead.
// Knows no sampler, pass or database by name. The door of its room: space/ what can be chosen,
// study/ what is kept, plan/ what is asked for, points/ what is tried next, loop/ how it is done.
#pragma once

#include "core/search/loop/result.hpp"
#include "core/search/plan/plan.hpp"
#include "core/search/space/build_space.hpp"

namespace lathe {

// Where a search is kept.
struct SearchPlace {
  std::string study = "lathe";  // its name
  std::string storage_url;      // empty: nothing is stored, and nothing can be resumed
  StorageOptions storage;
  bool mixed_cpus = false;       // whether processors that round differently may share the study
  std::filesystem::path folder;  // log.json, best.json; empty: none are written
};

// Throws what can be refused of a search before anything is opened.
void check_space(const SearchPlan& plan, const SearchSpace& space);

// The study of a search that was made, to be read. Throws usage_error if it was begun otherwise.
// REQUIRES: it is there.
std::unique_ptr<Study> study_of(const SearchPlan& plan, const SearchPlace& place,
                                const SearchSpace& space, const Graph& original,
                                const RunContext& context);

// Searches. `original` is the graph every trial starts from; `context` supplies executor, data and
// folder. On Ctrl-C (`cancelled`) running trials are given up, and what is done is saved. Throws
// run_error if every trial failed; study and log.json are written all the same.
SearchResult search_networks(const CheckedPlan& plan, const SearchPlace& place,
                             const SearchSpace& space, const Graph& original,
                             const RunContext& context, const SearchEvents& events,
                             const std::atomic<bool>& cancelled);

}  // namespace lathe
