#include "core/mase/search_table.hpp"

#include "core/base/words/suggest.hpp"
#include "core/mase/names.hpp"
#include "core/options/option.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace lathe {
namespace {

Option option(std::string key, lathe_option_type type) {
  Option result;
  result.key = std::move(key);
  result.type = type;
  return result;
}
Option bounded(std::string key, lathe_option_type type, std::string_view range) {
  Option result = option(std::move(key), type);
  result.range = parse_range(range);
  result.flags = LATHE_OPTION_FLAG_NULLABLE;
  return result;
}
Option with_default(Option result, Value value) {
  result.default_value = std::move(value);
  return result;
}
Option nullable(Option result) {
  result.flags |= LATHE_OPTION_FLAG_NULLABLE;
  return result;
}
Option directed(std::string key) {
  Option result = option(std::move(key), LATHE_OPTION_CHOICE);
  result.choices = {"maximize", "minimize"};
  result.flags = LATHE_OPTION_FLAG_NULLABLE;
  return result;
}
Option required(Option result) {
  result.flags |= LATHE_OPTION_FLAG_REQUIRED;
  return result;
}

const OptionTable& search_table() {
  static const OptionTable table{
      "[search]",
      {with_default(option("search_space", LATHE_OPTION_ANY), Value(Value::Map{})),
       required(option("strategy", LATHE_OPTION_ANY))}};
  return table;
}

const OptionTable& strategy_table() {
  static const OptionTable table{
      "[search.strategy]",
      {with_default(option("name", LATHE_OPTION_STRING), "optuna"),
       nullable(option("eval_mode", LATHE_OPTION_BOOL)),
       with_default(option("sw_runner", LATHE_OPTION_ANY), Value(Value::Map{})),
       with_default(option("hw_runner", LATHE_OPTION_ANY), Value(Value::Map{})),
       with_default(option("setup", LATHE_OPTION_ANY), Value(Value::Map{})),
       required(option("metrics", LATHE_OPTION_ANY)),
       with_default(option("constraints", LATHE_OPTION_ANY), Value(Value::Map{}))}};
  return table;
}

const OptionTable& setup_table() {
  static const OptionTable table{
      "[search.strategy.setup]",
      {bounded("n_jobs", LATHE_OPTION_INT, "-1..1024"),
       bounded("n_trials", LATHE_OPTION_INT, "1.."), bounded("timeout", LATHE_OPTION_FLOAT, "0<.."),
       bounded("trial_timeout", LATHE_OPTION_FLOAT, "0<.."),
       bounded("lookahead", LATHE_OPTION_INT, "1..1024"),
       with_default(option("sampler", LATHE_OPTION_STRING), "additive"),
       nullable(option("pruner", LATHE_OPTION_STRING)),
       with_default(option("repeat", LATHE_OPTION_BOOL), false),
       with_default(option("sum_scaled_metrics", LATHE_OPTION_BOOL), false), directed("direction"),
       with_default(option("pkl_ckpt", LATHE_OPTION_BOOL), false),
       bounded("save_every_n_trials", LATHE_OPTION_INT, "1.."),
       with_default(option("model_parallel", LATHE_OPTION_BOOL), false),
       with_default(option("runner_style", LATHE_OPTION_ANY), Value())}};
  return table;
}

OptionTable metric_table(const std::string& name) {
  return {fmt::format("metric '{}'", name),
          {with_default(option("scale", LATHE_OPTION_FLOAT), 1.0), directed("direction")}};
}

lathe_direction direction_of(const Value& word) {
  return word.as_string() == "minimize" ? LATHE_DIRECTION_MINIMIZE : LATHE_DIRECTION_MAXIMIZE;
}

const Value& table_in(const Value& parent, std::string_view key, std::string_view path) {
  const Value& value = *parent.find(key);
  if (value.is_map()) return value;
  throw usage_error(
      fmt::format("[{}] is a table; got {} {}", path, value.is_none() ? "" : value.kind_name(),
                  value.is_none() ? "NA" : value.text()),
      value.position());
}

void read_runners(const Value& runners, bool hardware, SearchConfig& config) {
  for (const auto& [word, given] : runners.as_map()) {
    config.runners.push_back(read_runner(word, given, hardware));
  }
}

void warn(SearchConfig& config, const Value& value, std::string_view key, std::string_view why) {
  config.warnings.push_back(fmt::format("{}{}{} changes nothing: {}", value.position().text(),
                                        value.position().known() ? ": " : "", key, why));
}

// MASE's eval_mode switches gradients off. Left out, it follows from whether a runner trains.
void read_eval_mode(const Value& given, SearchConfig& config) {
  const auto trains = std::find_if(config.runners.begin(), config.runners.end(),
                                   [](const SearchRunner& runner) { return runner.trains; });
  const bool any = trains != config.runners.end();
  config.eval_mode = given.is_none() ? !any : given.as_bool();
  if (config.eval_mode && any) {
    throw usage_error(
        fmt::format("with eval_mode = true no trial is trained, but runner '{}' trains; say "
                    "eval_mode = false, or evaluate with basic_evaluation",
                    trains->word),
        given.position());
  }
  if (!config.eval_mode && !any) {
    warn(config, given, "eval_mode = false",
         "no runner trains; [search.strategy.sw_runner.basic_train] would");
  }
}

void read_setup(const Value& given, SearchConfig& config) {
  const Value setup = check_options(setup_table(), given);
  const auto integer = [&](std::string_view key) -> std::optional<std::int64_t> {
    const Value& value = *setup.find(key);
    return value.is_none() ? std::nullopt : std::optional(value.as_int());
  };
  const auto seconds = [&](std::string_view key) -> std::optional<double> {
    const Value& value = *setup.find(key);
    return value.is_none() ? std::nullopt : std::optional(value.as_float());
  };
  config.n_jobs = integer("n_jobs");
  if (config.n_jobs == 0)
    throw usage_error("n_jobs is at least 1, or -1 for as many as there are cores; got 0",
                      setup.find("n_jobs")->position());
  config.n_trials = integer("n_trials");
  // As Optuna has it: until the time is up.
  if (const Value* given_trials = given.find("n_trials"); given_trials && given_trials->is_none())
    config.n_trials = 0;
  config.lookahead = integer("lookahead");
  config.timeout_seconds = seconds("timeout");
  config.trial_timeout_seconds = seconds("trial_timeout");
  config.repeat = setup.find("repeat")->as_bool();
  config.sampler = parse_component(*setup.find("sampler"));
  // MASE takes "TPE" as well as "tpe".
  for (char& c : config.sampler.name)
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (const Value& pruner = *setup.find("pruner"); !pruner.is_none())
    config.pruner = parse_component(pruner);
  config.sum_scaled_metrics = setup.find("sum_scaled_metrics")->as_bool();
  const Value& direction = *setup.find("direction");
  if (!direction.is_none()) {
    config.direction = direction_of(direction);
  } else if (config.sum_scaled_metrics) {
    throw usage_error(
        "with sum_scaled_metrics, [search.strategy.setup] needs direction: maximize "
        "or minimize",
        given.position());
  }
  for (const std::string_view key : {"pkl_ckpt", "save_every_n_trials"}) {
    if (const Value* value = given.find(key)) {
      if (!(*value == Value(false))) warn(config, *value, key, "each trial is saved as it ends");
    }
  }
  for (const std::string_view key : {"model_parallel", "runner_style"}) {
    if (const Value* value = given.find(key)) {
      if (!(*value == Value(false))) warn(config, *value, key, "trials run on one device");
    }
  }
}

void read_metrics(const Value& metrics, SearchConfig& config) {
  for (const auto& [name, given] : metrics.as_map()) {
    const OptionTable table = metric_table(name);
    if (!given.is_map()) {
      throw usage_error(fmt::format("{} takes scale and direction; got {}", table.owner,
                                    given.is_none() ? "NA" : given.text()),
                        given.position());
    }
    const Value checked = check_options(table, given);
    const Value& direction = *checked.find("direction");
    if (direction.is_none() && !config.sum_scaled_metrics) {
      throw usage_error(fmt::format("{} needs direction: maximize or minimize", table.owner),
                        given.position());
    }
    SearchMetric metric{name, checked.find("scale")->as_float(), config.direction,
                        given.position()};
    if (!direction.is_none()) metric.direction = direction_of(direction);
    config.metrics.push_back(std::move(metric));
  }
  if (config.metrics.empty()) {
    throw usage_error("[search.strategy.metrics] names no metric, eg: accuracy.scale = 1.0",
                      metrics.position());
  }
  std::sort(config.metrics.begin(), config.metrics.end(),
            [](const SearchMetric& a, const SearchMetric& b) { return a.name < b.name; });
}

}  // namespace

SearchConfig read_search_config(const Value& search) {
  SearchConfig config;
  const Value parts = check_options(search_table(), search);
  config.space = table_in(parts, "search_space", "search.search_space");
  const Value strategy =
      check_options(strategy_table(), table_in(parts, "strategy", "search.strategy"));
  const Value& name = *strategy.find("name");
  if (name.as_string() != "optuna") {
    const std::string theirs = about_mase_name("strategy", name.as_string());
    throw usage_error(fmt::format("strategy '{}' is not known{}", name.as_string(),
                                  theirs.empty() ? "; optuna is the one, with the sampler of "
                                                   "[search.strategy.setup]"
                                                 : theirs),
                      name.position());
  }
  read_runners(table_in(strategy, "sw_runner", "search.strategy.sw_runner"), false, config);
  read_runners(table_in(strategy, "hw_runner", "search.strategy.hw_runner"), true, config);
  read_eval_mode(*strategy.find("eval_mode"), config);
  read_setup(table_in(strategy, "setup", "search.strategy.setup"), config);
  read_metrics(table_in(strategy, "metrics", "search.strategy.metrics"), config);
  config.constraints =
      read_constraints(table_in(strategy, "constraints", "search.strategy.constraints"));
  return config;
}

}  // namespace lathe
