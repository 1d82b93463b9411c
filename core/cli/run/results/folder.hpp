// Where a run's files land: <project_dir>/<project>/software/<the command's folder>, MASE's layout.
// An earlier run's results are never replaced without being told to.
#pragma once

#include "core/cli/run/settings.hpp"
#include "core/options/text/component_text.hpp"

#include <filesystem>
#include <optional>

namespace lathe {

// A search's own study, unless --storage says another place.
inline constexpr std::string_view kStudyFile = "study.db";

struct RunFolder {
  std::filesystem::path project;  // <project_dir>/<project>
  std::filesystem::path results;  // project/software/training_ckpts, transform, ...
  bool resumed = false;           // holds an earlier run that this one goes on with
};

// The default project: {model}_{task}_{dataset}_{YYYY-MM-DD}. Options of model and data set become
// six hex digits, because they may hold paths. Without a data set its part is left out.
std::string default_project(const ComponentText& model, std::string_view task,
                            const std::optional<ComponentText>& dataset, std::string_view date);

// Chooses, and for train and search looks at what is there; makes nothing.
//   default project, results there    -> project-2, project-3, ...: said on stderr
//   default project with --resume     -> the latest of them
//   --project, training there         -> usage_error, unless --resume or --overwrite
//   --project, search there           -> goes on with its study, unless --overwrite
// Test and transform are quick and replace their own files. --resume with nothing to go on with is
// a warning that says what is not there, and which other runs there are.
RunFolder choose_run_folder(const Settings& settings);

// Removes the results that --overwrite gives up and makes the folder.
void prepare_run_folder(const RunFolder& folder, const Settings& settings);

}  // namespace lathe
