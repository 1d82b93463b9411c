// Which files RUN means to `lathe report`, and what is read of them. Knows nothing of pages.
#pragma once

#include "core/base/value.hpp"

#include <filesystem>
#include <string>

namespace lathe {

struct RunFiles {
  std::filesystem::path folder;  // of the results
  std::string command;           // "search", "train", ...: by the folder, or by its report
  Value report;                  // report.json; none: it is not there, so the run has not ended
  Value search;                  // search.json; none: it is not there

  bool has_study() const;
};

// `named`: the folder of a project, its `software`, or a folder of results. Throws usage_error if
// there is no such run, or more than one, run_error at the place where a file is damaged.
RunFiles find_run_files(const std::filesystem::path& named);

}  // namespace lathe
