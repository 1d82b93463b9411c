// The table of statistics.
#include "core/host/statistics.hpp"

#include <algorithm>
#include <cmath>

namespace lathe {

namespace {

using Form = Statistic::Form;

double ratio(std::int64_t part, std::int64_t whole) {
  return static_cast<double>(part) / static_cast<double>(whole);
}

std::vector<double> loss(const Counts& counts) {
  return {counts.loss_sum / static_cast<double>(counts.batches)};
}

std::vector<double> accuracy(const Counts& counts) {
  std::int64_t correct = 0;
  for (const std::int64_t one : counts.correct) correct += one;
  return {ratio(correct, counts.rows)};
}

std::vector<double> accuracy_macro(const Counts& counts) {
  std::int64_t seen = 0;
  double recall = 0;
  for (std::size_t c = 0; c < counts.correct.size(); ++c) {
    // torchmetrics' rule: a class counts once it was a label or a prediction.
    if (counts.labelled[c] + counts.predicted[c] == 0) continue;
    ++seen;
    if (counts.labelled[c] > 0) recall += ratio(counts.correct[c], counts.labelled[c]);
  }
  return {recall / static_cast<double>(seen)};
}

std::vector<double> samples(const Counts& counts) { return {static_cast<double>(counts.rows)}; }

// Recall of each class; none of one without rows.
std::vector<double> accuracy_per_class(const Counts& counts) {
  std::vector<double> recall;
  for (std::size_t c = 0; c < counts.correct.size(); ++c) {
    recall.push_back(counts.labelled[c] == 0 ? std::nan("")
                                             : ratio(counts.correct[c], counts.labelled[c]));
  }
  return recall;
}

constexpr Statistic kStatistics[] = {
    {"loss", Form::number, true, "Cross entropy, mean of batch means.", loss},
    {"accuracy", Form::number, true, "Correct predictions per row (micro).", accuracy},
    {"accuracy_macro", Form::number, false, "Mean recall over the classes seen.", accuracy_macro},
    {"samples", Form::count, false, "Rows evaluated.", samples},
    {"accuracy_per_class", Form::per_class, false, "Recall of each class.", accuracy_per_class},
};

}  // namespace

std::span<const Statistic> statistics() { return kStatistics; }

Evaluation::Evaluation(const Counts& counts) {
  for (const Statistic& statistic : kStatistics) {
    values_.push_back(counts.rows > 0 ? statistic.of(counts) : std::vector{0.0});
  }
}

Evaluation::Evaluation(std::vector<std::vector<double>> values) : values_(std::move(values)) {
  values_.resize(std::size(kStatistics));
}

std::span<const double> Evaluation::values(std::string_view statistic) const {
  const auto row = std::ranges::find(kStatistics, statistic, &Statistic::name);
  return values_.at(static_cast<std::size_t>(row - std::begin(kStatistics)));
}

Value Evaluation::value(const Statistic& statistic) const {
  const std::span<const double> found = values(statistic.name);
  if (statistic.form == Form::number) return found[0];
  if (statistic.form == Form::count) return static_cast<std::int64_t>(found[0]);
  Value::List list;
  for (const double one : found) {
    if (std::isnan(one)) {
      list.emplace_back();
    } else {
      list.emplace_back(one);
    }
  }
  return Value(std::move(list));
}

}  // namespace lathe
