// Looks pruners up and checks their options, once.
#include "core/search/plan/pruner.hpp"

#include "core/base/words/suggest.hpp"
#include "core/host/epoch_metrics.hpp"
#include "core/search/plan/pruner_rows.hpp"

#include <fmt/format.h>

namespace lathe {
namespace {

const PrunerRow& find_row(const ComponentText& pruner) {
  std::vector<std::string> known{"none"};
  for (const PrunerRow& row : pruner_rows()) {
    if (row.id == pruner.name) return row;
    known.push_back(row.id);
  }
  throw usage_error(
      fmt::format("there is no pruner '{}'{}", pruner.name, suggestion(pruner.name, known)),
      pruner.position);
}

Value checked_options(const PrunerRow& row, const ComponentText& pruner) {
  Value given = pruner.options;
  // Optuna's word.
  if (const Value* resource = given.find(row.estimated);
      resource != nullptr && *resource == Value("auto"))
    given.set(row.estimated, Value().at(resource->position()));
  Value options = check_options(row.options, given);
  const auto number = [&](std::string_view key) -> std::optional<std::int64_t> {
    const Value* option = options.find(key);
    return option == nullptr || option->is_none() ? std::nullopt : std::optional(option->as_int());
  };
  if (number("bootstrap_count").value_or(0) > 0 && !number(row.estimated))
    throw usage_error(fmt::format("bootstrap_count needs a {} that is a number", row.estimated),
                      options.find("bootstrap_count")->position());
  if (number("max_resource") && *number("max_resource") < *number("min_resource"))
    throw usage_error(fmt::format("max_resource is {}, which is less than min_resource = {}",
                                  *number("max_resource"), *number("min_resource")),
                      options.find("max_resource")->position());
  return options;
}

// What the validation at an epoch's end tells, by column.
std::string validated(std::string_view statistic) {
  return std::string(kValidationPrefix) + std::string(statistic);
}

Watch watch_of(const std::string& pruner, const Value& options, std::span<const Metric> metrics) {
  const Value* given = options.find("watch");
  if (given == nullptr || given->is_none()) {
    if (metrics.empty()) return {};
    const SearchMetric& first = metrics.front();
    const Statistic* statistic = find_statistic(first.name);
    if (statistic == nullptr || !statistic->in_tables) return {};
    return {Watch::Source::epoch, validated(first.name), first.scale, first.direction};
  }
  const std::string& word = given->as_string();
  std::vector<std::string> known;
  for (const Statistic& statistic : statistics()) {
    if (!statistic.in_tables) continue;
    known.push_back(validated(statistic.name));
    if (word != known.back()) continue;
    return {Watch::Source::epoch, word, 1.0,
            statistic.higher_is_better ? LATHE_DIRECTION_MAXIMIZE : LATHE_DIRECTION_MINIMIZE};
  }
  for (const SearchMetric& metric : metrics) {
    if (metric.name == word) return {Watch::Source::runners, word, metric.scale, metric.direction};
    known.push_back(metric.name);
  }
  throw usage_error(
      fmt::format("pruner '{}' cannot watch '{}'{}", pruner, word, suggestion(word, known)),
      given->position());
}

}  // namespace

const std::vector<PrunerRow>& pruner_rows() {
  static const std::vector<PrunerRow> rows{median_pruner(), percentile_pruner(),
                                           successive_halving_pruner(), hyperband_pruner()};
  return rows;
}

PrunerChoice choose_pruner(const ComponentText& pruner, std::span<const Metric> metrics) {
  PrunerChoice choice;
  choice.name_ = pruner.name;
  if (pruner.name == "none") {
    choice.options_ = check_options({"pruner 'none'", {}}, pruner.options);
  } else {
    choice.row_ = &find_row(pruner);
    choice.options_ = checked_options(*choice.row_, pruner);
  }
  choice.watch_ = watch_of(pruner.name, choice.options_, metrics);
  return choice;
}

std::unique_ptr<Pruner> PrunerChoice::make() const {
  return row_ == nullptr ? nullptr : row_->make(options_, watch_.direction);
}

}  // namespace lathe
