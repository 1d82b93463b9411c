// Finding a command by its words, and the options it takes.
#include "core/cli/command_table.hpp"

#include "core/base/words/suggest.hpp"
#include "core/cli/command_line.hpp"
#include "core/cli/commands/rows.hpp"
#include "core/mase/accepted_options.hpp"
#include "core/mase/names.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lathe {

namespace {

using Commands = std::span<const Command>;
using Words = std::vector<std::string>;

const Command* find(Commands commands, std::string_view word) {
  for (const Command& command : commands)
    if (command.word == word || (!word.empty() && std::ranges::count(command.aliases, word) > 0))
      return &command;
  return nullptr;
}

Error unknown_command(Commands commands, const std::string& word, const std::string& before) {
  std::vector<std::string> known;
  for (const Command& command : commands)
    if (!command.doc.empty()) known.emplace_back(command.word);
  return usage_error(fmt::format("unknown command '{}{}'{}{}", before, word,
                                 before.empty() ? about_mase_name("action", word) : "",
                                 suggestion(word, known)));
}

// `lathe plugin --json list`: the options of all its commands may stand before the word.
Command all_of(const Command& group) {
  Command all = group;
  for (const Command& command : group.commands()) all.options = all.options | command.options;
  return all;
}

// "list, show or new"
std::string words_of(Commands commands) {
  std::string text;
  for (const Command& command : commands) {
    const bool last = &command == &commands.back();
    text += fmt::format("{}{}", text.empty() ? "" : last ? " or " : ", ", command.word);
  }
  return text;
}

// Which of a group's commands is meant: the first word that is no option and no value of one.
Invocation read_in_group(const Command& group, const Words& words) {
  const Command all = all_of(group);
  const ParsedWords parsed = parse_words(all, std::string(group.word), words);
  if (parsed.words.empty())
    throw usage_error(fmt::format("lathe {}: no command is given; use {}", group.word,
                                  words_of(group.commands())));
  const std::string& word = parsed.words.front();
  const Command* command = find(group.commands(), word);
  if (command == nullptr)
    throw unknown_command(group.commands(), word, fmt::format("{} ", group.word));
  Words rest = words;
  rest.erase(std::ranges::find(rest, word));
  return call_of(*command, fmt::format("{} {}", group.word, word), rest);
}

}  // namespace

const Value& Invocation::value(std::string_view key) const {
  if (const Value* found = given.find(key); found != nullptr) return *found;
  static const Value none;
  for (const CommandOption* option : options_of(*command))
    if (option->option.key == key)
      return option->option.default_value ? *option->option.default_value : none;
  throw run_error(LATHE_INTERNAL, fmt::format("'lathe {}' has no option '{}'", name, key));
}

std::span<const Command> command_table() { return kCommands; }

std::vector<const CommandOption*> options_of(const Command& command) {
  std::vector<const CommandOption*> options;
  const auto add = [&](const CommandOption& option) {
    if (command.options.has(option.group)) options.push_back(&option);
  };
  for (const CommandOption& option : command_options()) add(option);
  for (const AcceptedOption& option : accepted_options()) add(option.row);
  return options;
}

const Command* find_command(std::span<const std::string> words) {
  if (words.empty()) return nullptr;
  const Command* command = find(command_table(), words.front());
  if (command == nullptr || command->commands == nullptr) return command;
  for (const std::string& word : words.subspan(1))
    if (const Command* own = find(command->commands(), word); own != nullptr) return own;
  return command;
}

Invocation read_call(const std::vector<std::string>& line) {
  const std::string& word = line.front();
  const Command* command = find(command_table(), word);
  if (command == nullptr) throw unknown_command(command_table(), word, "");
  const Words rest(line.begin() + 1, line.end());
  Invocation call =
      command->commands != nullptr ? read_in_group(*command, rest) : call_of(*command, word, rest);
  call.line = line;
  return call;
}

}  // namespace lathe
