// The options of the commands, by typed keys. Help, checking, the command line and did-you-mean
// read one table: one row each, training's in training_options. In Lathe's words; what is accepted
// for MASE's sake alone is in core/mase.
#pragma once

#include "core/options/command_option.hpp"
#include "core/options/study_options.hpp"
#include "core/options/training_options.hpp"

namespace lathe {

inline constexpr OptionKey<OptionalText> kModel{"model"};
inline constexpr OptionKey<OptionalText> kDataset{"dataset"};
inline constexpr OptionKey<OptionalText> kConfig{"config"};
inline constexpr OptionKey<Texts> kSet{"set"};
inline constexpr OptionKey<OptionalText> kPasses{"passes"};
inline constexpr OptionKey<bool> kWithPasses{"with_passes"};
inline constexpr OptionKey<Texts> kPlugin{"plugin"};
inline constexpr OptionKey<std::string> kTask{"task"};
inline constexpr OptionKey<OptionalText> kLoadName{"load_name"};
inline constexpr OptionKey<OptionalText> kLoadType{"load_type"};
inline constexpr OptionKey<OptionalText> kLoadPrefix{"load_prefix"};
inline constexpr OptionKey<bool> kLoadStrict{"load_strict"};
inline constexpr OptionKey<OptionalText> kTrial{"trial"};
inline constexpr OptionKey<std::string> kSplit{"split"};
inline constexpr OptionKey<OptionalText> kDataDir{"data_dir"};
inline constexpr OptionKey<OptionalText> kMetric{"metric"};
inline constexpr OptionKey<std::int64_t> kSamples{"num_samples"};

inline constexpr OptionKey<std::optional<std::int64_t>> kTrials{"n_trials"};
inline constexpr OptionKey<std::optional<std::int64_t>> kJobs{"jobs"};
inline constexpr OptionKey<bool> kIsolate{"isolate"};
inline constexpr OptionKey<std::optional<double>> kTimeBudget{"time_budget"};
inline constexpr OptionKey<std::optional<double>> kTrialTimeout{"trial_timeout"};
inline constexpr OptionKey<bool> kRetryFailed{"retry_failed"};
inline constexpr OptionKey<OptionalText> kPruner{"pruner"};
inline constexpr OptionKey<bool> kRepeat{"repeat"};
inline constexpr OptionKey<OptionalText> kStorage{"storage"};
inline constexpr OptionKey<OptionalText> kStudy{"study"};
inline constexpr OptionKey<double> kLockWait{"lock_wait"};
inline constexpr OptionKey<double> kLease{"lease"};
inline constexpr OptionKey<bool> kMixedCpus{"mixed_cpus"};

inline constexpr OptionKey<std::string> kAccelerator{"accelerator"};
inline constexpr OptionKey<std::optional<std::int64_t>> kWorkers{"num_workers"};
inline constexpr OptionKey<std::int64_t> kCacheLimit{"cache_limit"};
inline constexpr OptionKey<std::string> kIntegerKernels{"integer_kernels"};

inline constexpr OptionKey<std::string> kProjectDir{"project_dir"};
inline constexpr OptionKey<OptionalText> kProject{"project"};
inline constexpr OptionKey<bool> kResume{"resume"};
inline constexpr OptionKey<bool> kOverwrite{"overwrite"};
inline constexpr OptionKey<bool> kJson{"json"};
inline constexpr OptionKey<bool> kDryRun{"dry_run"};
inline constexpr OptionKey<bool> kDebug{"debug"};
inline constexpr OptionKey<std::string> kLogLevel{"log_level"};
inline constexpr OptionKey<bool> kNoWarnings{"no_warnings"};

inline constexpr OptionKey<bool> kVerifyEach{"verify_each"};
inline constexpr OptionKey<bool> kTimePasses{"time_passes"};
inline constexpr OptionKey<Texts> kPrintAfter{"print_after"};
inline constexpr OptionKey<bool> kPrintChanged{"print_changed"};
inline constexpr OptionKey<OptionalText> kPrintPipeline{"print_pipeline"};
inline constexpr OptionKey<bool> kListPasses{"list_passes"};
inline constexpr OptionKey<bool> kAllowUncounted{"allow_uncounted"};

inline constexpr OptionKey<OptionalText> kFrom{"from"};
inline constexpr OptionKey<bool> kForce{"force"};
inline constexpr OptionKey<std::string> kLanguage{"lang"};
inline constexpr OptionKey<bool> kPython{"python"};
inline constexpr OptionKey<OptionalText> kOutput{"output"};
inline constexpr OptionKey<bool> kOpen{"open"};
inline constexpr OptionKey<bool> kCodes{"codes"};
inline constexpr OptionKey<OptionalText> kNumbers{"in"};
inline constexpr OptionKey<bool> kValues{"values"};
inline constexpr OptionKey<std::string> kRole{"role"};
inline constexpr OptionKey<std::string> kOp{"op"};
inline constexpr OptionKey<OptionalText> kPages{"pages"};

const std::vector<CommandOption>& command_options();

// Under which an option stands in --help.
std::string_view heading(OptionGroup group);

}  // namespace lathe
