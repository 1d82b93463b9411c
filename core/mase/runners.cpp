// MASE's runners: basic_evaluation, basic_train, and analysis passes by their names.
#include "core/mase/runners.hpp"

#include "core/base/words/suggest.hpp"
#include "core/mase/words.hpp"
#include "core/options/training_options.hpp"

#include <fmt/format.h>

#include <array>

namespace lathe {
namespace {

constexpr std::string_view kEvaluation = "runner 'basic_evaluation'";
constexpr std::string_view kTraining = "runner 'basic_train'";

Option optional(std::string key, lathe_option_type type, std::string_view range = {}) {
  Option result;
  result.key = std::move(key);
  result.type = type;
  if (!range.empty()) result.range = parse_range(range);
  result.flags = LATHE_OPTION_FLAG_NULLABLE;
  return result;
}

// Both spellings of the loader are in use; MASE reads one of them and ignores the other.
constexpr std::array kLoaders{"data_loader", "dataloader"};

void translate_loader(const Value& options, SearchRunner& runner) {
  for (const char* key : kLoaders) {
    const Value& word = *options.find(key);
    if (word.is_none()) continue;
    const auto split = split_word(word.as_string());
    if (!split) {
      throw usage_error(
          fmt::format("'{}' is no data loader{}", word.as_string(),
                      suggestion(word.as_string(),
                                 {"train_dataloader", "val_dataloader", "test_dataloader"})),
          word.position());
    }
    runner.options.set("split", Value(*split).at(word.position()));
  }
}

// basic_evaluation's keys in the words of the pass that does it.
void translate_evaluation(const Value& given, SearchRunner& runner) {
  static const OptionTable table{
      std::string(kEvaluation),
      {optional("num_samples", LATHE_OPTION_INT, "1.."), optional(kLoaders[0], LATHE_OPTION_STRING),
       optional(kLoaders[1], LATHE_OPTION_STRING)}};
  const Value options = check_options(table, given);
  if (const Value& samples = *options.find("num_samples"); !samples.is_none())
    runner.options.set("num_samples", samples);
  translate_loader(options, runner);
}

const OptionTable& training_table() {
  static const OptionTable table = [] {
    // MASE bounds the samples trained on with num_samples, all epochs together; -1 does not.
    OptionTable made{
        std::string(kTraining),
        {optional("num_samples", LATHE_OPTION_INT, "-1.."),
         optional(kLoaders[0], LATHE_OPTION_STRING), optional(kLoaders[1], LATHE_OPTION_STRING)}};
    for (const std::string& key : training_option_keys()) {
      Option row = training_option(key);
      row.key = runner_key(key);
      row.default_value.reset();
      row.flags |= LATHE_OPTION_FLAG_NULLABLE;
      made.options.push_back(std::move(row));
    }
    return made;
  }();
  return table;
}

// basic_train: run options for the training, a split for the evaluation that follows it. What is
// not given is as the command has it.
void translate_training(const Value& given, SearchRunner& runner) {
  const Value options = check_options(training_table(), given);
  for (const std::string& key : training_option_keys()) {
    const Value& value = *options.find(runner_key(key));
    if (!value.is_none()) runner.training.set(key, value);
  }
  const Value& samples = *options.find("num_samples");
  if (samples == Value(0))
    throw usage_error(fmt::format("{} would train on 0 samples; leave num_samples out, or -1, for "
                                  "no bound but max_epochs",
                                  kTraining),
                      samples.position());
  if (samples.is_int() && samples.as_int() > 0) runner.training.set("max_samples", samples);
  translate_loader(options, runner);
}

}  // namespace

SearchRunner read_runner(const std::string& word, const Value& given, bool hardware) {
  SearchRunner runner;
  runner.word = word;
  runner.hardware = hardware;
  runner.position = given.position();
  if (!given.is_map()) {
    throw usage_error(fmt::format("runner '{}' takes a table of options; got {}", word,
                                  given.is_none() ? "NA" : given.text()),
                      given.position());
  }
  for (const std::string_view refused : {"latency", "resource_usage", "hw_dummy"}) {
    if (word != refused) continue;
    throw usage_error(
        fmt::format("runner '{}' is about hardware that MASE generates; Lathe has none. An "
                    "analysis pass of your own can take its place",
                    word),
        given.position());
  }
  if (word == "basic_evaluation") {
    runner.pass = kScoringPass;
    translate_evaluation(given, runner);
  } else if (word == "basic_train") {
    runner.pass = kScoringPass;
    runner.trains = true;
    translate_training(given, runner);
  } else {
    runner.pass = pass_word(word);
    runner.options = given;
  }
  return runner;
}

}  // namespace lathe
