// Text only; laid out for the terminal that is there.
#include "core/cli/help.hpp"

#include "core/base/words/suggest.hpp"
#include "core/cli/command_line.hpp"
#include "core/cli/layout.hpp"
#include "core/host/stdout_guard.hpp"
#include "core/mase/accepted_options.hpp"
#include "core/report/table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace lathe {

namespace {

constexpr std::size_t kCommandColumn = 13, kFlagColumn = 34;

// "[default 128, range 1..1048576]", or nothing.
std::string limits_text(const CommandOption& row) {
  const Option& option = row.option;
  std::vector<std::string> parts;
  if (!option.choices.empty())
    parts.push_back(fmt::format("{}", fmt::join(option.choices, "|")));
  else if (option.range)
    parts.push_back(fmt::format("range {}", option.range->text()));
  if (option.default_value && !option.default_value->is_none() && row.spelling == Spelling::value)
    parts.push_back(fmt::format("default {}", cell_text(*option.default_value)));
  return parts.empty() ? "" : fmt::format(" [{}]", fmt::join(parts, ", "));
}

std::string flags_text(const CommandOption& row) {
  std::string text = fmt::format("{}", fmt::join(row.flags, ", "));
  if (row.spelling != Spelling::flag) text += " " + row.metavar;
  return text;
}

std::string commands_text(std::span<const Command> commands, bool with_words) {
  const std::size_t width = terminal_width();
  std::string text;
  for (const Command& command : commands) {
    if (command.doc.empty()) continue;
    const std::string name =
        with_words ? usage_of(command, command.word).substr(6) : std::string(command.word);
    text += entry(name, command.doc, with_words ? kFlagColumn : kCommandColumn, width);
  }
  return text;
}

// Under their headings, in the order of the table; MASE's without effect in one line.
std::string options_text(const Command& command) {
  const std::size_t width = terminal_width();
  std::vector<std::pair<std::string_view, std::string>> parts;
  std::vector<std::string> without_effect;
  for (const CommandOption* row : options_of(command)) {
    if (row->group == OptionGroup::without_effect) {
      without_effect.push_back(row->flags.front());
      continue;
    }
    const std::string_view title = heading(row->group);
    auto part = std::ranges::find(parts, title, [](const auto& p) { return p.first; });
    if (part == parts.end()) part = parts.emplace(parts.end(), title, "");
    part->second +=
        entry(flags_text(*row), row->option.doc + limits_text(*row), kFlagColumn, width);
  }
  std::string text;
  for (const auto& [title, rows] : parts) text += fmt::format("\n{}\n{}", title, rows);
  if (without_effect.empty()) return text;
  return text + "\n" +
         wrapped(fmt::format("Accepted for MASE's sake, without effect or refused: {}.",
                             fmt::join(without_effect, ", ")),
                 0, width) +
         wrapped("Any key of the config file can be set with --set key.path=value.", 0, width);
}

[[noreturn]] void refuse_command(std::span<const Command> commands, const std::string& before,
                                 const std::string& word) {
  std::vector<std::string> known;
  for (const Command& row : commands)
    if (!row.doc.empty()) known.emplace_back(row.word);
  throw usage_error(
      fmt::format("there is no command '{}{}'{}", before, word, suggestion(word, known)));
}

}  // namespace

std::string program_help() {
  const std::size_t width = terminal_width();
  return wrapped("Lathe holds a neural network in place and lets plugins cut it.", 0, width) +
         "\nusage: lathe COMMAND [options]\n\n" + commands_text(command_table(), false) + "\n" +
         wrapped("'lathe COMMAND --help' shows the options of a command.", 0, width) +
         wrapped("A model, data set, pass, format or sampler takes options in angle brackets, eg:",
                 0, width) +
         "  lathe transform 'jsc-custom<hidden=[16,16]>' jsc-sim --passes flops\n";
}

std::string command_help(const Command& command, std::string_view name) {
  const std::size_t width = terminal_width();
  const bool group = command.commands != nullptr;
  std::string text = fmt::format("usage: {} [options]\n\n", usage_of(command, name));
  text += wrapped(fmt::format("lathe {}: {}.", name, command.doc), 0, width);
  if (!command.more.empty()) text += "\n" + wrapped(command.more, 0, width);
  if (group)
    text += "\n" + commands_text(command.commands(), true) + "\n" +
            wrapped(fmt::format("'lathe {} COMMAND --help' shows its options.", name), 0, width);
  return text + options_text(command);
}

void print_help(const Invocation& call) {
  if (call.words.empty()) return write_output(program_help());
  const Command* command = find_command(call.words);
  if (command == nullptr) refuse_command(command_table(), "", call.words.front());
  // `lathe help data fecth`: what is no command of the group's.
  const bool more = call.words.size() > 1 && !call.words[1].starts_with('-');
  if (more && command->commands != nullptr)
    refuse_command(command->commands(), call.words[0] + " ", call.words[1]);
  const bool nested = command->word != call.words.front() && call.words.size() > 1;
  write_output(command_help(*command, nested ? fmt::format("{} {}", call.words[0], command->word)
                                             : std::string(command->word)));
}

void print_version(const Invocation&) { write_output(fmt::format("lathe {}\n", LATHE_VERSION)); }

}  // namespace lathe
