// Whether a folder is used is asked of the command's own results in it alone.
#include "core/cli/run/results/folder.hpp"

#include "core/base/clock.hpp"
#include "core/base/file.hpp"
#include "core/base/log.hpp"
#include "core/tensor/hash.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

namespace lathe {

namespace {

namespace fs = std::filesystem;

std::string short_name(const ComponentText& component) {
  constexpr std::size_t kDigits = 6;
  std::string name = component.name;
  std::replace(name.begin(), name.end(), '/', '-');
  if (component.options.as_map().empty()) return name;
  Hasher hasher;
  hasher.add(text_of(component));
  return name + "-" + hasher.finish().text().substr(0, kDigits);
}

// A training that has not reached its first checkpoint leaves nothing to lose or to go on with: of
// a command that says what its results are, nothing else counts.
bool holds_results(const fs::path& folder, const Command& command) {
  std::error_code ignored;
  const auto& marks = command.results.marks;
  if (marks[0].empty()) return fs::is_directory(folder, ignored) && !fs::is_empty(folder, ignored);
  return std::ranges::any_of(marks, [&](std::string_view mark) {
    return !mark.empty() && fs::exists(folder / mark, ignored);
  });
}

RunFolder folder_of(const fs::path& project, const Command& command) {
  return {project, project / "software" / command.results.folder, false};
}

// Whether results take long, and are not replaced without a word.
bool is_careful(const Command& command) { return command.options.has(OptionGroup::overwrite); }

ComponentText component_text(const Settings& settings, OptionKey<OptionalText> option) {
  return parse_component(settings.text(option), fmt::format("<{}>", option.key));
}

RunFolder numbered_folder(const fs::path& base, const Settings& settings, bool resume) {
  RunFolder chosen = folder_of(base, *settings.command);
  RunFolder used = chosen;
  for (int number = 2; holds_results(chosen.results, *settings.command); ++number) {
    used = chosen;
    chosen = folder_of(fmt::format("{}-{}", base.string(), number), *settings.command);
  }
  if (resume) {
    used.resumed = holds_results(used.results, *settings.command);
    return used;
  }
  if (chosen.project != base)
    log_info(
        "'{}' holds an earlier run; this one goes to '{}' (--resume goes on with the "
        "earlier one)",
        used.project.string(), chosen.project.string());
  return chosen;
}

// What a run is gone on with by, in its folder of results.
std::string_view needed_to_resume(const Settings& settings) {
  const auto& marks = settings.command->results.marks;
  if (marks[0].empty()) return kStudyFile;
  return marks[settings.sweep.as_map().empty() ? 0 : 1];
}

// "'a' and 'b'": the latest projects in the folder that can be gone on with, at most three.
std::string resumable(const fs::path& project_dir, const Settings& settings) {
  std::vector<std::pair<fs::file_time_type, std::string>> runs;
  std::error_code error;
  for (fs::directory_iterator at(project_dir, error), end; !error && at != end;
       at.increment(error)) {
    std::error_code ignored;
    const fs::path needed =
        folder_of(at->path(), *settings.command).results / needed_to_resume(settings);
    if (!fs::exists(needed, ignored)) continue;
    runs.emplace_back(fs::last_write_time(needed, ignored), at->path().filename().string());
  }
  std::ranges::sort(runs, std::greater{});
  constexpr std::size_t kMostNamed = 3;
  std::string text;
  for (std::size_t i = 0; i < std::min(runs.size(), kMostNamed); ++i) {
    text += fmt::format("{}'{}'", i == 0 ? "" : ", ", runs[i].second);
  }
  return text;
}

// A study in another place is looked at by the search.
void warn_if_new(const RunFolder& folder, const fs::path& project_dir, const Settings& settings) {
  if (settings.command->results.goes_on && !settings.text(kStorage).empty()) return;
  std::error_code ignored;
  const std::string_view needed = needed_to_resume(settings);
  if (fs::exists(folder.results / needed, ignored)) return;
  const std::string others = resumable(project_dir, settings);
  log_warning("--resume: there is nothing to go on with, '{}' holds no {}; a new {} begins{}",
              folder.results.string(), needed,
              settings.command->results.goes_on ? "search"
              : settings.sweep.as_map().empty() ? "training"
                                                : "sweep",
              others.empty() ? "" : fmt::format("; --project NAME goes on with one of {}", others));
}

RunFolder named_folder(const fs::path& project_dir, const Settings& settings, bool resume,
                       bool overwrite) {
  const bool careful = is_careful(*settings.command);
  const std::string project = settings.text(kProject);
  if (project.empty() || project == "." || project == ".." ||
      project.find('/') != std::string::npos)
    throw usage_error(
        fmt::format("project '{}' is no name of a folder; --project-dir says where it lies",
                    project),
        settings.value(kProject).position());
  RunFolder folder = folder_of(project_dir / project, *settings.command);
  if (!careful || overwrite || !holds_results(folder.results, *settings.command)) return folder;
  if (!settings.command->results.goes_on && !resume)
    throw usage_error(fmt::format(
        "'{}' already holds a training: --resume goes on with it, --overwrite replaces it, "
        "--project NAME goes elsewhere",
        folder.results.string()));
  folder.resumed = true;
  return folder;
}

RunFolder default_folder(const fs::path& project_dir, const Settings& settings, bool resume,
                         bool overwrite) {
  std::optional<ComponentText> dataset;
  if (!settings.value(kDataset).is_none()) dataset = component_text(settings, kDataset);
  const std::string name = default_project(component_text(settings, kModel), settings.get(kTask),
                                           dataset, local_date(now()));
  if (is_careful(*settings.command) && !overwrite)
    return numbered_folder(project_dir / name, settings, resume);
  return folder_of(project_dir / name, *settings.command);
}

}  // namespace

std::string default_project(const ComponentText& model, std::string_view task,
                            const std::optional<ComponentText>& dataset, std::string_view date) {
  const std::string data = dataset ? short_name(*dataset) + "_" : "";
  return fmt::format("{}_{}_{}{}", short_name(model), task, data, date);
}

RunFolder choose_run_folder(const Settings& settings) {
  const fs::path project_dir = settings.get(kProjectDir);
  const bool careful = is_careful(*settings.command);
  const bool resume = careful && settings.get(kResume);
  const bool overwrite = careful && settings.get(kOverwrite);
  if (resume && overwrite)
    throw usage_error("--resume goes on with a run and --overwrite drops it: choose one");

  RunFolder folder = settings.given(kProject)
                         ? named_folder(project_dir, settings, resume, overwrite)
                         : default_folder(project_dir, settings, resume, overwrite);
  if (resume) warn_if_new(folder, project_dir, settings);
  return folder;
}

void prepare_run_folder(const RunFolder& folder, const Settings& settings) {
  const bool careful = is_careful(*settings.command);
  if (careful && settings.get(kOverwrite) && holds_results(folder.results, *settings.command)) {
    log_info("the earlier results in '{}' are replaced", folder.results.string());
    std::error_code error;
    fs::remove_all(folder.results, error);
    if (error)
      throw run_error(LATHE_UNAVAILABLE,
                      fmt::format("cannot remove '{}': {}", folder.results.string(),
                                  system_text(error.value())));
  }
  make_folders(folder.results);
}

}  // namespace lathe
