#include "core/cli/run/run_command.hpp"

#include "core/base/log.hpp"
#include "core/cli/commands/rows.hpp"
#include "core/cli/interrupt.hpp"
#include "core/cli/talk.hpp"
#include "core/host/stdout_guard.hpp"
#include "core/mase/accepted_options.hpp"
#include "core/report/terminal.hpp"

#include <fmt/format.h>
#include <unistd.h>

namespace lathe {

std::string start_log(const Settings& settings) {
  std::string level = settings.get(kDebug) ? "debug" : settings.get(kLogLevel);
  set_log_level(level);
  show_warnings(!settings.get(kNoWarnings));
  return level;
}

void run_in_session(const Invocation& call, Work work) {
  const Settings settings = read_settings(call);
  const std::string level = start_log(settings);
  if (settings.get(kListPasses)) return print_passes(settings);
  for (const std::string& warning : option_warnings(settings.options)) log_warning("{}", warning);
  Session session(settings, catch_interrupts());
  if (!settings.given(kPrintPipeline)) {
    const TextTable table = settings_table(session.settings(), level == "debug");
    if (!table.rows.empty()) write_talk(render(table, terminal_columns(STDERR_FILENO)) + "\n");
  }
  work(session);
}

}  // namespace lathe
