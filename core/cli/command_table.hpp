// What a command is, and the table of all of them: it dispatches, lists, helps, suggests, and names
// the folder of results. The rows are in commands/rows.hpp.
#pragma once

#include "core/options/command_options.hpp"

#include <array>
#include <span>

namespace lathe {

struct Command;

// What a user asked of a command.
struct Invocation {
  const Command* command = nullptr;
  std::string name;                    // "train", "plugin show"
  std::vector<std::string> line;       // the words after `lathe`, as written
  std::vector<std::string> words;      // those that are neither options nor their values
  std::vector<std::string> arguments;  // behind "--", where the command takes them
  Value given{Value::Map{}};           // the options that were given, by key, checked

  // Given, or the default. REQUIRES: an option of the command.
  template <typename T>
  T get(OptionKey<T> option) const {
    return value_as<T>(value(option.key));
  }

 private:
  const Value& value(std::string_view key) const;
};

// Where a run leaves its files, below <project_dir>/<project>/software.
struct ResultsFolder {
  std::string_view folder;                  // "training_ckpts"
  std::array<std::string_view, 2> marks{};  // one of these in it: an earlier run; none: any file
  bool goes_on = false;                     // with what is there, without --resume
};

struct Command {
  std::string_view word;
  std::string_view doc;    // what it does: "trains a model"; empty: help passes it over
  std::string_view words;  // "[MODEL] [DATASET]", "FILE [-- ARGUMENTS]"; [X] may be left out
  OptionGroups options;    // stated here and nowhere else
  void (*run)(const Invocation& call) = nullptr;
  std::string_view more = {};                        // further lines of its help
  ResultsFolder results = {};                        // of those that run a pipeline
  bool data_optional = false;                        // works without a data set
  bool passes_optional = false;                      // runs [passes]; there may be none
  std::array<std::string_view, 2> aliases = {};      // "--help", "-h"
  std::span<const Command> (*commands)() = nullptr;  // `lathe plugin show`: its own commands
};

std::span<const Command> command_table();
std::vector<const CommandOption*> options_of(const Command& command);

// Finds the command and reads its words and options; without a run of its own (`lathe plugin`), one
// of its commands. Throws usage_error with the nearest word, or what was wrong and where.
Invocation read_call(const std::vector<std::string>& line);

// The command that `words` name, as far as they do; null: none. For help.
const Command* find_command(std::span<const std::string> words);

}  // namespace lathe
