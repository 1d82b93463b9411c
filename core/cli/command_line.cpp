// Boost.Program_options splits the words; what they may say comes from the option table.
#include "core/cli/command_line.hpp"

#include "core/base/suggest.hpp"

#include <fmt/format.h>
#include <boost/program_options.hpp>

#include <array>

namespace lathe {

namespace {

namespace po = boost::program_options;

// Where a value of the command line was written, as messages name it.
Position place(const std::string& flag) { return {flag, 0, 0}; }

po::options_description description_of(RunCommand command) {
  po::options_description all;
  all.add_options()("positional", po::value<std::vector<std::string>>());
  for (const RunOption& option : run_options()) {
    if ((option.commands & command) == 0) continue;
    for (const std::string& flag : option.flags) {
      // "--help" or "-h", as Boost names them.
      const std::string name =
          flag.starts_with("--") ? flag.substr(2) : fmt::format(",{}", flag.substr(1));
      if (option.spelling == Spelling::flag)
        all.add_options()(name.c_str(), "");
      else
        all.add_options()(name.c_str(), po::value<std::vector<std::string>>());
    }
  }
  return all;
}

// "--batch-size" or "-j" as the user wrote it, without a value that sticks to it.
std::string flag_of(const po::option& word) {
  if (word.original_tokens.empty()) return fmt::format("--{}", word.string_key);
  const std::string& token = word.original_tokens.front();
  return token.starts_with("--") ? token.substr(0, token.find('=')) : token.substr(0, 2);
}

Value value_of(const RunOption& option, const std::string& flag, const std::string& text) {
  switch (option.option.type) {
    case LATHE_OPTION_STRING:
    case LATHE_OPTION_CHOICE:
    case LATHE_OPTION_PATH:
    case LATHE_OPTION_STRING_LIST:
      return Value(text).at(place(flag));
    default:
      return parse_value(text, flag).at(place(flag));
  }
}

class Given {
 public:
  void add(const RunOption& option, const std::string& flag, Value value) {
    if (option.spelling == Spelling::repeated) {
      Value* list = values_.find(option.option.key);
      if (list == nullptr)
        list = &values_.set(option.option.key, Value(Value::List{}).at(place(flag)));
      list->as_list().push_back(std::move(value));
      return;
    }
    if (const Value* before = values_.find(option.option.key); before != nullptr) {
      if (*before == value) return;
      throw usage_error(
          fmt::format("{} is given twice: {} and {}", flag, before->text(), value.text()),
          place(flag));
    }
    values_.set(option.option.key, std::move(value));
  }

  // Checked against the table; positions are kept.
  Value checked(RunCommand command) {
    Value checked(Value::Map{});
    for (auto& [key, value] : values_.as_map()) {
      const RunOption& option = *find_run_option(key);
      const Position position = value.position();
      checked.set(key, check_value(option.option, value, owner(command))).at(position);
    }
    return checked;
  }

 private:
  static std::string owner(RunCommand command) {
    for (const char* word : {"train", "test", "transform", "search"})
      if (run_command(word) == command) return fmt::format("'lathe {}'", word);
    return "lathe";
  }
  Value values_{Value::Map{}};
};

[[noreturn]] void refuse_unknown(RunCommand command, const std::string& flag) {
  if (const RunOption* elsewhere = run_option_of_flag(flag); elsewhere != nullptr) {
    std::string commands;
    for (const char* word : {"train", "test", "transform", "search"})
      if ((elsewhere->commands & *run_command(word)) != 0)
        commands += fmt::format("{}'lathe {}'", commands.empty() ? "" : ", ", word);
    throw usage_error(
        fmt::format("option '{}' means nothing here; it belongs to {}", flag, commands));
  }
  throw usage_error(
      fmt::format("unknown option '{}'{}", flag, suggestion(flag, flags_of(command))));
}

}  // namespace

Value parse_command_line(RunCommand command, const std::vector<std::string>& words) {
  const po::options_description description = description_of(command);
  po::positional_options_description positional;
  positional.add("positional", -1);
  po::parsed_options parsed(&description);
  try {
    // An abbreviated option would change its meaning when a longer one is added.
    parsed =
        po::command_line_parser(words)
            .options(description)
            .positional(positional)
            .style(po::command_line_style::unix_style & ~po::command_line_style::allow_guessing)
            .run();
  } catch (const po::unknown_option& error) {
    refuse_unknown(command, error.get_option_name());
  } catch (const po::error& error) {
    throw usage_error(error.what());
  }

  constexpr std::array<const char*, 2> kPositional{"model", "dataset"};
  std::size_t position = 0;
  Given given;
  for (const po::option& word : parsed.options) {
    if (word.position_key >= 0) {
      for (const std::string& text : word.value) {
        if (position >= kPositional.size())
          throw usage_error(fmt::format(
              "'{}' is one word too many: a command takes a model and a data set", text));
        const char* key = kPositional[position++];
        given.add(*find_run_option(key), fmt::format("<{}>", key), Value(text));
      }
      continue;
    }
    const std::string flag = flag_of(word);
    const RunOption* option = run_option_of_flag(flag);
    if (option == nullptr) refuse_unknown(command, flag);
    if (option->spelling == Spelling::flag) given.add(*option, flag, Value(true).at(place(flag)));
    for (const std::string& text : word.value)
      given.add(*option, flag, value_of(*option, flag, text));
  }
  return given.checked(command);
}

}  // namespace lathe
