// Boost.Program_options splits the words; what they may say comes from the option table.
#include "core/cli/command_line.hpp"

#include "core/mase/names.hpp"
#include "core/options/words_elsewhere.hpp"

#include <fmt/format.h>
#include <boost/program_options.hpp>

#include <algorithm>
#include <charconv>
#include <sstream>

namespace lathe {

namespace {

namespace po = boost::program_options;
using Options = std::vector<const CommandOption*>;
using Words = std::vector<std::string>;

// Where a value of the command line was written, as messages name it.
Position place(const std::string& flag) { return {flag, 0, 0}; }

po::options_description description_of(const Options& options) {
  po::options_description all;
  all.add_options()("words", po::value<Words>());
  for (const CommandOption* option : options) {
    for (const std::string& flag : option->flags) {
      // "--jobs" or "-j", as Boost names them.
      const std::string name =
          flag.starts_with("--") ? flag.substr(2) : fmt::format(",{}", flag.substr(1));
      if (option->spelling == Spelling::flag)
        all.add_options()(name.c_str(), "");
      else
        all.add_options()(name.c_str(), po::value<Words>());
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

const CommandOption* option_of(const Options& options, const std::string& flag) {
  for (const CommandOption* option : options)
    if (std::ranges::count(option->flags, flag) > 0) return option;
  return nullptr;
}

// The commands that take an option, as messages name them: "'lathe train', 'lathe search'".
std::string owners_of(const std::string& flag) {
  std::string owners;
  const auto add = [&](const Command& command, const std::string& name) {
    if (!command.doc.empty() && option_of(options_of(command), flag) != nullptr)
      owners += fmt::format("{}'lathe {}'", owners.empty() ? "" : ", ", name);
  };
  for (const Command& command : command_table()) {
    add(command, std::string(command.word));
    if (command.commands == nullptr) continue;
    for (const Command& own : command.commands())
      add(own, fmt::format("{} {}", command.word, own.word));
  }
  return owners;
}

// "batch_size" for "--batch-size" and "--batch_size".
std::string key_of(std::string_view flag) {
  flag.remove_prefix(std::min(flag.find_first_not_of('-'), flag.size()));
  std::string key(flag);
  std::ranges::replace(key, '-', '_');
  return key;
}

const CommandOption* option_with_key(const Options& options, std::string_view key) {
  for (const CommandOption* option : options)
    if (option->option.key == key && !option->flags.empty()) return option;
  return nullptr;
}

// "--num-workers" for "num_workers", of the spellings that the option has; else the first.
const std::string& flag_like(const CommandOption& option, std::string_view key) {
  for (const std::string& flag : option.flags)
    if (key_of(flag) == key) return flag;
  return option.flags.front();
}

// The flag of an option that other tools call `flag`, whichever command takes it, or that is spelt
// with other dashes; empty: none.
std::string flag_elsewhere(const Options& options, const std::string& flag) {
  const std::string key{key_elsewhere(flag).value_or(key_of(flag))};
  if (const CommandOption* own = option_with_key(options, key)) return flag_like(*own, key);
  for (const Command& command : command_table())
    if (const CommandOption* other = option_with_key(options_of(command), key))
      return flag_like(*other, key);
  return "";
}

[[noreturn]] void refuse_unknown(const Options& options, const std::string& name,
                                 const std::string& flag) {
  if (const std::string owners = owners_of(flag); !owners.empty())
    throw usage_error(
        fmt::format("option '{}' means nothing here; it belongs to {}", flag, owners));
  const std::string see = fmt::format("; see 'lathe {} --help'", name);
  if (const std::string meant = flag_elsewhere(options, flag); !meant.empty()) {
    const bool here = option_of(options, meant) != nullptr;
    throw usage_error(fmt::format(
        "unknown option '{}'; did you mean '{}'{}?{}", flag, meant,
        here ? "" : fmt::format(", which belongs to {}", owners_of(meant)), here ? see : ""));
  }
  std::vector<std::string> known;
  for (const CommandOption* option : options)
    known.insert(known.end(), option->flags.begin(), option->flags.end());
  throw usage_error(fmt::format("unknown option '{}'{}{}{}", flag, about_mase_name("option", flag),
                                option_suggestion(flag, known), see));
}

class Given {
 public:
  void add(const CommandOption& option, const std::string& flag, Value value) {
    if (!value.position().known()) value.at(place(flag));
    const std::string& key = option.option.key;
    if (option.spelling == Spelling::repeated) {
      Value* list = values_.find_to_write(key);
      if (list == nullptr) list = &values_.set(key, Value(Value::List{}).at(place(flag)));
      list->as_list().push_back(std::move(value));
      return;
    }
    if (const Value* before = values_.find(key); before != nullptr) {
      if (*before == value) return;
      throw usage_error(
          fmt::format("{} is given twice: {} and {}", flag, before->text(), value.text()),
          place(flag));
    }
    values_.set(key, std::move(value));
  }

  // Checked against the table; positions are kept.
  Value checked(const Options& options, const std::string& name) {
    Value checked(Value::Map{});
    for (const CommandOption* option : options) {
      const Value* value = values_.find(option->option.key);
      if (value == nullptr) continue;
      const Position position = value->position();
      checked.set(option->option.key, check_value(*option, *value, fmt::format("'lathe {}'", name)))
          .at(position);
    }
    return checked;
  }

 private:
  Value values_{Value::Map{}};
};

// A number below 0 is a word, not a short option: --values 0.5 -2.
std::vector<po::option> negative_number(Words& words) {
  double number = 0;
  const std::string& word = words.front();
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (!word.starts_with('-') || error != std::errc{} || end != word.data() + word.size()) return {};
  po::option positional;
  positional.value = positional.original_tokens = {word};
  words.erase(words.begin());
  return {positional};
}

po::parsed_options split(const Options& options, const std::string& name, const Words& words) {
  const po::options_description description = description_of(options);
  po::positional_options_description positional;
  positional.add("words", -1);
  try {
    // An abbreviated option would change its meaning when a longer one is added.
    return po::command_line_parser(words)
        .options(description)
        .positional(positional)
        .extra_style_parser(negative_number)
        .style(po::command_line_style::unix_style & ~po::command_line_style::allow_guessing)
        .run();
  } catch (const po::unknown_option& error) {
    refuse_unknown(options, name, error.get_option_name());
  } catch (const po::error& error) {
    throw usage_error(error.what());
  }
}

bool takes_arguments(const Command& command) {
  return command.words.find("[-- ") != std::string_view::npos;
}

// A word that stands for an option: MODEL for --model.
const CommandOption* option_named(const Options& options, std::string word) {
  std::erase_if(word, [](char c) { return c == '[' || c == ']'; });
  for (const CommandOption* option : options)
    if (option->metavar == word && option->flags.front().size() == word.size() + 2) return option;
  return nullptr;
}

// "[MODEL]", "[DATASET]"; what follows the first option of a usage is no word.
std::vector<std::string> word_places(const Command& command) {
  std::istringstream in{std::string(command.words)};
  std::vector<std::string> places;
  for (std::string word; in >> word && !word.starts_with("-") && word != "[--";)
    places.push_back(word);
  return places;
}

// A component in brackets that a shell split at its blanks, put together again; empty: none.
std::string split_component(const Words& words) {
  const auto first = std::ranges::find_if(words, [](const std::string& word) {
    return word.find('<') != std::string::npos && !word.ends_with('>');
  });
  if (first == words.end()) return "";
  std::string whole = *first;
  for (auto word = first + 1; word != words.end(); ++word) {
    whole += " " + *word;
    if (word->ends_with('>')) return whole;
  }
  return "";
}

}  // namespace

std::string usage_of(const Command& command, std::string_view name) {
  return fmt::format("lathe {}{}{}", name, command.words.empty() ? "" : " ", command.words);
}

ParsedWords parse_words(const Command& command, const std::string& name,
                        const std::vector<std::string>& all_words) {
  ParsedWords result;
  Words words = all_words;
  const auto dashes = std::ranges::find(words, "--");
  if (dashes != words.end() && (takes_arguments(command) || command.commands != nullptr)) {
    result.arguments.assign(dashes + 1, words.end());
    words.erase(dashes, words.end());
  }
  const Options options = options_of(command);
  Given given;
  for (const po::option& word : split(options, name, words).options) {
    if (word.position_key >= 0) {
      result.words.insert(result.words.end(), word.value.begin(), word.value.end());
      continue;
    }
    const std::string flag = flag_of(word);
    const CommandOption* option = option_of(options, flag);
    if (option == nullptr) refuse_unknown(options, name, flag);
    if (option->spelling == Spelling::flag) given.add(*option, flag, Value(true));
    for (const std::string& text : word.value)
      given.add(*option, flag, parse_option_text(option->option, text, flag));
  }
  const std::vector<std::string> places = word_places(command);
  for (std::size_t i = 0; i < std::min(places.size(), result.words.size()); ++i)
    if (const CommandOption* option = option_named(options, places[i]); option != nullptr)
      given.add(*option, option->flags.front(),
                Value(result.words[i]).at(place(fmt::format("<{}>", option->option.key))));
  result.given = given.checked(options, name);
  return result;
}

Invocation call_of(const Command& command, const std::string& name,
                   const std::vector<std::string>& words) {
  ParsedWords parsed = parse_words(command, name, words);
  const std::vector<std::string> places = word_places(command);
  const auto least =
      static_cast<std::size_t>(std::ranges::count_if(places, [](const std::string& word) {
        return !word.starts_with('[') || !word.ends_with(']');
      }));
  const bool many = command.words.ends_with("...]") || command.words.ends_with("...");
  if (parsed.words.size() < least)
    throw usage_error(fmt::format("usage: {}", usage_of(command, name)));
  if (parsed.words.size() > places.size() && !many) {
    const std::string whole = split_component(parsed.words);
    throw usage_error(fmt::format(
        "'{}' is one word too many{}; usage: {}", parsed.words[places.size()],
        whole.empty() ? "" : fmt::format("; a shell splits words at blanks: quote '{}'", whole),
        usage_of(command, name)));
  }
  return {&command,
          name,
          {},
          std::move(parsed.words),
          std::move(parsed.arguments),
          std::move(parsed.given)};
}

}  // namespace lathe
