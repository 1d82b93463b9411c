// How a network is trained: each option once, with its default, and once as a row of a table, from
// which come the command line's option, what a sweep and a search may vary, and the way from
// checked values to the struct. Adding an option is a member, a row, and its use.
#pragma once

#include "core/options/command_option.hpp"

#include <filesystem>
#include <map>

namespace lathe {

// What a training's weights are weights of, as it is told beside them and in them.
struct WeightsOrigin {
  // (name, contents) of what lies in the folder before any weights do.
  std::vector<std::pair<std::string, std::string>> files;
  // Metadata of every weights file that belongs to those. UTF-8.
  std::map<std::string, std::string> metadata;
};

struct TrainingOptions {
  std::string optimizer = "adam";  // adam, adamw, sgd
  double learning_rate = 1e-3;
  // cosine_annealing goes down by epoch, as PyTorch's CosineAnnealingLR; cosine, linear, constant
  // and constant_with_warmup go by optimizer step, as transformers' get_scheduler.
  std::string lr_scheduler = "cosine_annealing";
  std::int64_t num_warmup_steps = 0;  // optimizer steps in which the rate rises from 0
  double weight_decay = 0;
  std::int64_t max_epochs = 20;
  std::int64_t max_steps = -1;   // -1: no bound
  std::int64_t max_samples = 0;  // as many whole batches as that takes; 0: no bound
  // Ends the training after so many epochs in a row whose validation loss, or training loss without
  // validation rows, is not the lowest; nothing: never.
  std::optional<std::int64_t> early_stopping = {};
  std::int64_t batch_size = 128;
  std::optional<std::int64_t> evaluation_batch_size = {};  // nothing: batch_size
  std::int64_t rows_evaluated_at_once() const { return evaluation_batch_size.value_or(batch_size); }
  // Gradients of so many batches, each that of the batch's mean, are averaged for a step; at an
  // epoch's end of those that are left.
  std::int64_t accumulate_grad_batches = 1;
  std::optional<std::string> loss = {};  // by name; nothing: as the data set's target asks
  std::uint64_t seed = 0;
  // Besides every epoch's end; 0: epochs only. An epoch can be long; a kill should cost a minute at
  // most.
  double checkpoint_every_seconds = 60;
  std::int64_t checkpoint_every_steps = 0;

  // Of one training, not of a kind of training: they have no rows.
  bool shuffle = true;           // the train split, anew each epoch
  std::filesystem::path folder;  // checkpoints and metrics.csv; empty: none
  bool resume = false;           // go on from folder/last.safetensors if it is there
  WeightsOrigin origin = {};     // kept with the weights of the folder
};

struct TrainingOption {
  CommandOption row;  // without flags: only [search.strategy.sw_runner] gives it
  bool searchable = false;
  void (*set)(TrainingOptions& options, const Value& value);
};
const std::vector<TrainingOption>& training_option_rows();

// Keys of the options that a search may vary.
const std::vector<std::string>& training_option_keys();
// The row of a key. REQUIRES: it is one.
const Option& training_option(std::string_view key);

// Checks what was given for a training besides its run's own: only those keys come back. Throws
// usage_error with the nearest key for one that is none.
Value check_training_options(const Value& given, std::string_view owner);

// From checked values by key; others keep their defaults, and keys that are no training's are
// passed over.
TrainingOptions training_options(const Value& values);

// What other parts of a run read too.
inline constexpr OptionKey<std::int64_t> kBatchSize{"batch_size"};
inline constexpr OptionKey<std::optional<std::int64_t>> kEvaluationBatchSize{
    "evaluation_batch_size"};
inline constexpr OptionKey<std::int64_t> kSeed{"seed"};
inline constexpr OptionKey<std::optional<std::string>> kLoss{"loss"};

}  // namespace lathe
