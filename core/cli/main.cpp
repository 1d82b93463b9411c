// lathe: finds the command, hands it the words, and turns what is thrown into a sentence and an
// exit code: 0, 1 (the run failed), 2 (usage or config).
#include "core/base/suggest.hpp"
#include "core/cli/commands.hpp"
#include "core/cli/data_command.hpp"
#include "core/cli/export_command.hpp"
#include "core/cli/help.hpp"
#include "core/cli/interrupt.hpp"
#include "core/cli/log.hpp"
#include "core/cli/plugin_command.hpp"
#include "core/host/stdout_guard.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <exception>

namespace lathe {

namespace {

using Words = std::vector<std::string>;

bool asks_for_help(const Words& words) {
  return std::any_of(words.begin(), words.end(),
                     [](const std::string& word) { return word == "--help" || word == "-h"; });
}

void print_settings(const Settings& settings) {
  const bool every_option = (settings.flag("debug") || settings.text("log_level") == "debug");
  const TextTable table = settings_table(settings, every_option);
  if (!table.rows.empty()) fmt::print(stderr, "{}\n", render(table));
}

int run_command_words(RunCommand command, const std::string& word, const Words& words) {
  if (asks_for_help(words)) {
    write_output(command_help(command, word));
    return 0;
  }
  const Settings settings = read_settings(command, word, words);
  set_log_level(settings.flag("debug") ? "debug" : settings.text("log_level"));
  show_warnings(!settings.flag("no_warnings"));
  if (settings.flag("list_passes")) {
    print_passes(settings);
    return 0;
  }
  if (settings.text("print_pipeline").empty()) print_settings(settings);
  for (const std::string& warning : option_warnings(settings.options)) spdlog::warn("{}", warning);
  Session session(settings, catch_interrupts());
  switch (command) {
    case kTrain:
      run_train(session);
      break;
    case kTest:
      run_test(session);
      break;
    case kTransform:
      run_transform(session);
      break;
    default:
      run_search(session);
  }
  return 0;
}

int run_words(const Words& words) {
  if (words.empty()) throw usage_error("no command is given\n" + program_help());
  const std::string& word = words.front();
  const Words rest(words.begin() + 1, words.end());
  if (word == "--help" || word == "-h" || word == "help") {
    write_output(program_help());
    return 0;
  }
  if (word == "--version" || word == "-V") {
    write_output(fmt::format("lathe {}\n", LATHE_VERSION));
    return 0;
  }
  if (word == "--info") {
    if (rest.size() > 1) throw usage_error("--info takes one word: all, model, dataset or pruner");
    print_info(rest.empty() ? "all" : rest.front());
    return 0;
  }
  if (word == "plugin") return run_plugin_command(rest);
  if (word == "data") return run_data_command(rest);
  if (word == "export") return run_export_command(rest);
  if (const auto command = run_command(word)) return run_command_words(*command, word, rest);

  std::vector<std::string> known;
  for (const CommandWord& row : command_words()) known.emplace_back(row.word);
  throw usage_error(fmt::format("unknown command '{}'{}", word, suggestion(word, known)));
}

int run(const Words& words) {
  try {
    return run_words(words);
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
  return lathe::run({argv + 1, argv + argc});
}
