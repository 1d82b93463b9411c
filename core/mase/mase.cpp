// MASE's words and what they are here, and a TOML file's top level. The tables are the whole of it.
#include "core/mase/mase.hpp"

#include "core/base/suggest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace lathe {
namespace {

struct Word {
  std::string_view theirs, ours;
};

constexpr std::array kTasks{
    Word{"classification", "classification"},
    Word{"cls", "classification"},
    Word{"translation", "translation"},
    Word{"tran", "translation"},
    Word{"language_modeling", "language_modeling"},
    Word{"lm", "language_modeling"},
};

constexpr std::array kSplits{
    Word{"train_dataloader", "train"},
    Word{"train", "train"},
    Word{"val_dataloader", "validation"},
    Word{"validation_dataloader", "validation"},
    Word{"val", "validation"},
    Word{"validation", "validation"},
    Word{"test_dataloader", "test"},
    Word{"test", "test"},
};

constexpr std::array kPasses{
    Word{"quantize_transform_pass", "quantize"},
    Word{"summarize_quantization_analysis_pass", "summarize_quantization"},
    Word{"report_graph_analysis_pass", "report_graph"},
    Word{"calculate_avg_bits_mg_analysis_pass", "average_bitwidth"},
    Word{"calculate_avg_bits_module_analysis_pass", "average_bitwidth"},
    Word{"calculate_avg_bits", "average_bitwidth"},
};

constexpr std::array kFormats{
    Word{"fixed", "integer"},
    Word{"msfp", "block_fp"},
    Word{"minifloat_simple", "minifloat_denorm"},
};

template <std::size_t N>
std::optional<std::string> translated(const std::array<Word, N>& words, std::string_view word) {
  for (const Word& row : words) {
    if (row.theirs == word) return std::string(row.ours);
  }
  return std::nullopt;
}

// Tables at the top of a file that are not options of a run.
constexpr std::string_view kPassesTable = "passes", kSearchTable = "search";

Value table_of(const std::string& key, const Value& value) {
  if (value.is_map()) return value;
  throw usage_error(fmt::format("[{}] is a table; got {} {}", key, value.kind_name(), value.text()),
                    value.position());
}

// Option lists of paths are relative to the file that names them, like single paths.
Value with_paths(const RunOption& row, Value value) {
  if (row.option.key != "plugin" || !value.is_list()) return value;
  Option path;
  path.key = row.option.key;
  path.type = LATHE_OPTION_PATH;
  for (Value& item : value.as_list()) item = check_value(path, item, "a run");
  return value;
}

Value checked(const RunOption& row, const Value& given) {
  Value value = given;
  if (row.spelling == Spelling::repeated && given.is_string()) {
    value = Value(Value::List{given}).at(given.position());
  }
  return with_paths(row, check_value(row.option, value, "a run"));
}

// What is refused because running something else instead would be a wrong answer.
void refuse_unsupported(const std::string& key, const Value& value) {
  const auto refuse = [&](std::string_view why) {
    throw usage_error(fmt::format("{} = {}: {}", key, value.text(), why), value.position());
  };
  if (value.is_none()) return;
  if (key == "task" && task_word(value.as_string()) != "classification") {
    refuse("Lathe does classification (cls) only");
  }
  if (key == "trainer_precision" && value.as_string() == "64") {
    refuse("arithmetic is 32 bits wide; 64 would promise more than it gives");
  }
  if (key == "pretrained" && value.as_bool()) {
    refuse("there are no pretrained weights; --load takes a file");
  }
  if (key == "quant_config") refuse("write [passes.quantize] in the config file instead");
}

Value in_our_words(const std::string& key, const Value& value) {
  if (key != "task" || value.is_none()) return value;
  return Value(*task_word(value.as_string())).at(value.position());
}

std::string told(const Value& value) { return value.is_none() ? "NA" : value.text(); }

}  // namespace

std::optional<RunCommand> run_command(std::string_view word) {
  if (word == "train") return kTrain;
  if (word == "test") return kTest;
  if (word == "transform") return kTransform;
  if (word == "search") return kSearch;
  return std::nullopt;
}

std::optional<std::string> task_word(std::string_view word) { return translated(kTasks, word); }

std::optional<std::string> split_word(std::string_view word) { return translated(kSplits, word); }

std::string pass_word(std::string_view word) {
  return translated(kPasses, word).value_or(std::string(word));
}

std::string format_word(std::string_view word) {
  return translated(kFormats, word).value_or(std::string(word));
}

RunConfig read_run_config(const Value& document) {
  RunConfig config;
  for (const auto& [key, value] : document.as_map()) {
    if (key == kPassesTable) {
      config.passes = table_of(key, value);
      continue;
    }
    if (key == kSearchTable) {
      config.search = table_of(key, value);
      continue;
    }
    const RunOption* row = find_run_option(key);
    if (row != nullptr && row->in_file) {
      if (config.options.find(row->option.key) != nullptr) {
        throw usage_error(fmt::format("'{}' is the same option as '{}', which is given already",
                                      key, row->option.key),
                          value.position());
      }
      config.options.set(row->option.key, checked(*row, value));
      continue;
    }
    if (row != nullptr) {
      throw usage_error(
          fmt::format("'{}' belongs on the command line ({})", key, row->flags.front()),
          value.position());
    }
    std::vector<std::string> known{std::string(kPassesTable), std::string(kSearchTable)};
    for (const RunOption& option : run_options()) {
      if (option.in_file) known.push_back(option.option.key);
    }
    throw usage_error(fmt::format("unknown key '{}'{}", key, suggestion(key, known)),
                      value.position());
  }
  return config;
}

std::vector<EffectiveOption> effective_options(RunCommand command, const Value& file,
                                               const Value& command_line) {
  std::vector<EffectiveOption> result;
  for (const RunOption& row : run_options()) {
    if ((row.commands & command) == 0) continue;
    const std::string& key = row.option.key;
    EffectiveOption effective{&row, std::nullopt, std::nullopt, {}};
    if (row.option.default_value) effective.effective = *row.option.default_value;
    if (const Value* given = file.find(key)) effective.from_file = effective.effective = *given;
    if (const Value* given = command_line.find(key)) {
      effective.from_command_line = effective.effective = *given;
    }
    refuse_unsupported(key, effective.effective);
    effective.effective = in_our_words(key, effective.effective);
    result.push_back(std::move(effective));
  }
  return result;
}

Value value_map(const std::vector<EffectiveOption>& options) {
  Value::Map map;
  for (const EffectiveOption& row : options) {
    map.emplace_back(row.option->option.key, row.effective);
  }
  return Value(std::move(map));
}

std::vector<std::string> option_warnings(const std::vector<EffectiveOption>& options) {
  // Values that ask for no more than what happens anyway.
  struct NoEffect {
    std::string_view key, harmless, why;
  };
  static constexpr std::array kNoEffect{
      NoEffect{"log_every_n_steps", "", "metrics are written once per epoch"},
      NoEffect{"report_to", "", "metrics go to metrics.csv in the run's folder"},
      NoEffect{"num_devices", "1", "one device is used"},
      NoEffect{"num_nodes", "1", "one machine is used"},
      NoEffect{"strategy", "auto", "one device needs no strategy"},
      NoEffect{"trainer_precision", "32", "arithmetic is 32 bits wide"},
      NoEffect{"auto_requeue", "false", "--resume goes on with a run that was stopped"},
      NoEffect{"github_ci", "false", "nothing here depends on it"},
      NoEffect{"disable_dataset_cache", "false", "data sets keep no files of their own"},
  };
  std::vector<std::string> warnings;
  for (const EffectiveOption& row : options) {
    if (!row.from_file && !row.from_command_line) continue;
    for (const NoEffect& rule : kNoEffect) {
      if (row.option->option.key != rule.key || told(row.effective) == rule.harmless) continue;
      const Position& position = row.effective.position();
      warnings.push_back(fmt::format("{}{}{} = {} changes nothing: {}", position.text(),
                                     position.known() ? ": " : "", rule.key, told(row.effective),
                                     rule.why));
    }
  }
  return warnings;
}

Value logged_default_config() {
  // mase-behaviour: the block is constant in every sampled config.
  return Value(Value::Map{{"config", Value(Value::Map{{"name", "integer"},
                                                      {"bypass", true},
                                                      {"bias_frac_width", 5},
                                                      {"bias_width", 8},
                                                      {"data_in_frac_width", 5},
                                                      {"data_in_width", 8},
                                                      {"weight_frac_width", 3},
                                                      {"weight_width", 8}})}});
}

}  // namespace lathe
