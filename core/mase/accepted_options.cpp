#include "core/mase/accepted_options.hpp"

#include "core/mase/words.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lathe {
namespace {

using Whole = std::optional<std::int64_t>;
using Text = std::optional<std::string>;

template <typename T>
OptionRow row(std::string_view key, std::vector<std::string> flags, std::string metavar = "") {
  OptionRow made(OptionGroup::without_effect, OptionKey<T>{key}, "");
  return made.spelt(std::move(flags), std::move(metavar));
}

std::vector<AcceptedOption> all_rows() {
  return {
      {row<std::string>("trainer_precision", {"--trainer-precision"}, "BITS")
           .one_of({"16-mixed", "32", "64", "bf16"})
           .standard("32"),
       "32", "arithmetic is 32 bits wide", true, "64"},
      {row<Whole>("log_every_n_steps", {"--log-every-n-steps"}, "N"), "",
       "metrics are written once per epoch"},
      {row<Text>("report_to", {"--report-to"}, "WHERE").one_of({"wandb", "tensorboard"}), "",
       "metrics go to metrics.csv in the run's folder"},
      {row<Whole>("num_devices", {"--gpu", "--num-devices"}, "N"), "1", "one device is used"},
      {row<Whole>("num_nodes", {"--nodes"}, "N"), "1", "one machine is used"},
      {row<Text>("strategy", {"--strategy"}, "NAME")
           .one_of({"auto", "ddp", "ddp_find_unused_parameters_true"}),
       "auto", "one device needs no strategy"},
      {row<bool>("auto_requeue", {"--auto-requeue"}), "false",
       "--resume goes on with a run that was stopped"},
      {row<bool>("github_ci", {"--github-ci"}), "false", "nothing here depends on it"},
      {row<bool>("disable_dataset_cache", {"--disable-dataset-cache"}), "false",
       "data sets keep no files of their own"},
      {row<bool>("pretrained", {"--pretrained"}), "false",
       "there are no pretrained weights; --load takes a file", true},
      {row<Text>("quant_config", {"--quant-config"}, "FILE").path(), "",
       "write [passes.quantize] in the config file instead", true},
  };
}

std::string told(const Value& value) {
  if (value.is_none()) return "NA";
  return value.is_string() ? value.as_string() : value.text();
}

const AcceptedOption* accepted(const EffectiveOption& option) {
  for (const AcceptedOption& row : accepted_options()) {
    if (row.row.option.key == option.option->option.key) return &row;
  }
  return nullptr;
}

[[noreturn]] void refuse(const EffectiveOption& option, std::string_view why) {
  throw usage_error(
      fmt::format("{} = {}: {}", option.option->option.key, option.effective.text(), why),
      option.effective.position());
}

void honour_task(EffectiveOption& option) {
  const std::string task = *task_word(option.effective.as_string());
  if (task != "classification") refuse(option, "Lathe does classification (cls) only");
  option.effective = Value(task).at(option.effective.position());
}

}  // namespace

const std::vector<AcceptedOption>& accepted_options() {
  static const std::vector<AcceptedOption> rows = all_rows();
  return rows;
}

void honour(std::vector<EffectiveOption>& options) {
  for (EffectiveOption& option : options) {
    if (option.effective.is_none()) continue;
    if (option.option->option.key == "task") honour_task(option);
    const AcceptedOption* row = accepted(option);
    if (row == nullptr || !row->refused || told(option.effective) == row->harmless) continue;
    if (row->refused_value.empty() || told(option.effective) == row->refused_value) {
      refuse(option, row->why);
    }
  }
}

std::vector<std::string> option_warnings(const std::vector<EffectiveOption>& options) {
  std::vector<std::string> warnings;
  for (const EffectiveOption& option : options) {
    const AcceptedOption* row = accepted(option);
    if (row == nullptr || !option.given() || told(option.effective) == row->harmless) continue;
    const Position& position = option.effective.position();
    warnings.push_back(fmt::format("{}{}{} = {} changes nothing: {}", position.text(),
                                   position.known() ? ": " : "", row->row.option.key,
                                   option.effective.is_none() ? "NA" : option.effective.text(),
                                   row->why));
  }
  return warnings;
}

}  // namespace lathe
