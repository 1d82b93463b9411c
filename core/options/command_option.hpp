// What an option of a command is: how it is spelt, which group it belongs to, what it takes. Knows
// no command and no option; a command says which groups it takes (core/cli/command_table.hpp).
#pragma once

#include "core/options/option.hpp"
#include "core/options/option_key.hpp"

namespace lathe {

// Options that the same commands take, as bits. Help puts them under headings.
enum class OptionGroup : unsigned {
  model = 1u << 0,            // model, data set, config file, passes, weights
  file_passes = 1u << 1,      // [passes] of the file besides the command's own work
  plugins = 1u << 2,          // more plugin files
  evaluation = 1u << 3,       // which rows are tested
  data_folder = 1u << 4,      // where data sets lie
  training = 1u << 5,         //
  search = 1u << 6,           //
  machine = 1u << 7,          // device, threads, memory
  results = 1u << 8,          // where a run's files go, and what is said meanwhile
  resume = 1u << 9,           // going on with earlier results
  overwrite = 1u << 10,       // replacing them
  json = 1u << 11,            //
  pipeline = 1u << 12,        // looking into passes
  without_effect = 1u << 13,  // accepted because MASE's files and scripts have them
  fetching = 1u << 14,        //
  language = 1u << 15,        // of a plugin that is written
  output = 1u << 16,          // the file that is made
  seed = 1u << 17,            // of random numbers
  numbers = 1u << 18,         // what a number format is tried on
  codes = 1u << 19,           // of quantized weights
  pages = 1u << 20,           // documentation that is written from what components say
  bisection = 1u << 21,       // what two configurations are compared by
  trial = 1u << 22,           // a network of an earlier search
  study = 1u << 23,           // which study, and where it is kept
  new_study = 1u << 24,       // one that is to be made
  sampler = 1u << 25,         // who suggests
  space = 1u << 26,           // of a study, where no network says it
  outcome = 1u << 27,         // how a trial ended
  fixed = 1u << 28,           // of a trial that is to come
  draws = 1u << 29,           // suggestions for a history
  report = 1u << 30,          // a page of a run
  sdk = 1u << 31,             // a part of it
};

// Several of them.
class OptionGroups {
 public:
  constexpr OptionGroups() = default;
  constexpr OptionGroups(OptionGroup group) : bits_(static_cast<unsigned>(group)) {}
  constexpr bool has(OptionGroup group) const {
    return (bits_ & static_cast<unsigned>(group)) != 0;
  }
  friend constexpr OptionGroups operator|(OptionGroups a, OptionGroups b) {
    OptionGroups both;
    both.bits_ = a.bits_ | b.bits_;
    return both;
  }

 private:
  unsigned bits_ = 0;
};
constexpr OptionGroups operator|(OptionGroup a, OptionGroup b) {
  return OptionGroups(a) | OptionGroups(b);
}

enum class Spelling {
  value,     // --batch-size 256
  flag,      // --debug, no value
  repeated,  // --plugin a.so --plugin b.so: a list
};

// One option of the commands. The key is what a TOML file says: `load_name`.
struct CommandOption {
  Option option;
  std::vector<std::string> flags;  // "--load"; the first is the one that help shows first
  Spelling spelling = Spelling::value;
  OptionGroup group = OptionGroup::model;
  bool in_file = true;  // may stand at the top of a TOML file
  bool paths = false;   // of a list: its texts are paths
  bool may_be_empty = false;
  std::string metavar;  // "N", "PATH"
};

// Checks what a user gave for it; a single text of a repeated option is a list of one. Paths of a
// list are beside the file that names them, as single paths are. An empty text is refused
// where the row does not allow it.
Value check_value(const CommandOption& row, const Value& given, std::string_view owner);

// A row, built up by name so that each reads as one sentence. The type of the key is the type of
// the option: an optional may be NA, others need standard(), but flags, which are off, and lists.
class OptionRow {
 public:
  template <typename T>
  OptionRow(OptionGroup group, OptionKey<T> key, std::string doc)
      : OptionRow(group, key.key, kOptionType<T>, std::move(doc)) {}

  // A flag with a metavar takes a value: --load-strict=false.
  OptionRow& spelt(std::vector<std::string> flags, std::string metavar = "");
  OptionRow& standard(Value value);
  OptionRow& within(std::string_view range);
  OptionRow& but_zero(std::string why);
  OptionRow& one_of(std::vector<std::string> choices);
  OptionRow& path();  // a path, or a list of them
  OptionRow& in(std::string unit);
  OptionRow& command_line_only();
  OptionRow& or_empty();  // an empty text says something

  operator CommandOption() const { return row_; }

 private:
  OptionRow(OptionGroup group, std::string_view key, lathe_option_type type, std::string doc);
  CommandOption row_;
};

}  // namespace lathe
