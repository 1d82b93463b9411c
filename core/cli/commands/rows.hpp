// Every command, one row each. Adding one is a row here and a file beside this one; help, lists,
// did-you-mean and the command line follow.
#pragma once

#include "core/cli/help.hpp"
#include "core/cli/run/run_command.hpp"

namespace lathe {

// One file each.
void run_train(Session& session);
void run_test(Session& session);
void run_transform(Session& session);
void run_search(Session& session);
void write_report(const Invocation& call);
void run_bisect(const Invocation& call);
void run_export(const Invocation& call);
void run_list(const Invocation& call);
void run_format(const Invocation& call);
void run_selftest(const Invocation& call);
void print_info(const Invocation& call);
void print_passes(const Settings& settings);  // --list-passes

void list_data(const Invocation& call);
void fetch_data(const Invocation& call);

void create_study(const Invocation& call);
void ask_study(const Invocation& call);
void tell_study(const Invocation& call);
void enqueue_trial(const Invocation& call);
void list_trials(const Invocation& call);
void show_best_trials(const Invocation& call);
void export_trials(const Invocation& call);
void suggest_trials(const Invocation& call);

void list_plugins(const Invocation& call);
void show_plugin(const Invocation& call);
void build_plugin(const Invocation& call);
void new_plugin(const Invocation& call);
void show_sdk(const Invocation& call);

template <Work work>
void in_session(const Invocation& call) {
  run_in_session(call, work);
}

// What all runs take.
inline constexpr OptionGroups kRun = OptionGroup::model | OptionGroup::plugins |
                                     OptionGroup::data_folder | OptionGroup::machine |
                                     OptionGroup::seed | OptionGroup::results | OptionGroup::json |
                                     OptionGroup::pipeline | OptionGroup::without_effect;
inline constexpr OptionGroups kTraining = kRun | OptionGroup::file_passes | OptionGroup::training |
                                          OptionGroup::resume | OptionGroup::overwrite;

inline constexpr Command kDataCommands[] = {
    {.word = "list",
     .doc = "the known data sets: size, licence, where they come from, whether they are here",
     .words = "",
     .options = OptionGroup::plugins | OptionGroup::data_folder | OptionGroup::json,
     .run = list_data},
    {.word = "fetch",
     .doc = "downloads a set, checks size and SHA-256, and puts it where the data set of that name "
            "looks; a fetch that broke off is gone on with",
     .words = "NAME",
     .options = OptionGroup::plugins | OptionGroup::data_folder | OptionGroup::fetching |
                OptionGroup::json,
     .run = fetch_data},
};

inline constexpr OptionGroups kOfStudy = OptionGroup::study | OptionGroup::json;
inline constexpr Command kStudyCommands[] = {
    {.word = "create",
     .doc = "begins a study of a search space, for any program to work on",
     .words = "[RUN]",
     .options = kOfStudy | OptionGroup::space | OptionGroup::new_study | OptionGroup::sampler |
                OptionGroup::seed | OptionGroup::plugins,
     .run = create_study},
    {.word = "ask",
     .doc = "begins a trial and prints its number and its parameters",
     .words = "[RUN]",
     .options = kOfStudy | OptionGroup::space | OptionGroup::sampler | OptionGroup::plugins,
     .run = ask_study,
     .more = "Trials that wait (enqueued ones) come first, then what the sampler suggests."},
    {.word = "tell",
     .doc = "says how a trial ended",
     .words = "[RUN] --trial-number N --values VALUE...",
     .options = kOfStudy | OptionGroup::outcome,
     .run = tell_study},
    {.word = "enqueue",
     .doc = "adds a trial that waits, with what is fixed of it; a search that runs takes it up",
     .words = "[RUN] --params JSON",
     .options = kOfStudy | OptionGroup::fixed,
     .run = enqueue_trial},
    {.word = "trials",
     .doc = "lists the trials: state, values, parameters",
     .words = "[RUN]",
     .options = kOfStudy,
     .run = list_trials},
    {.word = "best",
     .doc = "shows the best trial, or the Pareto front of several objectives",
     .words = "[RUN]",
     .options = kOfStudy,
     .run = show_best_trials},
    {.word = "export",
     .doc = "prints all trials as CSV, a column for each value and parameter",
     .words = "[RUN]",
     .options = kOfStudy,
     .run = export_trials},
    {.word = "suggest",
     .doc = "draws what a sampler would suggest after a history of trials",
     .words = "--history FILE",
     .options = OptionGroup::draws | OptionGroup::sampler | OptionGroup::seed |
                OptionGroup::plugins | OptionGroup::json,
     .run = suggest_trials},
};

inline constexpr Command kPluginCommands[] = {
    {.word = "list",
     .doc = "what there is: passes, models, data sets, formats, samplers, ops",
     .words = "[KIND]",
     .options = OptionGroup::plugins | OptionGroup::json,
     .run = list_plugins},
    {.word = "show",
     .doc = "its options: types, defaults, what is allowed, what they mean",
     .words = "[KIND:]ID",
     .options = OptionGroup::plugins | OptionGroup::json,
     .run = show_plugin},
    {.word = "build",
     .doc = "compiles a C++17 or C99 file into NAME.so and checks that it loads; words after -- go "
            "to the compiler",
     .words = "FILE [-- ARGUMENTS]",
     .options = OptionGroup::output | OptionGroup::json,
     .run = build_plugin,
     .more = "CXX and CC of the environment are the compilers."},
    {.word = "new",
     .doc = "writes a plugin to start from; KIND is pass",
     .words = "KIND NAME",
     .options = OptionGroup::language | OptionGroup::json,
     .run = new_plugin},
};

inline constexpr Command kCommands[] = {
    {.word = "train",
     .doc = "trains a model, or a sweep of trainings",
     .words = "[MODEL] [DATASET]",
     .options = kTraining | OptionGroup::trial,
     .run = in_session<run_train>,
     .more = "",
     .results = {"training_ckpts", {"last.safetensors", "sweep"}}},
    {.word = "test",
     .doc = "evaluates trained weights on a split",
     .words = "[MODEL] [DATASET] --load RUN",
     .options = kRun | OptionGroup::file_passes | OptionGroup::evaluation | OptionGroup::trial,
     .run = in_session<run_test>,
     .results = {"checkpoints"}},
    {.word = "transform",
     .doc = "runs passes on a model: counts, quantizes, reports",
     .words = "[MODEL] [DATASET] --passes 'PASS,...'",
     .options = kRun | OptionGroup::trial,
     .run = in_session<run_transform>,
     .results = {"transform"},
     .data_optional = true},
    {.word = "search",
     .doc = "searches a space of transforms for the best metrics",
     .words = "[MODEL] [DATASET] --config FILE",
     .options = kTraining | OptionGroup::search | OptionGroup::study,
     .run = in_session<run_search>,
     .results = {.folder = "search_ckpts", .goes_on = true}},
    {.word = "study",
     .doc = "works on the study of a search, or on one that any program is the objective of",
     .words = "COMMAND",
     .options = {},
     .more = "RUN is the folder of a search, or a study's file; --storage names any other. A file "
             "with one study needs no --study.",
     .commands = [] { return std::span<const Command>(kStudyCommands); }},
    {.word = "bisect",
     .doc = "finds the node whose change costs most, of two configurations of one network",
     .words = "A.toml B.toml",
     .options = kRun | OptionGroup::evaluation | OptionGroup::bisection,
     .run = run_bisect,
     .more = "Each file is one that 'lathe transform --config' takes; without [passes] it is the "
             "network as it is. Options given here count for both. Nodes that differ in number "
             "formats, attributes or contents of parameters are halved, each half is evaluated in "
             "the better network, and the costlier one followed.",
     .results = {"bisect"},
     .passes_optional = true},
    {.word = "report",
     .doc = "writes a page of a run: its figures and tables in one HTML file that works offline",
     .words = "RUN",
     .options = OptionGroup::output | OptionGroup::report | OptionGroup::json,
     .run = write_report,
     .more =
         "RUN is the folder of a project, or of its results; a run that is still going is shown "
         "as far as it is."},
    {.word = "data",
     .doc = "lists and fetches the data sets that are known",
     .words = "COMMAND",
     .options = {},
     .commands = [] { return std::span<const Command>(kDataCommands); }},
    {.word = "export",
     .doc = "lists the tensors of a checkpoint, and writes them as .pt or safetensors; writes a "
            "network as ONNX",
     .words = "[INPUT] [DATASET] [OUTPUT]",
     .options = OptionGroup::codes | OptionGroup::plugins | OptionGroup::data_folder |
                OptionGroup::trial | OptionGroup::overwrite | OptionGroup::json,
     .run = run_export,
     .more = "INPUT is a checkpoint (safetensors, or a file of torch.save of any age: state_dict, "
             "Lightning, whole module), or the folder of a run or of a saved graph. Without OUTPUT "
             "its tensors "
             "are listed. The form follows from OUTPUT's name: .pt and .pth are a state_dict that "
             "torch.load takes, also with weights_only=True; .safetensors is safetensors. With "
             "--codes INPUT is a saved graph, or a run that made one, and its quantized weights "
             "become integer codes. .onnx is a network, and INPUT then also a model, eg: resnet20, "
             "or mlp "
             "with the DATASET that says its sizes; "
             "--quantization says what becomes of its number formats. --trial stands in place of "
             "INPUT."},
    {.word = "list",
     .doc = "lists what there is, a sentence each: models, data sets, passes, formats, ...",
     .words = "[KIND...]",
     .options = OptionGroup::plugins | OptionGroup::pages | OptionGroup::json,
     .run = run_list},
    {.word = "format",
     .doc = "shows what a number format does: its values, range, storage, error on numbers",
     .words = "[FORMAT]",
     .options = OptionGroup::plugins | OptionGroup::numbers | OptionGroup::seed |
                OptionGroup::pages | OptionGroup::json,
     .run = run_format,
     .more = "FORMAT takes its options in angle brackets, eg: "
             "'minifloat_ieee<width=8,exponent_width=4>'; `lathe list format` lists them."},
    {.word = "selftest",
     .doc = "checks Lathe against published figures; without a word lists the tests",
     .words = "[TEST]",
     .options = OptionGroup::plugins | OptionGroup::json,
     .run = run_selftest},
    {.word = "plugin",
     .doc = "lists, shows, makes and builds plugins",
     .words = "COMMAND",
     .options = {},
     .more =
         "LATHE_PLUGIN_PATH of the environment names further folders of plugins; "
         "LATHE_TRUSTED_PLUGIN_FOLDERS those that are used although others can write them (NTFS, "
         "vfat).",
     .commands = [] { return std::span<const Command>(kPluginCommands); }},
    {.word = "sdk",
     .doc = "says where the parts for people who program are: headers, templates, lathe.py",
     .words = "",
     .options = OptionGroup::sdk | OptionGroup::json,
     .run = show_sdk,
     .more = "PYTHONPATH=$(lathe sdk --python) python3 ... finds lathe.py, which saves networks of "
             "PyTorch."},
    {.word = "help",
     .doc = "prints this, or the options of a command",
     .words = "[COMMAND...]",
     .options = {},
     .run = print_help,
     .aliases = {"--help", "-h"}},
    {.word = "version",
     .doc = "prints the version",
     .words = "",
     .options = {},
     .run = print_version,
     .aliases = {"--version", "-V"}},
    // As it was called before there was a command for it.
    {.word = "--info", .doc = "", .words = "[KIND]", .options = {}, .run = print_info},
};

}  // namespace lathe
