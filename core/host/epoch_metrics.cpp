#include "core/host/epoch_metrics.hpp"

#include <algorithm>
#include <cmath>

namespace lathe {

namespace {

auto find(const EpochMetrics& metrics, std::string_view column) {
  return std::ranges::find(metrics.values, column, &std::pair<std::string, double>::first);
}

}  // namespace

bool EpochMetrics::has(std::string_view column) const {
  return find(*this, column) != values.end();
}

double EpochMetrics::number(std::string_view column) const { return find(*this, column)->second; }

std::vector<std::pair<std::string_view, double>> EpochMetrics::of(std::string_view prefix) const {
  std::vector<std::pair<std::string_view, double>> found;
  for (const auto& [column, value] : values) {
    if (!column.starts_with(prefix)) continue;
    found.emplace_back(std::string_view(column).substr(prefix.size()), value);
  }
  return found;
}

std::vector<std::string> epoch_columns(Loss loss) {
  std::vector<std::string> columns;
  for (const std::string_view prefix : {kTrainPrefix, kValidationPrefix}) {
    for (const Statistic* statistic : table_statistics(loss)) {
      columns.push_back(std::string(prefix) + std::string(statistic->name));
    }
  }
  columns.emplace_back(kLearningRateColumn);
  return columns;
}

EpochMetrics epoch_metrics(std::int64_t epoch, const Evaluation& train,
                           const Evaluation* validation, double learning_rate) {
  std::vector<double> numbers;
  for (const Evaluation* found : {&train, validation}) {
    for (const Statistic* statistic : table_statistics(train.loss())) {
      numbers.push_back(found == nullptr ? std::nan("") : found->number(statistic->name));
    }
  }
  numbers.push_back(learning_rate);
  EpochMetrics metrics{epoch, {}};
  const std::vector<std::string> columns = epoch_columns(train.loss());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    metrics.values.emplace_back(columns[i], numbers[i]);
  }
  return metrics;
}

}  // namespace lathe
