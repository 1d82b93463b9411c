// Counts only; losses and accuracies are the engine's.
#include "core/cli/run/evaluation.hpp"

#include "core/run/loss/kernels.hpp"

#include <fmt/format.h>

#include <cmath>
#include <type_traits>

namespace lathe {

namespace {

template <typename T>
std::string element_of(const Tensor& tensor, std::size_t i) {
  const T value = tensor.values<T>()[i];
  if constexpr (std::is_floating_point_v<T>)
    if (std::isnan(value)) return "nan";  // whatever its sign
  return fmt::format("{}", value);
}

// REQUIRES: no half floats, which are no target of any loss and no network's output.
std::string element_text(const Tensor& tensor, std::size_t i) {
  switch (tensor.dtype()) {
    case DType::float64:
      return element_of<double>(tensor, i);
    case DType::int8:
      return element_of<std::int8_t>(tensor, i);
    case DType::int16:
      return element_of<std::int16_t>(tensor, i);
    case DType::int32:
      return element_of<std::int32_t>(tensor, i);
    case DType::int64:
      return element_of<std::int64_t>(tensor, i);
    case DType::uint8:
    case DType::boolean:
      return element_of<std::uint8_t>(tensor, i);
    default:
      return element_of<float>(tensor, i);
  }
}

}  // namespace

std::vector<std::pair<std::string, Value>> metrics_of(const Evaluation& evaluation) {
  std::vector<std::pair<std::string, Value>> metrics;
  for (const Statistic* statistic : evaluation.statistics())
    metrics.emplace_back(statistic->name, evaluation.value(*statistic));
  return metrics;
}

Predictions predictions_of(const Tensor& logits) {
  const auto values = logits.values<float>();
  const auto classes = static_cast<std::size_t>(logits.shape()[1]);
  Predictions predicted;
  for (std::size_t row = 0; row + classes <= values.size(); row += classes)
    predicted.push_back(run::predicted_class(values.subspan(row, classes)));
  return predicted;
}

ReportTable class_table(const Predictions& predicted, std::span<const std::int64_t> labels,
                        const Field& target) {
  struct Count {
    std::int64_t samples = 0, correct = 0;
  };
  std::vector<Count> counts(static_cast<std::size_t>(target.classes));
  for (std::size_t row = 0; row < predicted.size(); ++row) {
    Count& count = counts.at(static_cast<std::size_t>(labels[row]));
    ++count.samples;
    count.correct += predicted[row] == labels[row] ? 1 : 0;
  }
  ReportTable table{"classes", {"class", "samples", "correct", "accuracy"}, {}};
  for (std::size_t label = 0; label < counts.size(); ++label) {
    const Count& count = counts[label];
    const Value class_name = label < target.class_names.size()
                                 ? Value(target.class_names[label])
                                 : Value(static_cast<std::int64_t>(label));
    const Value accuracy =
        count.samples == 0
            ? Value{}
            : Value(static_cast<double>(count.correct) / static_cast<double>(count.samples));
    table.rows.push_back({class_name, count.samples, count.correct, accuracy});
  }
  return table;
}

TextTable prediction_table(const Tensor& logits, const Predictions& predicted,
                           std::span<const std::int64_t> labels) {
  const auto classes = static_cast<std::size_t>(logits.shape()[1]);
  TextTable table{{"row", "label", "predicted"}, {}};
  for (std::size_t c = 0; c < classes; ++c) table.columns.push_back(fmt::format("logit_{}", c));
  for (std::size_t row = 0; row < predicted.size(); ++row) {
    std::vector<std::string> cells{std::to_string(row), std::to_string(labels[row]),
                                   predicted[row] ? std::to_string(*predicted[row]) : ""};
    for (std::size_t c = 0; c < classes; ++c)
      cells.push_back(element_text(logits, row * classes + c));
    table.rows.push_back(std::move(cells));
  }
  return table;
}

TextTable prediction_table(const Tensor& outputs, const Tensor& targets) {
  const auto rows = static_cast<std::size_t>(outputs.shape()[0]);
  const std::size_t of_target = static_cast<std::size_t>(targets.numel()) / rows;
  const std::size_t of_output = static_cast<std::size_t>(outputs.numel()) / rows;
  TextTable table{{"row"}, {}};
  for (std::size_t i = 0; i < of_target; ++i) table.columns.push_back(fmt::format("target_{}", i));
  for (std::size_t i = 0; i < of_output; ++i) table.columns.push_back(fmt::format("output_{}", i));
  for (std::size_t row = 0; row < rows; ++row) {
    std::vector<std::string> cells{std::to_string(row)};
    for (std::size_t i = 0; i < of_target; ++i)
      cells.push_back(element_text(targets, row * of_target + i));
    for (std::size_t i = 0; i < of_output; ++i)
      cells.push_back(element_text(outputs, row * of_output + i));
    table.rows.push_back(std::move(cells));
  }
  return table;
}

}  // namespace lathe
