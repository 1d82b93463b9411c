// Counts only; losses and accuracies are the engine's.
#include "core/cli/run/evaluation.hpp"

#include <algorithm>

namespace lathe {

std::vector<std::pair<std::string, Value>> metrics_of(const Evaluation& evaluation) {
  std::vector<std::pair<std::string, Value>> metrics;
  for (const Statistic& statistic : statistics())
    metrics.emplace_back(statistic.name, evaluation.value(statistic));
  return metrics;
}

std::vector<std::int64_t> predictions_of(const Tensor& logits) {
  const auto values = logits.values<float>();
  const auto classes = static_cast<std::size_t>(logits.shape()[1]);
  std::vector<std::int64_t> predicted;
  for (std::size_t row = 0; row + classes <= values.size(); row += classes) {
    const auto scores = values.subspan(row, classes);
    predicted.push_back(std::max_element(scores.begin(), scores.end()) - scores.begin());
  }
  return predicted;
}

ReportTable class_table(const std::vector<std::int64_t>& predicted,
                        std::span<const std::int64_t> labels, const DatasetInfo& info) {
  struct Count {
    std::int64_t samples = 0, correct = 0;
  };
  std::vector<Count> counts(static_cast<std::size_t>(info.classes));
  for (std::size_t row = 0; row < predicted.size(); ++row) {
    Count& count = counts.at(static_cast<std::size_t>(labels[row]));
    ++count.samples;
    count.correct += predicted[row] == labels[row] ? 1 : 0;
  }
  ReportTable table{"classes", {"class", "samples", "correct", "accuracy"}, {}};
  for (std::size_t label = 0; label < counts.size(); ++label) {
    const Count& count = counts[label];
    const Value class_name = label < info.class_names.size()
                                 ? Value(info.class_names[label])
                                 : Value(static_cast<std::int64_t>(label));
    const Value accuracy =
        count.samples == 0
            ? Value{}
            : Value(static_cast<double>(count.correct) / static_cast<double>(count.samples));
    table.rows.push_back({class_name, count.samples, count.correct, accuracy});
  }
  return table;
}

}  // namespace lathe
