// The table of statistics.
#include "core/host/scoring/token_statistics.hpp"

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

// Of one class or label; NaN: there is none.
double share(std::int64_t part, std::int64_t whole) {
  return whole == 0 ? std::nan("") : ratio(part, whole);
}
double recall(const Counts& counts, std::size_t c) {
  return share(counts.correct[c], counts.labelled[c]);
}
double precision(const Counts& counts, std::size_t c) {
  return share(counts.correct[c], counts.predicted[c]);
}
double f1(const Counts& counts, std::size_t c) {
  return share(2 * counts.correct[c], counts.labelled[c] + counts.predicted[c]);
}
double support(const Counts& counts, std::size_t c) {
  return static_cast<double>(counts.labelled[c]);
}

using OfClass = double (*)(const Counts& counts, std::size_t c);

template <OfClass of>
std::vector<double> per_class(const Counts& counts) {
  std::vector<double> all;
  for (std::size_t c = 0; c < counts.correct.size(); ++c) all.push_back(of(counts, c));
  return all;
}

template <OfClass of>
std::vector<double> macro(const Counts& counts) {
  std::int64_t seen = 0;
  double sum = 0;
  for (std::size_t c = 0; c < counts.correct.size(); ++c) {
    // torchmetrics' rule: a class counts once it was a label or a prediction.
    if (counts.labelled[c] + counts.predicted[c] == 0) continue;
    ++seen;
    const double found = of(counts, c);
    if (!std::isnan(found)) sum += found;
  }
  return {sum / static_cast<double>(seen)};
}

std::vector<double> confusion_matrix(const Counts& counts) {
  return {counts.confusion.begin(), counts.confusion.end()};
}

std::vector<double> label_counts(const Counts& counts) {
  std::vector<double> all;
  for (std::size_t label = 0; label < counts.absent.size(); ++label) {
    const std::int64_t found = counts.correct[label];
    for (const std::int64_t count : {counts.absent[label], counts.predicted[label] - found,
                                     counts.labelled[label] - found, found})
      all.push_back(static_cast<double>(count));
  }
  return all;
}

std::vector<double> auc_per_class(const Counts& counts) {
  const auto width = static_cast<std::int64_t>(counts.correct.size());
  return counts.absent.empty() ? areas_by_class(counts.scored, width)
                               : areas_by_label(counts.scored, width);
}

std::vector<double> auc_macro(const Counts& counts) {
  std::int64_t defined = 0;
  double sum = 0;
  for (const double area : auc_per_class(counts)) {
    if (std::isnan(area)) continue;
    ++defined;
    sum += area;
  }
  return {sum / static_cast<double>(defined)};
}

std::vector<double> mae(const Counts& counts) {
  return {counts.absolute_error / static_cast<double>(counts.elements)};
}

std::vector<double> r2(const Counts& counts) {
  if (counts.target_deviation == 0) return {std::nan("")};
  return {1.0 - counts.squared_error / counts.target_deviation};
}

std::vector<double> nll(const Counts& counts) { return {counts.loss()}; }

std::vector<double> perplexity(const Counts& counts) { return {std::exp(counts.loss())}; }

std::vector<double> tokens(const Counts& counts) { return {static_cast<double>(counts.elements)}; }

std::vector<double> samples(const Counts& counts) { return {static_cast<double>(counts.rows)}; }

constexpr Losses kClasses = only(Loss::cross_entropy);
constexpr Losses kNumbers = only(Loss::mse);
constexpr Losses kTruths = only(Loss::bce_with_logits);
constexpr Losses kByClass = kClasses | kTruths;
constexpr Losses kAll = kClasses | kNumbers | kTruths;

constexpr Statistic kStatistics[] = {
    {"loss", Form::number, kAll, true, false,
     "The loss, mean over the rows or tokens, weighed by the rows' weights.", loss},
    {"accuracy", Form::number, kClasses | kTruths, true, true,
     "Correct predictions: of rows or tokens with cross_entropy (micro), of elements with "
     "bce_with_logits.",
     accuracy},
    {"accuracy_macro", Form::number, kClasses, false, true, "Mean recall over the classes seen.",
     macro<recall>},
    {"mae", Form::number, kNumbers, true, false, "Mean absolute error over all elements.", mae},
    {"r2", Form::number, kNumbers, true, true,
     "1 - squared error / squared deviation of the target from its mean, over all elements; none "
     "of a constant target.",
     r2},
    {"samples", Form::count, kAll, false, false, "Rows evaluated.", samples},
    {"accuracy_per_class", Form::per_class, kClasses, false, true, "Recall of each class.",
     per_class<recall>},
    {"precision_macro", Form::number, kByClass, false, true,
     "Mean precision over the classes seen, 0 of one that was never predicted.", macro<precision>},
    {"recall_macro", Form::number, kByClass, false, true,
     "Mean recall over the classes seen, 0 of one without rows; of classes it is accuracy_macro.",
     macro<recall>},
    {"f1_macro", Form::number, kByClass, false, true, "Mean F1 over the classes seen.", macro<f1>},
    {"support_per_class", Form::per_class, kByClass, false, false, "Rows of each class.",
     per_class<support>},
    {"precision_per_class", Form::per_class, kByClass, false, true,
     "Of the rows taken for a class those that are of it; none of a class that was never "
     "predicted.",
     per_class<precision>},
    {"recall_per_class", Form::per_class, kByClass, false, true,
     "Of the rows of a class those that were taken for it; none of a class without rows.",
     per_class<recall>},
    {"f1_per_class", Form::per_class, kByClass, false, true,
     "Harmonic mean of precision and recall; none of a class that was neither label nor "
     "prediction.",
     per_class<f1>},
    {"auc_macro", Form::number, kByClass, false, true,
     "Mean area under the ROC curve over the classes that have one.", auc_macro, true},
    {"auc_per_class", Form::per_class, kByClass, false, true,
     "Area under the ROC curve, one class against the rest; none of a class without rows, or with "
     "all of them.",
     auc_per_class, true},
    {"confusion_matrix", Form::matrix, kClasses, false, false,
     "Rows of each class (row) by predicted class (column).", confusion_matrix, true},
    {"nll", Form::number, kClasses, false, false,
     "Of tokens: the mean negative log-likelihood (natural logarithm) of those that count, which "
     "is the loss.",
     nll},
    {"perplexity", Form::number, kClasses, false, false, "Of tokens: exp(nll).", perplexity},
    {"tokens", Form::count, kClasses, false, false, "Of tokens: how many count.", tokens},
    {"label_counts", Form::matrix, kTruths, false, false,
     "True negatives, false positives, false negatives and true positives of each label.",
     label_counts, true},
};

void add_each(std::vector<std::int64_t>& to, const std::vector<std::int64_t>& more) {
  to.resize(std::max(to.size(), more.size()));
  std::ranges::transform(more, to, to.begin(), std::plus<>());
}

// A vocabulary is no list of classes to tell about; tokens have statistics of their own.
bool is_told(const Statistic& one, bool of_tokens) {
  const bool is_of_tokens = one.of == nll || one.of == perplexity || one.of == tokens;
  if (!of_tokens) return !is_of_tokens;
  return is_of_tokens || one.of == loss || one.of == accuracy || one.of == samples;
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
  add_each(confusion, more.confusion);
  add_each(absent, more.absent);
  scored.add(more.scored);
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

std::vector<const Statistic*> statistics_of(Loss loss, bool by_class) {
  return those([&](const Statistic& one) {
    return (one.fits & only(loss)) != 0 && (by_class || !one.on_request);
  });
}

std::vector<const Statistic*> table_statistics(Loss loss) {
  return those([&](const Statistic& one) { return one.in_tables && (one.fits & only(loss)) != 0; });
}

bool is_told_of(const Statistic& statistic, Loss loss, const Field& target) {
  return is_told(statistic, loss == Loss::cross_entropy && target.shape.rank() > 0);
}

Evaluation::Evaluation(Loss loss, const Counts& counts)
    : loss_(loss), statistics_(statistics_of(loss, counts.by_class)) {
  const bool of_tokens = loss == Loss::cross_entropy && counts.elements > 0;
  std::erase_if(statistics_, [&](const Statistic* one) { return !is_told(*one, of_tokens); });
  for (const Statistic* statistic : statistics_) {
    values_.push_back(counts.rows > 0 ? statistic->of(counts) : std::vector{0.0});
  }
}

Evaluation::Evaluation(Loss loss, std::vector<std::vector<double>> values)
    : loss_(loss), statistics_(statistics_of(loss)), values_(std::move(values)) {
  values_.resize(statistics_.size());
}

std::size_t Evaluation::bytes() const {
  std::size_t numbers = 0;
  for (const std::vector<double>& values : values_) numbers += values.size();
  return numbers * sizeof(double);
}

bool Evaluation::has(std::string_view statistic) const {
  return std::ranges::find(statistics_, statistic, &Statistic::name) != statistics_.end();
}

std::span<const double> Evaluation::values(std::string_view statistic) const {
  const auto row = std::ranges::find(statistics_, statistic, &Statistic::name);
  return values_.at(static_cast<std::size_t>(row - statistics_.begin()));
}

std::size_t Evaluation::columns(const Statistic& matrix) const {
  const std::size_t rows = values("support_per_class").size();
  return rows == 0 ? 0 : values(matrix.name).size() / rows;
}

Value Evaluation::value(const Statistic& statistic) const {
  const std::span<const double> found = values(statistic.name);
  const auto shown = [](double one) { return std::isnan(one) ? Value{} : Value(one); };
  if (statistic.form == Form::number) {
    const bool may_be_none = statistic.of == r2 || statistic.of == auc_macro;
    return may_be_none ? shown(found[0]) : Value(found[0]);
  }
  if (statistic.form == Form::count) return static_cast<std::int64_t>(found[0]);
  Value::List list;
  if (statistic.form == Form::matrix) {
    const std::size_t width = columns(statistic);
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (i % width == 0) list.emplace_back(Value::List{});
      list.back().as_list().emplace_back(static_cast<std::int64_t>(found[i]));
    }
    return Value(std::move(list));
  }
  for (const double one : found) list.push_back(shown(one));
  return Value(std::move(list));
}

}  // namespace lathe
