// An evaluation as metrics, and class by class.
#pragma once

#include "core/cli/run/results/results.hpp"
#include "core/host/executor.hpp"
#include "core/report/table.hpp"

namespace lathe {

// Its numbers and the accuracy of each class, by their names; class_table() has the rest.
std::vector<std::pair<std::string, Value>> metrics_of(const Evaluation& evaluation);

// By row the class with the largest logit, the first of equals; none of a row with a NaN.
using Predictions = std::vector<std::optional<std::int64_t>>;
Predictions predictions_of(const Tensor& logits);

// class | samples | correct | accuracy | precision | recall | f1 | auc, of a network that tells
// classes or labels and was evaluated by class. `target`: what they are called.
ReportTable class_table(const Evaluation& evaluation, const Field& target);
// "confusion_matrix" of classes, each a column by its number; "label_counts" of labels.
ReportTable matrix_table(const Evaluation& evaluation, const Field& target);
// Whether it stands in lines of 80 columns.
bool fits_the_screen(const ReportTable& table);

// One row per sample, as predictions.csv has them; numbers as the shortest decimals that read back
// as the same. Of a classifier: row, label, predicted (empty: none), logit_0, ...
TextTable prediction_table(const Tensor& logits, const Predictions& predicted,
                           std::span<const std::int64_t> labels);
// Of any other network: row, then target_0, ..., then output_0, ...
TextTable prediction_table(const Tensor& outputs, const Tensor& targets);

}  // namespace lathe
