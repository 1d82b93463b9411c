// lathe: finds the command, hands it the words, and turns what is thrown into a sentence and an
// exit code: 0, 1 (the run failed), 2 (usage or config).
#include "core/base/file.hpp"
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
  if (line.empty()) {
    write_talk(program_help() + "\n");
    throw usage_error("no command is given");
  }
  if (find_command(line) != nullptr && asks_for_help(line)) {
    Invocation help;
    help.words = line;
    return print_help(help);
  }
  const Invocation call = read_call(line);
  call.command->run(call);
}

void start() {
  open_standard_streams();
  claim_stdout();
  start_log();
  watch_plugins();
}

int told(std::string_view sentence, int exit_code) {
  say_error(sentence);
  return exit_code;
}

int run(int argc, char** argv) {
  try {
    start();
    run_line({argv + std::min(argc, 1), argv + argc});
    return 0;
  } catch (const Error& error) {
    return told(error.what(), error.exit_code());
  } catch (const std::bad_alloc&) {
    return told("out of memory", 1);
  } catch (const std::system_error& error) {
    return told(system_failure(error).what(), 1);
  } catch (const std::exception& error) {
    return told(error.what(), 1);
  }
}

}  // namespace

}  // namespace lathe

int main(int argc, char** argv) {
  const int code = lathe::run(argc, argv);
  lathe::work_is_done();
  lathe::leave_interrupts();
  return code;
}
