// How statistics are laid out; what they are is the engine's.
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

Value class_name(const Field& target, std::size_t c) {
  return c < target.class_names.size() ? Value(target.class_names[c])
                                       : Value(static_cast<std::int64_t>(c));
}

}  // namespace

std::vector<std::pair<std::string, Value>> metrics_of(const Evaluation& evaluation) {
  std::vector<std::pair<std::string, Value>> metrics;
  for (const Statistic* statistic : evaluation.statistics())
    if (statistic->form == Statistic::Form::number || statistic->form == Statistic::Form::count ||
        statistic->name == "accuracy_per_class")
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

ReportTable class_table(const Evaluation& evaluation, const Field& target) {
  ReportTable table{"classes",
                    {"class", "samples", "correct", "accuracy", "precision", "recall", "f1", "auc"},
                    {}};
  const auto of = [&](std::string_view statistic) { return evaluation.values(statistic); };
  const auto support = of("support_per_class"), recall = of("recall_per_class");
  const auto shown = [](double value) { return std::isnan(value) ? Value{} : Value(value); };
  for (std::size_t c = 0; c < support.size(); ++c) {
    const double correct = support[c] == 0 ? 0.0 : std::round(support[c] * recall[c]);
    table.rows.push_back({class_name(target, c), static_cast<std::int64_t>(support[c]),
                          static_cast<std::int64_t>(correct), shown(recall[c]),
                          shown(of("precision_per_class")[c]), shown(recall[c]),
                          shown(of("f1_per_class")[c]), shown(of("auc_per_class")[c])});
  }
  return table;
}

ReportTable matrix_table(const Evaluation& evaluation, const Field& target) {
  const bool labels = evaluation.has("label_counts");
  const Statistic& matrix = *find_statistic(labels ? "label_counts" : "confusion_matrix");
  const std::span<const double> counts = evaluation.values(matrix.name);
  const std::size_t width = evaluation.columns(matrix);
  ReportTable table{std::string(matrix.name), {"class"}, {}};
  if (labels) {
    table.columns.insert(table.columns.end(), {"tn", "fp", "fn", "tp"});
  } else {
    for (std::size_t c = 0; c < width; ++c) table.columns.push_back(std::to_string(c));
  }
  for (std::size_t i = 0; i < counts.size(); i += width) {
    ReportRows::Row cells{class_name(target, i / width)};
    for (const double count : counts.subspan(i, width))
      cells.emplace_back(static_cast<std::int64_t>(count));
    table.rows.push_back(cells);
  }
  return table;
}

bool fits_the_screen(const ReportTable& table) {
  constexpr std::size_t kColumns = 80;
  const TextTable cells = text_table(table);
  return render(cells, kColumns) == render(cells);
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
