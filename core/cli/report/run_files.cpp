#include "core/cli/report/run_files.hpp"

#include "core/base/words/suggest.hpp"
#include "core/cli/command_table.hpp"
#include "core/cli/run/results/folder.hpp"
#include "core/cli/run/saved/saved_search.hpp"
#include "core/options/text/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace lathe {
namespace {

namespace fs = std::filesystem;

constexpr const char* kReportFile = "report.json";

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

bool holds_results(const fs::path& folder) {
  for (const std::string_view file :
       {std::string_view(kReportFile), kSearchFile, kStudyFile, std::string_view("metrics.csv"),
        std::string_view("sweep.csv")})
    if (is_there(folder / file)) return true;
  return false;
}

std::vector<fs::path> results_in(const fs::path& named) {
  if (holds_results(named)) return {named};
  std::vector<fs::path> found;
  for (const fs::path& base : {named / "software", named})
    for (const Command& command : command_table())
      if (!command.results.folder.empty() && holds_results(base / command.results.folder))
        found.push_back(base / command.results.folder);
  return found;
}

// Whatever is wrong in it was written by nobody who asked.
Value read_written(const fs::path& file) {
  if (!is_there(file)) return {};
  try {
    Value json = read_json(file);
    if (json.is_map()) return json;
  } catch (const Error& error) {
    throw run_error(LATHE_DATA_LOSS, fmt::format("it is damaged: {}", error.message()),
                    error.position().known() ? error.position() : Position{file.string()});
  }
  throw run_error(LATHE_DATA_LOSS, "it is damaged: no JSON object", {file.string()});
}

std::string command_of(const RunFiles& files) {
  if (const Value* word = files.report.find("command"); word != nullptr && word->is_string())
    return word->as_string();
  for (const Command& command : command_table())
    if (!command.results.folder.empty() && files.folder.filename() == command.results.folder)
      return std::string(command.word);
  return files.has_study() ? "search" : "train";
}

std::string neighbours(const fs::path& named) {
  std::vector<std::string> known;
  std::error_code error;
  const fs::path parent = named.parent_path().empty() ? "." : named.parent_path();
  for (const auto& entry : fs::directory_iterator(parent, error))
    if (entry.is_directory(error)) known.push_back(entry.path().filename().string());
  const auto near = nearest(named.filename().string(), known);
  return near ? fmt::format("; did you mean '{}'?", (named.parent_path() / *near).string()) : "";
}

}  // namespace

bool RunFiles::has_study() const { return !search.is_none() || is_there(folder / kStudyFile); }

RunFiles find_run_files(const fs::path& named) {
  std::error_code ignored;
  if (!fs::is_directory(named, ignored))
    throw usage_error(
        fmt::format("there is no run '{}'{}; RUN is the folder of a project, or of "
                    "its results",
                    named.string(), neighbours(named)));
  const std::vector<fs::path> found = results_in(named);
  if (found.empty())
    throw usage_error(fmt::format(
        "the folder '{}' holds no run: neither {}, {} nor metrics.csv is in it, nor in its "
        "software/...",
        named.string(), kReportFile, kStudyFile));
  if (found.size() > 1) {
    std::string names;
    for (const fs::path& folder : found)
      names += fmt::format("{}'{}'", names.empty() ? "" : ", ", folder.string());
    throw usage_error(
        fmt::format("'{}' holds {} runs; name one: {}", named.string(), found.size(), names));
  }
  RunFiles files{.folder = found.front(), .command = {}, .report = {}, .search = {}};
  files.report = read_written(files.folder / kReportFile);
  files.search = read_written(files.folder / kSearchFile);
  files.command = command_of(files);
  return files;
}

}  // namespace lathe
