// An evaluation as metrics, and class by class.
#pragma once

#include "core/cli/run/results/results.hpp"
#include "core/host/executor.hpp"
#include "core/report/table.hpp"

namespace lathe {

// Every statistic that it has, by its name.
std::vector<std::pair<std::string, Value>> metrics_of(const Evaluation& evaluation);

// By row the class with the largest logit, the first of equals; none of a row with a NaN.
using Predictions = std::vector<std::optional<std::int64_t>>;
Predictions predictions_of(const Tensor& logits);

// class | samples | correct | accuracy. `target`: one class a row.
ReportTable class_table(const Predictions& predicted, std::span<const std::int64_t> labels,
                        const Field& target);

// One row per sample, as predictions.csv has them; numbers as the shortest decimals that read back
// as the same. Of a classifier: row, label, predicted (empty: none), logit_0, ...
TextTable prediction_table(const Tensor& logits, const Predictions& predicted,
                           std::span<const std::int64_t> labels);
// Of any other network: row, then target_0, ..., then output_0, ...
TextTable prediction_table(const Tensor& outputs, const Tensor& targets);

}  // namespace lathe
