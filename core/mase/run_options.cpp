// The options of the commands, one row each: MASE's first, then Lathe's own. Help, checking, the
// command line and did-you-mean all read this table.
#include "core/mase/mase.hpp"

#include <algorithm>

namespace lathe {
namespace {

constexpr unsigned kTraining = kTrain | kSearch;

// A row, built up by name so that each reads as one sentence.
struct Row : RunOption {
  Row(std::string heading, std::string key, lathe_option_type type, std::string doc) {
    group = std::move(heading);
    option.key = std::move(key);
    option.type = type;
    option.doc = std::move(doc);
    if (type == LATHE_OPTION_BOOL) {
      spelling = Spelling::flag;
      option.default_value = Value(false);
    } else {
      option.flags = LATHE_NULLABLE;
    }
  }
  Row& spelt(std::vector<std::string> words, std::string placeholder = "") {
    flags = std::move(words);
    metavar = std::move(placeholder);
    return *this;
  }
  Row& standard(Value value) {
    option.default_value = std::move(value);
    option.flags = 0;
    return *this;
  }
  Row& within(std::string_view range) {
    option.range = parse_range(range);
    return *this;
  }
  Row& one_of(std::vector<std::string> choices) {
    option.choices = std::move(choices);
    return *this;
  }
  Row& in(std::string unit) {
    option.unit = std::move(unit);
    return *this;
  }
  Row& for_commands(unsigned which) {
    commands = which;
    return *this;
  }
  Row& many() {
    spelling = Spelling::repeated;
    return *this;
  }
  Row& command_line_only() {
    in_file = false;
    return *this;
  }
  Row& also(std::vector<std::string> keys) {
    other_keys = std::move(keys);
    return *this;
  }
};

using Rows = std::vector<RunOption>;

void add_what(Rows& rows) {
  const std::string group = "What to run";
  rows.push_back(Row(group, "model", LATHE_OPTION_STRING,
                     "The network, eg: jsc-tiny, 'jsc-custom<hidden=[32,16]>'.")
                     .spelt({"--model"}, "MODEL"));
  rows.push_back(Row(group, "dataset", LATHE_OPTION_STRING,
                     "The data set, eg: jsc, 'csv<train=a.csv,test=b.csv>'. 'transform' may do "
                     "without: the model then has its published sizes.")
                     .spelt({"--dataset"}, "DATASET"));
  rows.push_back(Row(group, "config", LATHE_OPTION_PATH, "A TOML file; MASE's run as they are.")
                     .spelt({"--config"}, "FILE")
                     .command_line_only());
  rows.push_back(
      Row(group, "set", LATHE_OPTION_STRING_LIST,
          "Sets any key of the config file, eg: --set search.strategy.setup.sampler=brute.")
          .spelt({"--set"}, "KEY.PATH=VALUE")
          .many()
          .command_line_only());
  rows.push_back(
      Row(group, "passes", LATHE_OPTION_STRING,
          "The passes to run, in order, eg: 'quantize<by=type,linear.name=integer>,flops'.")
          .spelt({"--passes"}, "PASSES")
          .command_line_only());
  rows.push_back(
      Row(group, "with_passes", LATHE_OPTION_BOOL,
          "Runs the [passes] of the config file first; without it they are only checked.")
          .spelt({"--with-passes"})
          .for_commands(kTrain | kTest | kSearch)
          .command_line_only());
  rows.push_back(Row(group, "plugin", LATHE_OPTION_STRING_LIST, "A plugin file to load.")
                     .spelt({"--plugin"}, "FILE")
                     .many());
  rows.push_back(
      Row(group, "task", LATHE_OPTION_CHOICE,
          "What the network is for; classification (cls) is what Lathe does.")
          .spelt({"--task"}, "TASK")
          .one_of({"classification", "cls", "translation", "tran", "language_modeling", "lm"})
          .standard("classification"));
  rows.push_back(Row(group, "load_name", LATHE_OPTION_PATH,
                     "Weights: safetensors, a PyTorch state_dict or a Lightning checkpoint.")
                     .spelt({"--load"}, "FILE")
                     .also({"load"}));
  rows.push_back(Row(group, "load_type", LATHE_OPTION_CHOICE,
                     "What the weights file is; it is read as what it really is, with a warning if "
                     "that differs.")
                     .spelt({"--load-type"}, "TYPE")
                     .one_of({"pt", "pl", "mz", "hf"}));
  rows.push_back(Row(group, "pretrained", LATHE_OPTION_BOOL,
                     "No plugin brings pretrained weights: refused; --load takes a file.")
                     .spelt({"--pretrained"}));
  rows.push_back(Row(group, "quant_config", LATHE_OPTION_PATH,
                     "Refused: write [passes.quantize] in the config file instead.")
                     .spelt({"--quant-config"}, "FILE"));
  rows.push_back(Row(group, "split", LATHE_OPTION_CHOICE, "The part of the data to test on.")
                     .spelt({"--split"}, "SPLIT")
                     .one_of({"train", "validation", "test"})
                     .standard("test")
                     .for_commands(kTest));
  rows.push_back(Row(group, "data_dir", LATHE_OPTION_PATH,
                     "Where data sets named without files lie; by default $LATHE_DATA_DIR.")
                     .spelt({"--data-dir"}, "FOLDER"));
  rows.push_back(Row(group, "batch_size", LATHE_OPTION_INT, "Rows per batch.")
                     .spelt({"--batch-size"}, "N")
                     .within("1..1048576")
                     .standard(128));
  rows.push_back(Row(group, "seed", LATHE_OPTION_INT,
                     "Keys every random stream: initial weights, shuffling, sampling.")
                     .spelt({"--seed"}, "N")
                     .within("0..")
                     .standard(0));
}

void add_training(Rows& rows) {
  const std::string group = "Training";
  rows.push_back(Row(group, "training_optimizer", LATHE_OPTION_CHOICE, "The optimizer.")
                     .spelt({"--training-optimizer"}, "NAME")
                     .one_of({"adam", "sgd", "adamw"})
                     .standard("adam")
                     .for_commands(kTraining));
  rows.push_back(Row(group, "learning_rate", LATHE_OPTION_FLOAT,
                     "The learning rate before the schedule changes it.")
                     .spelt({"--learning-rate"}, "X")
                     .within("0<..")
                     .standard(1e-3)
                     .for_commands(kTraining));
  rows.push_back(
      Row(group, "lr_scheduler", LATHE_OPTION_CHOICE,
          "How the learning rate changes: cosine_annealing by epoch (PyTorch's), the others by "
          "optimizer step (transformers').")
          .spelt({"--lr-scheduler"}, "NAME")
          .one_of({"cosine_annealing", "cosine", "linear", "constant", "constant_with_warmup"})
          .standard("cosine_annealing")
          .for_commands(kTraining));
  rows.push_back(Row(group, "num_warmup_steps", LATHE_OPTION_INT,
                     "Optimizer steps in which the learning rate rises from 0.")
                     .spelt({"--num-warmup-steps"}, "N")
                     .within("0..")
                     .standard(0)
                     .for_commands(kTraining));
  rows.push_back(Row(group, "weight_decay", LATHE_OPTION_FLOAT, "Weight decay.")
                     .spelt({"--weight-decay"}, "X")
                     .within("0..")
                     .standard(0.0)
                     .for_commands(kTraining));
  rows.push_back(Row(group, "max_epochs", LATHE_OPTION_INT, "Passes over the training data.")
                     .spelt({"--max-epochs"}, "N")
                     .within("1..")
                     .standard(20)
                     .for_commands(kTraining));
  rows.push_back(Row(group, "max_steps", LATHE_OPTION_INT,
                     "Stops after so many optimizer steps; -1: no bound.")
                     .spelt({"--max-steps"}, "N")
                     .within("-1..")
                     .standard(-1)
                     .for_commands(kTraining));
  rows.push_back(Row(group, "accumulate_grad_batches", LATHE_OPTION_INT,
                     "Batches whose gradients make one optimizer step.")
                     .spelt({"--accumulate-grad-batches"}, "N")
                     .within("1..")
                     .standard(1)
                     .for_commands(kTraining));
  rows.push_back(Row(group, "trainer_precision", LATHE_OPTION_CHOICE,
                     "Arithmetic is 32 bits wide: the 16-bit words warn, 64 is refused.")
                     .spelt({"--trainer-precision"}, "BITS")
                     .one_of({"16-mixed", "32", "64", "bf16"})
                     .standard("32"));
  rows.push_back(Row(group, "log_every_n_steps", LATHE_OPTION_INT,
                     "Changes nothing: metrics are written once per epoch.")
                     .spelt({"--log-every-n-steps"}, "N"));
  rows.push_back(
      Row(group, "report_to", LATHE_OPTION_CHOICE, "Changes nothing: metrics go to metrics.csv.")
          .spelt({"--report-to"}, "WHERE")
          .one_of({"wandb", "tensorboard"}));
}

void add_search(Rows& rows) {
  const std::string group = "Search";
  rows.push_back(Row(group, "n_trials", LATHE_OPTION_INT,
                     "Trials of the study, those of an earlier run included.")
                     .spelt({"--n-trials"}, "N")
                     .within("1..")
                     .for_commands(kSearch));
  rows.push_back(Row(group, "jobs", LATHE_OPTION_INT,
                     "Trials evaluated at once; the result does not depend on it.")
                     .spelt({"--jobs", "-j"}, "N")
                     .within("1..1024")
                     .also({"n_jobs"})
                     .for_commands(kSearch));
  rows.push_back(Row(group, "time_budget", LATHE_OPTION_FLOAT, "No trial starts after that.")
                     .spelt({"--time-budget", "--timeout"}, "SECONDS")
                     .within("0<..")
                     .in("s")
                     .also({"timeout"})
                     .for_commands(kSearch));
  rows.push_back(Row(group, "pruner", LATHE_OPTION_STRING,
                     "Gives hopeless trials up while they train, eg: 'median<n_warmup_steps=2>'; "
                     "--info pruner "
                     "lists them.")
                     .spelt({"--pruner"}, "PRUNER")
                     .for_commands(kSearch)
                     .command_line_only());
  rows.push_back(Row(group, "storage", LATHE_OPTION_STRING,
                     "Where the study is kept, eg: sqlite:///study.db; by default a file in the "
                     "run's folder.")
                     .spelt({"--storage"}, "URL")
                     .for_commands(kSearch));
  rows.push_back(
      Row(group, "study", LATHE_OPTION_STRING, "The study's name; by default that of the project.")
          .spelt({"--study"}, "NAME")
          .for_commands(kSearch));
}

void add_machine(Rows& rows) {
  const std::string group = "Machine";
  rows.push_back(Row(group, "accelerator", LATHE_OPTION_CHOICE,
                     "The device; one that is not there is a warning and the CPU.")
                     .spelt({"--accelerator"}, "NAME")
                     .one_of({"auto", "cpu", "gpu", "cuda", "mps"})
                     .standard("auto"));
  rows.push_back(Row(group, "num_workers", LATHE_OPTION_INT,
                     "Threads of train and test; by default all cores.")
                     .spelt({"--cpu", "--num-workers"}, "N")
                     .within("0..4096")
                     .also({"cpu"}));
  rows.push_back(Row(group, "num_devices", LATHE_OPTION_INT, "Changes nothing: one device is used.")
                     .spelt({"--gpu", "--num-devices"}, "N")
                     .also({"gpu"}));
  rows.push_back(Row(group, "num_nodes", LATHE_OPTION_INT, "Changes nothing: one machine is used.")
                     .spelt({"--nodes"}, "N")
                     .also({"nodes"}));
  rows.push_back(
      Row(group, "strategy", LATHE_OPTION_CHOICE, "Changes nothing: one device needs no strategy.")
          .spelt({"--strategy"}, "NAME")
          .one_of({"auto", "ddp", "ddp_find_unused_parameters_true"}));
  rows.push_back(Row(group, "auto_requeue", LATHE_OPTION_BOOL,
                     "Changes nothing: --resume goes on with a run that was stopped.")
                     .spelt({"--auto-requeue"})
                     .also({"is_to_auto_requeue"}));
  rows.push_back(
      Row(group, "github_ci", LATHE_OPTION_BOOL, "Changes nothing.").spelt({"--github-ci"}));
  rows.push_back(Row(group, "disable_dataset_cache", LATHE_OPTION_BOOL,
                     "Changes nothing: data sets keep no files of their own.")
                     .spelt({"--disable-dataset-cache"}));
}

void add_results(Rows& rows) {
  const std::string group = "Results";
  rows.push_back(Row(group, "project_dir", LATHE_OPTION_PATH, "The folder of all runs.")
                     .spelt({"--project-dir"}, "FOLDER")
                     .standard("lathe_output"));
  rows.push_back(Row(group, "project", LATHE_OPTION_STRING,
                     "This run's folder in it; by default {model}_{task}_{dataset}_{date}.")
                     .spelt({"--project"}, "NAME"));
  rows.push_back(Row(group, "resume", LATHE_OPTION_BOOL, "Goes on with a run that was stopped.")
                     .spelt({"--resume"})
                     .for_commands(kTraining)
                     .command_line_only());
  rows.push_back(Row(group, "overwrite", LATHE_OPTION_BOOL, "Replaces an earlier run's results.")
                     .spelt({"--overwrite"})
                     .for_commands(kTraining)
                     .command_line_only());
  rows.push_back(Row(group, "json", LATHE_OPTION_BOOL,
                     "Prints one JSON object on standard output, and nothing else.")
                     .spelt({"--json"})
                     .command_line_only());
  rows.push_back(Row(group, "dry_run", LATHE_OPTION_BOOL,
                     "Checks everything, prints what would run, and opens no data.")
                     .spelt({"--dry-run"})
                     .command_line_only());
  rows.push_back(Row(group, "debug", LATHE_OPTION_BOOL, "The same as --log-level debug.")
                     .spelt({"--debug"})
                     .also({"to_debug"}));
  rows.push_back(Row(group, "log_level", LATHE_OPTION_CHOICE, "How much is said on stderr.")
                     .spelt({"--log-level"}, "LEVEL")
                     .one_of({"debug", "info", "warning", "error", "critical"})
                     .standard("info"));
  rows.push_back(Row(group, "no_warnings", LATHE_OPTION_BOOL, "Leaves warnings out.")
                     .spelt({"--no-warnings"}));
}

void add_pipeline(Rows& rows) {
  const std::string group = "Looking into passes";
  rows.push_back(Row(group, "verify_each", LATHE_OPTION_BOOL, "Verifies the graph after each pass.")
                     .spelt({"--verify-each"})
                     .command_line_only());
  rows.push_back(Row(group, "time_passes", LATHE_OPTION_BOOL, "Prints how long each pass took.")
                     .spelt({"--time-passes"})
                     .command_line_only());
  rows.push_back(
      Row(group, "print_after", LATHE_OPTION_STRING_LIST, "Prints the graph after that pass.")
          .spelt({"--print-after"}, "PASS")
          .many()
          .command_line_only());
  rows.push_back(Row(group, "print_changed", LATHE_OPTION_BOOL,
                     "Prints the graph after each pass that changed it.")
                     .spelt({"--print-changed"})
                     .command_line_only());
  rows.push_back(Row(group, "print_pipeline", LATHE_OPTION_CHOICE,
                     "Prints the passes as --passes takes them, or as a config file does.")
                     .spelt({"--print-pipeline"}, "FORM")
                     .one_of({"text", "toml"})
                     .command_line_only());
  rows.push_back(Row(group, "list_passes", LATHE_OPTION_BOOL, "Lists the passes there are.")
                     .spelt({"--list-passes"})
                     .command_line_only());
}

Rows all_rows() {
  Rows rows;
  add_what(rows);
  add_training(rows);
  add_search(rows);
  add_machine(rows);
  add_results(rows);
  add_pipeline(rows);
  return rows;
}

}  // namespace

const std::vector<RunOption>& run_options() {
  static const Rows rows = all_rows();
  return rows;
}

const RunOption* find_run_option(std::string_view key) {
  for (const RunOption& option : run_options()) {
    if (option.option.key == key) return &option;
    const auto& others = option.other_keys;
    if (std::find(others.begin(), others.end(), key) != others.end()) return &option;
  }
  return nullptr;
}

const RunOption* run_option_of_flag(std::string_view flag) {
  for (const RunOption& option : run_options()) {
    if (std::find(option.flags.begin(), option.flags.end(), flag) != option.flags.end()) {
      return &option;
    }
  }
  return nullptr;
}

std::vector<std::string> flags_of(RunCommand command) {
  std::vector<std::string> flags;
  for (const RunOption& option : run_options()) {
    if ((option.commands & command) == 0) continue;
    flags.insert(flags.end(), option.flags.begin(), option.flags.end());
  }
  return flags;
}

}  // namespace lathe
