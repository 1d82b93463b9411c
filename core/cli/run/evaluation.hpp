// An evaluation as metrics, and class by class.
#pragma once

#include "core/cli/run/results/results.hpp"
#include "core/host/executor.hpp"

namespace lathe {

// Every statistic by its name.
std::vector<std::pair<std::string, Value>> metrics_of(const Evaluation& evaluation);

// Predictions of rows: the class with the largest logit, the first of equals.
std::vector<std::int64_t> predictions_of(const Tensor& logits);

// class | samples | correct | accuracy.
ReportTable class_table(const std::vector<std::int64_t>& predicted,
                        std::span<const std::int64_t> labels, const DatasetInfo& info);

}  // namespace lathe
