#include "core/options/command_options.hpp"

#include "core/options/export_options.hpp"

namespace lathe {
namespace {

using Group = OptionGroup;
using Rows = std::vector<CommandOption>;
using Row = OptionRow;

void add(Rows& rows, std::initializer_list<CommandOption> more) { rows.insert(rows.end(), more); }

void add_what(Rows& rows) {
  add(rows,
      {Row(Group::model, kModel,
           "The network, eg: jsc-tiny, 'jsc-custom<hidden=[32,16]>', net.onnx, or the folder of a "
           "saved "
           "one.")
           .spelt({"--model"}, "MODEL"),
       Row(Group::model, kDataset,
           "The data set, eg: jsc, 'csv<train=a.csv,test=b.csv>'. 'transform' may do without: the "
           "model then has its published sizes.")
           .spelt({"--dataset"}, "DATASET"),
       Row(Group::model, kConfig, "A TOML file, or - for standard input; MASE's run as they are.")
           .path()
           .spelt({"--config"}, "FILE")
           .command_line_only(),
       Row(Group::model, kSet,
           "Sets any key of the config file, eg: --set search.strategy.setup.sampler=brute.")
           .spelt({"--set"}, "KEY.PATH=VALUE")
           .command_line_only(),
       Row(Group::model, kPasses,
           "The passes to run, in order, eg: 'quantize<by=type,linear.name=integer>,flops'. Keys "
           "of by=name are names of nodes (seq_blocks_2), those of by=regex_name regular "
           "expressions of Python's kind that match a whole name.")
           .spelt({"--passes"}, "PASSES")
           .command_line_only(),
       Row(Group::file_passes, kWithPasses,
           "Runs the [passes] of the config file first; without it they are only checked.")
           .spelt({"--with-passes"})
           .command_line_only(),
       Row(Group::plugins, kPlugin, "A plugin file to load; may be repeated, once for each file.")
           .path()
           .spelt({"--plugin"}, "FILE"),
       Row(Group::model, kTask, "What the network is for; classification (cls) is what Lathe does.")
           .spelt({"--task"}, "TASK")
           .one_of({"classification", "cls", "translation", "tran", "language_modeling", "lm"})
           .standard("classification"),
       Row(Group::model, kLoadName,
           "A trained network: the folder of a run, a checkpoint in it (best.safetensors, "
           "last.safetensors) or a saved graph, which bring model and data set; or weights that "
           "MODEL takes by name: safetensors, a PyTorch state_dict, whole module or Lightning "
           "checkpoint.")
           .path()
           .spelt({"--load"}, "PATH"),
       Row(Group::model, kLoadType,
           "What the weights file is; it is read as what it really is, with a warning if that "
           "differs.")
           .spelt({"--load-type"}, "TYPE")
           .one_of({"pt", "pl", "mz", "hf"}),
       Row(Group::model, kLoadPrefix,
           "What the names of the weights begin with in the file, eg: 'ema.'; needed where it "
           "holds "
           "several sets of them.")
           .spelt({"--load-prefix"}, "PREFIX")
           .or_empty(),
       Row(Group::model, kLoadStrict,
           "Whether the file must have every weight of the network; if not, what it lacks or has "
           "in "
           "another shape stays as it is initialised, and is named.")
           .spelt({"--load-strict"}, "BOOL")
           .standard(true),
       Row(Group::trial, kTrial,
           "The network of one trial of an earlier search, eg: lathe_output/first:17. The search "
           "brings model, data set, weights and options; those given here come first.")
           .spelt({"--trial"}, "RUN:NUMBER")
           .command_line_only(),
       Row(Group::evaluation, kSplit, "The part of the data to test on.")
           .spelt({"--split"}, "SPLIT")
           .one_of({"train", "validation", "test"})
           .standard("test"),
       Row(Group::bisection, kMetric,
           "What costs are measured by: a statistic of an evaluation (accuracy, loss, f1_macro, "
           "...); by default accuracy, of a network without one loss.")
           .spelt({"--metric"}, "METRIC")
           .command_line_only(),
       Row(Group::bisection, kSamples, "Only the first so many rows of the split; 0 means all.")
           .spelt({"--num-samples"}, "N")
           .within("0..")
           .standard(0)
           .command_line_only(),
       Row(Group::data_folder, kDataDir,
           "The folder of data sets; by default $LATHE_DATA_DIR, else lathe/data in $XDG_DATA_HOME "
           "or ~/.local/share.")
           .path()
           .spelt({"--data-dir"}, "FOLDER")});
}

void add_training(Rows& rows) {
  for (const TrainingOption& option : training_option_rows()) {
    if (!option.row.flags.empty()) rows.push_back(option.row);
  }
}

void add_search(Rows& rows) {
  add(rows,
      {Row(Group::search, kTrials,
           "Trials of the study, those of an earlier run included; NA: until the time is up, or "
           "the "
           "space is.")
           .spelt({"--n-trials"}, "N")
           .within("1.."),
       Row(Group::search, kJobs,
           "Trials evaluated at once, -1: as many as there are cores; the result does not depend "
           "on it.")
           .spelt({"--jobs", "-j"}, "N")
           .within("-1..1024"),
       Row(Group::search, kIsolate,
           "Runs trials in helper processes: one that crashes, is killed or hangs beyond "
           "--trial-timeout costs its trial; the result is the same.")
           .spelt({"--isolate"}),
       Row(Group::search, kTimeBudget, "No trial starts after that.")
           .spelt({"--time-budget", "--timeout"}, "SECONDS")
           .within("0<..")
           .in("s"),
       Row(Group::search, kTrialTimeout,
           "A trial that takes longer is given up and counts as failed.")
           .spelt({"--trial-timeout"}, "SECONDS")
           .within("0<..")
           .in("s"),
       Row(Group::search, kRetryFailed,
           "Runs trials that failed in earlier runs once more, as new trials of the same points.")
           .spelt({"--retry-failed"})
           .command_line_only(),
       Row(Group::search, kPruner,
           "Gives hopeless trials up while they train, eg: 'median<n_warmup_steps=2>'; "
           "--info pruner lists them.")
           .spelt({"--pruner"}, "PRUNER")
           .command_line_only(),
       Row(Group::search, kRepeat,
           "Lets the sampler suggest again what an earlier trial had while there are other points; "
           "without it a space of few points ends the search when all were visited.")
           .spelt({"--repeat"})
           .command_line_only(),
       Row(Group::study, kLockWait, "How long a study waits while another process writes to it.")
           .spelt({"--lock-wait"}, "SECONDS")
           .within("0..86400")
           .in("s")
           .standard(60.0),
       Row(Group::study, kLease,
           "On PostgreSQL: how long a process may be silent before others take its trials over.")
           .spelt({"--lease"}, "SECONDS")
           .within("0.5..86400")
           .in("s")
           .standard(60.0),
       Row(Group::search, kMixedCpus,
           "Lets processors of another capability (AVX2, AVX512) work on a study on PostgreSQL; "
           "the "
           "last digits of its values then depend on who evaluates a trial.")
           .spelt({"--mixed-cpus"})
           .command_line_only(),
       Row(Group::study, kStorage,
           "Where the study is kept, eg: sqlite:///study.db, or postgresql://USER@HOST/DATABASE, "
           "on which any number of searches work at once; by default a file in the run's folder.")
           .spelt({"--storage"}, "URL"),
       Row(Group::study, kStudy, "The study's name; by default that of the project.")
           .spelt({"--study", "--study-name"}, "NAME")});
}

void add_machine(Rows& rows) {
  add(rows,
      {Row(Group::machine, kAccelerator,
           "The device: auto takes the GPU if there is one, but the CPU for chains of dense "
           "layers; gpu and cuda are one. A device that is not there is a warning and the CPU, and "
           "so is mps.")
           .spelt({"--accelerator"}, "NAME")
           .one_of({"auto", "cpu", "gpu", "cuda", "mps"})
           .standard("auto"),
       Row(Group::machine, kWorkers, "Threads of train and test; by default all cores.")
           .spelt({"--cpu", "--num-workers"}, "N")
           .within("0..4096"),
       Row(Group::machine, kCacheLimit,
           "Memory for what evaluations share: results of layers, quantized weights; 0: none.")
           .spelt({"--cache-limit"}, "MIB")
           .within("0..16777216")
           .in("MiB")
           .standard(2048),
       Row(Group::machine, kIntegerKernels,
           "How quantized layers are evaluated: auto computes with their integer codes where these "
           "have at most 8 bits and the processor sums their products exactly; off computes with "
           "floats.")
           .spelt({"--integer-kernels"}, "MODE")
           .one_of({"auto", "off"})
           .standard("auto")});
}

void add_results(Rows& rows) {
  add(rows,
      {Row(Group::results, kProjectDir, "The folder of all runs.")
           .path()
           .spelt({"--project-dir"}, "FOLDER")
           .standard("lathe_output"),
       Row(Group::results, kProject,
           "This run's folder in it; by default {model}_{task}_{dataset}_{date}.")
           .spelt({"--project"}, "NAME"),
       Row(Group::resume, kResume,
           "Goes on with a run that was stopped: by default with today's latest one of model and "
           "data set, else with that of --project. With none to go on with a warning says so.")
           .spelt({"--resume"})
           .command_line_only(),
       Row(Group::overwrite, kOverwrite, "Replaces earlier results.")
           .spelt({"--overwrite"})
           .command_line_only(),
       Row(Group::json, kJson, "Prints one JSON object on standard output, and nothing else.")
           .spelt({"--json"})
           .command_line_only(),
       Row(Group::results, kDryRun, "Checks everything, prints what would run, and opens no data.")
           .spelt({"--dry-run"})
           .command_line_only(),
       Row(Group::results, kDebug, "The same as --log-level debug.").spelt({"--debug"}),
       Row(Group::results, kLogLevel, "How much is said on stderr.")
           .spelt({"--log-level"}, "LEVEL")
           .one_of({"debug", "info", "warning", "error", "critical"})
           .standard("info"),
       Row(Group::results, kNoWarnings, "Leaves warnings out.").spelt({"--no-warnings"})});
}

void add_pipeline(Rows& rows) {
  add(rows,
      {Row(Group::pipeline, kVerifyEach, "Verifies the graph after each pass.")
           .spelt({"--verify-each"})
           .command_line_only(),
       Row(Group::pipeline, kTimePasses, "Prints how long each pass took.")
           .spelt({"--time-passes"})
           .command_line_only(),
       Row(Group::pipeline, kPrintAfter, "Prints the graph after that pass.")
           .spelt({"--print-after"}, "PASS")
           .command_line_only(),
       Row(Group::pipeline, kPrintChanged, "Prints the graph after each pass that changed it.")
           .spelt({"--print-changed"})
           .command_line_only(),
       Row(Group::pipeline, kPrintPipeline,
           "Prints the passes as --passes takes them, or as a config file does.")
           .spelt({"--print-pipeline"}, "FORM")
           .one_of({"text", "toml"})
           .command_line_only(),
       Row(Group::pipeline, kListPasses, "Lists the passes there are.")
           .spelt({"--list-passes"})
           .command_line_only(),
       Row(Group::pipeline, kAllowUncounted,
           "Lets passes that count leave ops without a counting rule out of their totals, with a "
           "warning; else they are an error. A pass that says allow_uncounted itself is left as it "
           "is.")
           .spelt({"--allow-uncounted"})
           .command_line_only()});
}

// Of commands that run no pipeline.
void add_others(Rows& rows) {
  add(rows, {Row(Group::fetching, kFrom,
                 "Another address of the set's file, or of the folder with its files, ending in "
                 "'/'; or a folder of this machine, in which they are looked for by name. Size and "
                 "hash are checked all the same.")
                 .spelt({"--from"}, "WHERE")
                 .command_line_only(),
             Row(Group::fetching, kForce, "Also if the set is here.")
                 .spelt({"--force"})
                 .command_line_only(),
             Row(Group::language, kLanguage, "The language.")
                 .spelt({"--lang"}, "LANG")
                 .one_of({"cpp", "c"})
                 .standard("cpp")
                 .command_line_only(),
             Row(Group::codes, kCodes,
                 "Writes quantized weights as integer codes, with what makes values of them.")
                 .spelt({"--codes"})
                 .command_line_only(),
             Row(Group::output, kOutput,
                 "The file to make; by default NAME.so in this folder, or report.html in the "
                 "run's.")
                 .path()
                 .spelt({"--output", "-o"}, "FILE")
                 .command_line_only(),
             Row(Group::report, kOpen, "Shows it in the browser, by xdg-open.")
                 .spelt({"--open"})
                 .command_line_only(),
             Row(Group::sdk, kPython, "The folder of lathe.py alone, eg: for PYTHONPATH.")
                 .spelt({"--python"})
                 .command_line_only()});
}

void add_numbers(Rows& rows) {
  add(rows, {Row(Group::numbers, kNumbers,
                 "The numbers to quantize: an array of numpy.save (.npy), or JSON (.json), row by "
                 "row: {\"shape\": [2], \"data\": [0.5, \"inf\"]}. Without it 65,536 draws of the "
                 "standard normal distribution, by --seed, as 256 rows of 256.")
                 .path()
                 .spelt({"--in"}, "FILE")
                 .command_line_only(),
             Row(Group::numbers, kValues, "Also each number's value in the format, and its code.")
                 .spelt({"--values"})
                 .command_line_only(),
             Row(Group::numbers, kRole,
                 "What the numbers are of the op; blocks and signs follow from it.")
                 .spelt({"--role"}, "ROLE")
                 .one_of({"data_in", "weight", "bias", "data_out"})
                 .standard("weight")
                 .command_line_only(),
             Row(Group::numbers, kOp, "The op that they belong to.")
                 .spelt({"--op"}, "OP")
                 .standard("linear")
                 .command_line_only(),
             Row(Group::pages, kPages,
                 "Writes the documentation of all built-in components of that kind, formats or "
                 "passes, into that folder: a page for each, and an index.")
                 .path()
                 .spelt({"--pages"}, "FOLDER")
                 .command_line_only()});
}

Rows all_rows() {
  Rows rows;
  add_what(rows);
  add_training(rows);
  add_search(rows);
  add_machine(rows);
  add_results(rows);
  add_pipeline(rows);
  add_others(rows);
  add_numbers(rows);
  for (CommandOption& row : export_options()) rows.push_back(std::move(row));
  for (CommandOption& row : study_options()) rows.push_back(std::move(row));
  return rows;
}

}  // namespace

const std::vector<CommandOption>& command_options() {
  static const Rows rows = all_rows();
  return rows;
}

std::string_view heading(OptionGroup group) {
  switch (group) {
    case Group::training:
      return "Training";
    case Group::search:
    case Group::study:
      return "Search";
    case Group::machine:
      return "Machine";
    case Group::results:
    case Group::resume:
    case Group::overwrite:
    case Group::json:
      return "Results";
    case Group::pipeline:
      return "Looking into passes";
    default:
      return "What to run";
  }
}

}  // namespace lathe
