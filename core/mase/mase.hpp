// MASE's vocabulary, alone: the options of its commands, its words for tasks, runners, splits and
// passes, and what they are here. Everything else in the program speaks Lathe's words only.
// Knows nothing about command lines as such: it says how a key is spelt there.
#pragma once

#include "core/options/component_text.hpp"
#include "core/options/option.hpp"

#include <lathe/kind/sampler.h>

namespace lathe {

// Commands, as bits.
enum RunCommand : unsigned {
  kTrain = 1u << 0,
  kTest = 1u << 1,
  kTransform = 1u << 2,
  kSearch = 1u << 3,
  kEveryCommand = kTrain | kTest | kTransform | kSearch,
};
std::optional<RunCommand> run_command(std::string_view word);  // "train"

enum class Spelling {
  value,     // --batch-size 256
  flag,      // --debug, no value
  repeated,  // --plugin a.so --plugin b.so: a list
};

// One option of the commands. The key is what a TOML file says: `load_name`.
struct RunOption {
  Option option;
  std::vector<std::string> flags;  // "--load"; the first is the one that help shows
  Spelling spelling = Spelling::value;
  unsigned commands = kEveryCommand;    // those that it means something to
  bool in_file = true;                  // may stand at the top of a TOML file
  std::string group;                    // heading in --help: "Training"
  std::string metavar;                  // "N", "PATH"
  std::vector<std::string> other_keys;  // as MASE or a file may call it: "to_debug"
};

const std::vector<RunOption>& run_options();
const RunOption* find_run_option(std::string_view key);      // also by another key
const RunOption* run_option_of_flag(std::string_view flag);  // "--batch-size"
// All flags of a command, for did-you-mean.
std::vector<std::string> flags_of(RunCommand command);

// A TOML file, its parts told apart. Every top-level key is known; values are checked.
struct RunConfig {
  Value options{Value::Map{}};  // run options that the file gives, and only those
  Value passes{Value::Map{}};   // [passes]
  Value search{Value::Map{}};   // [search]
};
RunConfig read_run_config(const Value& document);

// Where an option's value comes from. Default < file < command line, where given means given, even
// if equal to the default.
struct EffectiveOption {
  const RunOption* option = nullptr;
  std::optional<Value> from_file, from_command_line;
  Value effective;
};
// `file` and `command_line` are maps of keys that were given; both are checked. One row for each
// option that `command` takes; keys of other commands in the file are legal and left out.
std::vector<EffectiveOption> effective_options(RunCommand command, const Value& file,
                                               const Value& command_line);
Value value_map(const std::vector<EffectiveOption>& options);  // {key: effective}

// What was asked for and changes nothing here, one sentence each: report_to, nodes, ...
std::vector<std::string> option_warnings(const std::vector<EffectiveOption>& options);

// A runner of [search.strategy.sw_runner] or hw_runner.
struct SearchRunner {
  std::string word;             // as written: "basic_evaluation"
  std::string pass;             // id of the analysis pass to run: "evaluate"
  Value options{Value::Map{}};  // of that pass, in its words: {num_samples, split}
  bool trains = false;          // train before: basic_train
  // Run options for that training: {max_epochs, learning_rate, training_optimizer, ...}, and
  // max_samples, which bounds the samples trained on.
  Value training{Value::Map{}};
  bool hardware = false;  // its scalars are logged as hardware metrics
  Position position;
};

struct SearchMetric {
  std::string name;
  double scale = 1.0;
  lathe_direction direction = LATHE_MAXIMIZE;
  Position position;
};

// The [search] table, translated.
struct SearchConfig {
  Value space{Value::Map{}};  // [search.search_space], for build_space
  bool eval_mode = true;      // no trial trains
  std::vector<SearchRunner> runners;
  std::vector<SearchMetric> metrics;                      // sorted by name, as MASE does
  ComponentText sampler;                                  // 'tpe<n_startup_trials=5>'
  ComponentText pruner{"none", Value{Value::Map{}}, {}};  // 'median<n_startup_trials=5>'
  std::optional<std::int64_t> n_trials, n_jobs, lookahead;
  std::optional<double> timeout_seconds, trial_timeout_seconds;
  bool sum_scaled_metrics = false;
  lathe_direction direction = LATHE_MAXIMIZE;  // when summed
  std::vector<std::string> warnings;
};
SearchConfig read_search_config(const Value& search);

// Run options that say how a network is trained: those a sweep or a search may vary.
const std::vector<std::string>& training_option_keys();

// Words. Each returns what Lathe calls it, or nothing if the word is unknown.
std::optional<std::string> task_word(std::string_view word);   // "cls" -> "classification"
std::optional<std::string> split_word(std::string_view word);  // "val_dataloader" -> "validation"
// A pass as MASE names it -> as Lathe does: "quantize_transform_pass" -> "quantize". A word that
// is no alias comes back as it is.
std::string pass_word(std::string_view word);
// A number format likewise: "fixed" -> "integer", "msfp" -> "block_fp".
std::string format_word(std::string_view word);

// The block that MASE logs as `default` in every sampled config.
Value logged_default_config();

}  // namespace lathe
