// Text only; widths are chosen for a terminal of 100 columns.
#include "core/cli/help.hpp"

#include "core/report/table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace lathe {

namespace {

constexpr std::size_t kFlagColumn = 34;
constexpr std::size_t kLineWidth = 100;

// `text` in lines that fit beside the flags; the first continues the line of the flag.
std::string wrapped(std::string_view text) {
  const std::string margin(kFlagColumn, ' ');
  std::string out;
  std::size_t column = kFlagColumn;
  while (!text.empty()) {
    const std::size_t space = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, space);
    if (column > kFlagColumn && column + 1 + word.size() > kLineWidth) {
      out += "\n" + margin;
      column = kFlagColumn;
    } else if (column > kFlagColumn) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    text.remove_prefix(std::min(space + 1, text.size()));
  }
  return out + "\n";
}

// "[default 128, range 1..1048576]", or nothing.
std::string allowed_text(const RunOption& row) {
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

std::string flags_text(const RunOption& row) {
  std::string text;
  for (const std::string& flag : row.flags) text += (text.empty() ? "" : ", ") + flag;
  if (row.spelling != Spelling::flag) text += " " + (row.metavar.empty() ? "VALUE" : row.metavar);
  return text;
}

std::string option_text(const RunOption& row) {
  std::string line = "  " + flags_text(row);
  if (line.size() + 2 > kFlagColumn)
    line += "\n" + std::string(kFlagColumn, ' ');
  else
    line.resize(kFlagColumn, ' ');
  return line + wrapped(row.option.doc + allowed_text(row));
}

}  // namespace

const std::vector<CommandWord>& command_words() {
  static const std::vector<CommandWord> kCommands{
      {"train", "trains a model, or a sweep of trainings", "train [MODEL] [DATASET] [options]"},
      {"test", "evaluates trained weights on a split",
       "test [MODEL] [DATASET] --load FILE [options]"},
      {"transform", "runs passes on a model: counts, quantizes, reports",
       "transform [MODEL [DATASET]] --passes 'PASS,...' [options]"},
      {"search", "searches a space of transforms for the best metrics",
       "search [MODEL] [DATASET] --config FILE [options]"},
      {"data", "lists and fetches the data sets that are known", "data list|fetch [options]"},
      {"export", "lists the tensors of a checkpoint, and writes them as .pt or safetensors",
       "export INPUT [OUTPUT]"},
      {"plugin", "lists, shows, makes and builds plugins", "plugin list|show|new|build [options]"},
  };
  return kCommands;
}

std::string program_help() {
  std::string text =
      "Lathe holds a neural network in place and lets plugins cut it.\n\n"
      "usage: lathe COMMAND [options]\n\n";
  for (const CommandWord& command : command_words())
    text += fmt::format("  {:<11}{}\n", command.word, command.line);
  return text +
         "\n"
         "  lathe COMMAND --help              options of a command\n"
         "  lathe --info [all|model|dataset|pruner]  models, data sets, and pruners of a search\n"
         "  lathe --version\n\n"
         "A model, data set, pass, format or sampler takes options in angle brackets, eg:\n"
         "  lathe transform 'jsc-custom<hidden=[16,16]>' jsc-sim --passes flops\n";
}

std::string command_help(RunCommand command, std::string_view word) {
  const auto& words = command_words();
  const auto found = std::find_if(words.begin(), words.end(),
                                  [&](const CommandWord& row) { return row.word == word; });
  std::string text =
      fmt::format("usage: lathe {}\n\nlathe {} {}.\n", found->usage, word, found->line);

  std::vector<std::string> groups;
  for (const RunOption& row : run_options())
    if ((row.commands & command) != 0 && !row.flags.empty() &&
        std::find(groups.begin(), groups.end(), row.group) == groups.end())
      groups.push_back(row.group);
  for (const std::string& group : groups) {
    text += "\n" + group + "\n";
    for (const RunOption& row : run_options())
      if ((row.commands & command) != 0 && !row.flags.empty() && row.group == group)
        text += option_text(row);
  }
  return text + "\nAny key of the config file can be set with --set key.path=value.\n";
}

}  // namespace lathe
