// What an epoch of a training gave, by column of metrics.csv.
#pragma once

#include "core/host/statistics.hpp"

#include <string>
#include <utility>

namespace lathe {

struct EpochMetrics {
  std::int64_t epoch = 0;  // from 0
  // As epoch_columns(); the learning rate is that of the epoch's last step. NaN: there is none.
  std::vector<std::pair<std::string, double>> values;

  bool has(std::string_view column) const;
  double number(std::string_view column) const;  // REQUIRES: has(column)
  // Those of "train_" or "validation_", by name of the statistic.
  std::vector<std::pair<std::string_view, double>> of(std::string_view prefix) const;
};

inline constexpr std::string_view kTrainPrefix = "train_";
inline constexpr std::string_view kValidationPrefix = "validation_";
inline constexpr std::string_view kLearningRateColumn = "learning_rate";  // the last

// "train_" and "validation_" with each of table_statistics(), then "learning_rate".
std::vector<std::string> epoch_columns(Loss loss);

// `validation` null: there are no rows for it.
EpochMetrics epoch_metrics(std::int64_t epoch, const Evaluation& train,
                           const Evaluation* validation, double learning_rate);

}  // namespace lathe
