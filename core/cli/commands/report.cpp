// lathe report: a run as one page that needs no network.
#include "core/base/file.hpp"
#include "core/base/log.hpp"
#include "core/cli/commands/rows.hpp"
#include "core/cli/report/page_data.hpp"
#include "core/host/stdout_guard.hpp"
#include "core/report/json.hpp"
#include "core/report/page/page.hpp"

#include <spawn.h>
#include <sys/wait.h>

#include <fmt/format.h>

namespace lathe {
namespace {

namespace fs = std::filesystem;

// The page is there whether or not somebody can show it.
void open_page(const fs::path& page) {
  std::string opener = "xdg-open", file = page.string();
  char* const line[] = {opener.data(), file.data(), nullptr};
  pid_t child = 0;
  int status = 0;
  const int error = posix_spawnp(&child, line[0], nullptr, nullptr, line, environ);
  if (error == 0) waitpid(child, &status, 0);
  if (error != 0 || status != 0)
    log_warning("xdg-open, which shows files, {}; open '{}' yourself",
                error != 0 ? "cannot be started: " + system_text(error) : "failed", file);
}

}  // namespace

void write_report(const Invocation& call) {
  const RunFiles files = find_run_files(call.words.front());
  const std::string page = page_text(page_data(files));
  const OptionalText given = call.get(kOutput);
  const fs::path output = given ? fs::path(*given) : files.folder / "report.html";
  write_atomically(output, page);
  if (call.get(kJson))
    write_json({{"command", "report"},
                {"file", absolute_path(output).string()},
                {"bytes", page.size()},
                {"of", files.command}});
  else
    write_output(fmt::format("wrote {} ({} kB)\n", output.string(), (page.size() + 999) / 1000));
  if (call.get(kOpen)) open_page(absolute_path(output));
}

}  // namespace lathe
