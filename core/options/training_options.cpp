#include "core/options/training_options.hpp"

#include <algorithm>

namespace lathe {
namespace {

// The type of a member as option tables have it.
template <typename T>
using Stored = std::conditional_t<std::is_same_v<T, std::uint64_t>, std::int64_t, T>;

template <typename T>
inline constexpr bool kMayBeNone = false;
template <typename T>
inline constexpr bool kMayBeNone<std::optional<T>> = true;

template <auto Member>
using MemberType = std::remove_cvref_t<decltype(TrainingOptions{}.*Member)>;

template <auto Member>
void set_member(TrainingOptions& options, const Value& value) {
  using T = MemberType<Member>;
  options.*Member = static_cast<T>(value_as<Stored<T>>(value));
}

// A row but for what the member says: its type and its default.
struct Facts {
  std::string_view key;
  std::string doc;
  std::string flag = {};  // none: not of the command line
  std::string metavar = {};
  std::string_view range = {};
  std::string not_zero = {};  // why, if 0 is refused
  std::vector<std::string> choices = {};
  bool searchable = true;
  OptionGroup group = OptionGroup::training;
};

template <auto Member>
TrainingOption row(Facts facts) {
  using T = Stored<MemberType<Member>>;
  OptionRow made(facts.group, OptionKey<T>{facts.key}, std::move(facts.doc));
  if constexpr (!kMayBeNone<T>) made.standard(Value(static_cast<T>(TrainingOptions{}.*Member)));
  if (!facts.flag.empty()) made.spelt({facts.flag}, facts.metavar);
  if (!facts.range.empty()) made.within(facts.range);
  if (!facts.not_zero.empty()) made.but_zero(std::move(facts.not_zero));
  if (!facts.choices.empty()) made.one_of(std::move(facts.choices));
  return {made, facts.searchable, set_member<Member>};
}

std::vector<TrainingOption> all_rows() {
  using Options = TrainingOptions;
  // A resumed study compares its training in this order.
  return {
      row<&Options::max_epochs>({.key = "max_epochs",
                                 .doc = "Passes over the training data.",
                                 .flag = "--max-epochs",
                                 .metavar = "N",
                                 .range = "1.."}),
      row<&Options::max_steps>({.key = "max_steps",
                                .doc = "Stops after so many optimizer steps; -1: no bound.",
                                .flag = "--max-steps",
                                .metavar = "N",
                                .range = "-1..",
                                .not_zero = "which would train nothing (-1 is no bound)"}),
      row<&Options::early_stopping>(
          {.key = "early_stopping",
           .doc = "Stops after so many epochs in a row without a lower validation loss (training "
                  "loss if there are no validation rows); by default never.",
           .flag = "--early-stopping",
           .metavar = "PATIENCE",
           .range = "1.."}),
      row<&Options::batch_size>({.key = kBatchSize.key,
                                 .doc = "Rows per batch.",
                                 .flag = "--batch-size",
                                 .metavar = "N",
                                 .range = "1..1048576",
                                 .group = OptionGroup::model}),
      row<&Options::evaluation_batch_size>(
          {.key = kEvaluationBatchSize.key,
           .doc = "Rows at once where a network is evaluated: validation, test, trials; by default "
                  "the batch size. The loss does not depend on it.",
           .flag = "--evaluation-batch-size",
           .metavar = "N",
           .range = "1..1048576",
           .searchable = false,
           .group = OptionGroup::model}),
      row<&Options::optimizer>({.key = "training_optimizer",
                                .doc = "The optimizer; sgd has Nesterov's momentum, 0.9, as in "
                                       "MASE.",
                                .flag = "--training-optimizer",
                                .metavar = "NAME",
                                .choices = {"adam", "sgd", "adamw"}}),
      row<&Options::learning_rate>({.key = "learning_rate",
                                    .doc = "The learning rate before the schedule changes it.",
                                    .flag = "--learning-rate",
                                    .metavar = "X",
                                    .range = "0<.."}),
      row<&Options::weight_decay>({.key = "weight_decay",
                                   .doc = "Weight decay.",
                                   .flag = "--weight-decay",
                                   .metavar = "X",
                                   .range = "0.."}),
      row<&Options::lr_scheduler>(
          {.key = "lr_scheduler",
           .doc = "How the learning rate changes: cosine_annealing goes down by epoch to 1e-6, of "
                  "sgd to 0 (PyTorch's); cosine and linear by optimizer step to 0, constant and "
                  "constant_with_warmup not at all (transformers').",
           .flag = "--lr-scheduler",
           .metavar = "NAME",
           .choices = {"cosine_annealing", "cosine", "linear", "constant",
                       "constant_with_warmup"}}),
      row<&Options::num_warmup_steps>(
          {.key = "num_warmup_steps",
           .doc = "Optimizer steps at the start in which the learning rate rises from 0, whatever "
                  "the schedule.",
           .flag = "--num-warmup-steps",
           .metavar = "N",
           .range = "0.."}),
      row<&Options::accumulate_grad_batches>(
          {.key = "accumulate_grad_batches",
           .doc = "Batches whose gradients, averaged, make one optimizer step; the last step of an "
                  "epoch takes those that are left.",
           .flag = "--accumulate-grad-batches",
           .metavar = "N",
           .range = "1.."}),
      row<&Options::checkpoint_every_seconds>(
          {.key = "checkpoint_every",
           .doc = "Seconds between checkpoints inside an epoch; 0: at the ends of epochs only.",
           .flag = "--checkpoint-every",
           .metavar = "SECONDS",
           .range = "0..",
           .searchable = false}),
      row<&Options::seed>({.key = kSeed.key,
                           .doc = "Keys every random stream: initial weights, shuffling, sampling.",
                           .flag = "--seed",
                           .metavar = "N",
                           .range = "0..",
                           .searchable = false,
                           .group = OptionGroup::seed}),
      row<&Options::loss>({.key = kLoss.key,
                           .doc = "What is minimised and scored, as PyTorch names it; by default "
                                  "what fits the data set's target.",
                           .flag = "--loss",
                           .metavar = "NAME",
                           .choices = {"cross_entropy", "mse", "bce_with_logits"},
                           .searchable = false,
                           .group = OptionGroup::model}),
      row<&Options::max_samples>({.key = "max_samples",
                                  .doc = "Samples trained on, all epochs together; 0: no bound.",
                                  .range = "0..",
                                  .searchable = false}),
  };
}

}  // namespace

const std::vector<TrainingOption>& training_option_rows() {
  static const std::vector<TrainingOption> rows = all_rows();
  return rows;
}

const std::vector<std::string>& training_option_keys() {
  static const std::vector<std::string> keys = [] {
    std::vector<std::string> made;
    for (const TrainingOption& option : training_option_rows()) {
      if (option.searchable) made.push_back(option.row.option.key);
    }
    return made;
  }();
  return keys;
}

const Option& training_option(std::string_view key) {
  return std::ranges::find(training_option_rows(), key,
                           [](const TrainingOption& o) { return o.row.option.key; })
      ->row.option;
}

Value check_training_options(const Value& given, std::string_view owner) {
  OptionTable table{std::string(owner), {}};
  for (const TrainingOption& option : training_option_rows()) {
    Option row = option.row.option;
    row.default_value.reset();
    row.flags |= LATHE_OPTION_FLAG_NULLABLE;
    table.options.push_back(std::move(row));
  }
  Value checked{Value::Map{}};
  const Value all = check_options(table, given);
  for (const auto& [key, value] : all.as_map()) {
    if (!value.is_none()) checked.set(key, value);
  }
  return checked;
}

TrainingOptions training_options(const Value& values) {
  TrainingOptions options;
  for (const TrainingOption& option : training_option_rows()) {
    const Value* value = values.find(option.row.option.key);
    if (value != nullptr && !value->is_none()) option.set(options, *value);
  }
  return options;
}

}  // namespace lathe
