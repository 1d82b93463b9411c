// lathe: finds the command, hands it the words, and turns what is thrown into a sentence and an
// exit code: 0, 1 (the run failed), 2 (usage or config).
#include "core/cli/command_table.hpp"
#include "core/cli/help.hpp"
#include "core/cli/interrupt.hpp"
#include "core/cli/talk.hpp"
#include "core/host/stdout_guard.hpp"
#include "core/plugin/in_plugin.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>

namespace lathe {

namespace {

using Words = std::vector<std::string>;

// Also of a line that is wrong otherwise; what stands behind -- is a compiler's.
bool asks_for_help(const Words& line) {
  const auto end = std::ranges::find(line, "--");
  return std::any_of(line.begin() + 1, end,
                     [](const std::string& word) { return word == "--help" || word == "-h"; });
}

void run_line(const Words& line) {
  if (line.empty()) throw usage_error("no command is given\n" + program_help());
  if (find_command(line) != nullptr && asks_for_help(line)) {
    Invocation help;
    help.words = line;
    return print_help(help);
  }
  const Invocation call = read_call(line);
  call.command->run(call);
}

int run(const Words& line) {
  try {
    run_line(line);
    return 0;
  } catch (const Error& error) {
    fmt::print(stderr, "error: {}\n", error.what());
    return error.exit_code();
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "error: out of memory\n");
    return 1;
  } catch (const std::exception& error) {
    fmt::print(stderr, "error: {}\n", error.what());
    return 1;
  }
}

}  // namespace

}  // namespace lathe

int main(int argc, char** argv) {
  lathe::claim_stdout();
  lathe::start_log();
  lathe::watch_plugins();
  const int code = lathe::run({argv + 1, argv + argc});
  lathe::work_is_done();
  lathe::leave_interrupts();
  return code;
}
