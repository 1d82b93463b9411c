// The table of statistics.
#include "core/host/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

namespace lathe {

namespace {

using Form = Statistic::Form;

double ratio(std::int64_t part, std::int64_t whole) {
  return static_cast<double>(part) / static_cast<double>(whole);
}

std::vector<double> loss(const Counts& counts) { return {counts.loss()}; }

std::vector<double> accuracy(const Counts& counts) { return {ratio(counts.right, counts.judged)}; }

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

std::vector<double> mae(const Counts& counts) {
  return {counts.absolute_error / static_cast<double>(counts.elements)};
}

std::vector<double> r2(const Counts& counts) {
  if (counts.target_deviation == 0) return {std::nan("")};
  return {1.0 - counts.squared_error / counts.target_deviation};
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

constexpr Losses kClasses = only(Loss::cross_entropy);
constexpr Losses kNumbers = only(Loss::mse);
constexpr Losses kTruths = only(Loss::bce_with_logits);
constexpr Losses kAll = kClasses | kNumbers | kTruths;

constexpr Statistic kStatistics[] = {
    {"loss", Form::number, kAll, true, false,
     "The loss, mean over the rows, weighed by their weights.", loss},
    {"accuracy", Form::number, kClasses | kTruths, true, true,
     "Correct predictions: of rows with cross_entropy (micro), of elements with bce_with_logits.",
     accuracy},
    {"accuracy_macro", Form::number, kClasses, false, true, "Mean recall over the classes seen.",
     accuracy_macro},
    {"mae", Form::number, kNumbers, true, false, "Mean absolute error over all elements.", mae},
    {"r2", Form::number, kNumbers, true, true,
     "1 - squared error / squared deviation of the target from its mean, over all elements; none "
     "of a constant target.",
     r2},
    {"samples", Form::count, kAll, false, false, "Rows evaluated.", samples},
    {"accuracy_per_class", Form::per_class, kClasses, false, true, "Recall of each class.",
     accuracy_per_class},
};

void add_each(std::vector<std::int64_t>& to, const std::vector<std::int64_t>& more) {
  to.resize(std::max(to.size(), more.size()));
  std::ranges::transform(more, to, to.begin(), std::plus<>());
}

template <typename Wanted>
std::vector<const Statistic*> those(const Wanted& wanted) {
  std::vector<const Statistic*> found;
  for (const Statistic& statistic : kStatistics) {
    if (wanted(statistic)) found.push_back(&statistic);
  }
  return found;
}

}  // namespace

double Counts::loss() const { return (loss_sum + std::log(log_product)) / weight; }

void Counts::add(const Counts& more) {
  add_each(correct, more.correct);
  add_each(labelled, more.labelled);
  add_each(predicted, more.predicted);
  loss_sum += more.loss_sum + std::log(more.log_product);
  weight += more.weight;
  rows += more.rows;
  right += more.right;
  judged += more.judged;
  absolute_error += more.absolute_error;
  squared_error += more.squared_error;
  if (more.elements == 0) return;
  // Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm", 1979.
  const auto before = static_cast<double>(elements), added = static_cast<double>(more.elements);
  const double between = more.target_mean - target_mean;
  elements += more.elements;
  target_mean += between * added / (before + added);
  target_deviation += more.target_deviation + between * between * before * added / (before + added);
}

std::span<const Statistic> statistics() { return kStatistics; }

const Statistic* find_statistic(std::string_view name) {
  const auto* found = std::ranges::find(kStatistics, name, &Statistic::name);
  return found == std::end(kStatistics) ? nullptr : found;
}

std::vector<const Statistic*> statistics_of(Loss loss) {
  return those([&](const Statistic& one) { return (one.fits & only(loss)) != 0; });
}

std::vector<const Statistic*> table_statistics(Loss loss) {
  return those([&](const Statistic& one) { return one.in_tables && (one.fits & only(loss)) != 0; });
}

Evaluation::Evaluation(Loss loss, const Counts& counts)
    : loss_(loss), statistics_(statistics_of(loss)) {
  for (const Statistic* statistic : statistics_) {
    values_.push_back(counts.rows > 0 ? statistic->of(counts) : std::vector{0.0});
  }
}

Evaluation::Evaluation(Loss loss, std::vector<std::vector<double>> values)
    : loss_(loss), statistics_(statistics_of(loss)), values_(std::move(values)) {
  values_.resize(statistics_.size());
}

bool Evaluation::has(std::string_view statistic) const {
  return std::ranges::find(statistics_, statistic, &Statistic::name) != statistics_.end();
}

std::span<const double> Evaluation::values(std::string_view statistic) const {
  const auto row = std::ranges::find(statistics_, statistic, &Statistic::name);
  return values_.at(static_cast<std::size_t>(row - statistics_.begin()));
}

Value Evaluation::value(const Statistic& statistic) const {
  const std::span<const double> found = values(statistic.name);
  const auto shown = [](double one) { return std::isnan(one) ? Value{} : Value(one); };
  if (statistic.form == Form::number) {
    return statistic.of == r2 ? shown(found[0]) : Value(found[0]);
  }
  if (statistic.form == Form::count) return static_cast<std::int64_t>(found[0]);
  Value::List list;
  for (const double one : found) list.push_back(shown(one));
  return Value(std::move(list));
}

}  // namespace lathe
