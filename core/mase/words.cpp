// The tables are the whole of it.
#include "core/mase/words.hpp"

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

// Without the ending that says what kind of pass it is: that is cut off first.
constexpr std::array kPassEndings{"_analysis_pass", "_transform_pass", "_interface_pass"};
constexpr std::array kPasses{
    Word{"calculate_avg_bits", "average_bitwidth"},
    Word{"calculate_avg_bits_mg", "average_bitwidth"},
    Word{"calculate_avg_bits_module", "average_bitwidth"},
    Word{"verify", "verify_metadata"},
    Word{"verify_common_metadata", "verify_metadata"},
    Word{"verify_software_metadata", "verify_metadata"},
    Word{"verify_hardware_metadata", "verify_metadata"},
    Word{"add_natural_sparsity", "natural_sparsity"},
    Word{"add_natural_sparsity_metadata", "natural_sparsity"},
    Word{"save_mase_graph", "save_graph"},
    Word{"save_node_meta_param", "save_graph"},
    Word{"load_mase_graph", "load_graph"},
    Word{"load_node_meta_param", "load_graph"},
};

// Options of passes that have another name here.
struct PassOption {
  std::string_view pass, theirs, ours;
};
constexpr std::array kPassOptions{
    PassOption{"load_graph", "load_path", "load_dir"},
};

constexpr std::array kFormats{
    Word{"fixed", "integer"},
    Word{"msfp", "block_fp"},
    Word{"minifloat_simple", "minifloat_denorm"},
};

// Keys of a file.
constexpr std::array kOptions{
    Word{"load", "load_name"},      Word{"n_jobs", "jobs"},
    Word{"timeout", "time_budget"}, Word{"cpu", "num_workers"},
    Word{"gpu", "num_devices"},     Word{"nodes", "num_nodes"},
    Word{"to_debug", "debug"},      Word{"is_to_auto_requeue", "auto_requeue"},
};

// Keys of the runner basic_train.
constexpr std::array kTrainingOptions{
    Word{"optimizer", "training_optimizer"},
    Word{"gradient_accumulation_steps", "accumulate_grad_batches"},
};

template <std::size_t N>
std::optional<std::string> translated(const std::array<Word, N>& words, std::string_view word) {
  for (const Word& row : words) {
    if (row.theirs == word) return std::string(row.ours);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> task_word(std::string_view word) { return translated(kTasks, word); }

std::optional<std::string> split_word(std::string_view word) { return translated(kSplits, word); }

std::string pass_word(std::string_view word) {
  const std::string_view plain = without_pass_ending(word);
  return translated(kPasses, plain).value_or(std::string(plain));
}

std::vector<std::string> words_of_pass(std::string_view id) {
  std::vector<std::string> words;
  for (const Word& row : kPasses)
    if (row.ours == id) words.emplace_back(row.theirs);
  return words;
}

std::string_view without_pass_ending(std::string_view word) {
  for (const std::string_view ending : kPassEndings)
    if (word.size() > ending.size() && word.ends_with(ending))
      return word.substr(0, word.size() - ending.size());
  return word;
}

std::string pass_option_word(std::string_view pass, std::string_view key) {
  for (const PassOption& row : kPassOptions)
    if (row.pass == pass && row.theirs == key) return std::string(row.ours);
  return std::string(key);
}

std::string format_word(std::string_view word) {
  return translated(kFormats, word).value_or(std::string(word));
}

std::string option_word(std::string_view key) {
  return translated(kOptions, key).value_or(std::string(key));
}

std::string runner_key(std::string_view training_option) {
  const auto row = std::ranges::find(kTrainingOptions, training_option, &Word::ours);
  return std::string(row == kTrainingOptions.end() ? training_option : row->theirs);
}

Value logged_default_config() {
  // docs/mase.md, Search: the block is constant in every sampled config.
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
