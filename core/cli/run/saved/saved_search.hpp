// What a search was asked, kept beside its study, so that the networks of its trials can be built
// again. Knows no plugin and opens no study.
#pragma once

#include "core/cli/run/results/folder.hpp"
#include "core/search/search.hpp"

namespace lathe {

struct SavedSearch {
  Settings settings;  // of `lathe search`, as they were
  SearchPlace place;
  std::uint64_t trial = 0;  // that was asked for
  std::string run;          // as the user named it

  // What counts for other commands too: model, data set, weights, options of trainings, seed.
  Value options_of_runs() const;
};

// Written when a search begins, in its folder of results.
inline constexpr std::string_view kSearchFile = "search.json";
void save_search(const Settings& settings, const SearchPlace& place);

// `text`: RUN:NUMBER; RUN is the folder of a project, its folder of the search, or the name of a
// project in `project_dir`. Throws usage_error for what is none, run_error for what is damaged.
SavedSearch find_saved_search(const std::string& text, const std::filesystem::path& project_dir);

}  // namespace lathe
