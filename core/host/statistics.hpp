// What an evaluation tells, one row per statistic: readers of an evaluation take names, forms and
// texts from here. Adding one means adding a row and a test.
#pragma once

#include "core/base/value.hpp"
#include "core/host/loss.hpp"
#include "core/host/scoring/scored_rows.hpp"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace lathe {

// What rows are counted into. Every statistic is a function of it.
struct Counts {
  // By class of cross_entropy, by label of bce_with_logits (a label is predicted at a logit above
  // 0): how often it was found where it was, was there, and was found.
  std::vector<std::int64_t> correct, labelled, predicted;
  // Of the rows' losses, each times the row's weight, and of the weights; without weights each is
  // 1. The logarithm of `log_product`, which is 1 or more, belongs to the sum: of many rows there
  // is one logarithm.
  double loss_sum = 0, log_product = 1, weight = 0;
  std::int64_t rows = 0;
  // Predictions: one a row or token of cross_entropy, one an element of bce_with_logits.
  std::int64_t right = 0, judged = 0;
  // Of cross_entropy of tokens those that count, else 0. Of mse, over elements: sums of the errors;
  // the target's mean and the sum of its squared deviations.
  std::int64_t elements = 0;
  double absolute_error = 0, squared_error = 0;
  double target_mean = 0, target_deviation = 0;
  // Where the details by class are asked for (statistics that are `on_request`): of cross_entropy
  // rows by class (row) and predicted class (column), of bce_with_logits by label those that were
  // neither there nor found; and all outputs.
  bool by_class = false;
  std::vector<std::int64_t> confusion{}, absent{};
  ScoredRows scored{};

  double loss() const;  // the mean over the rows, weighed; NaN if they weigh nothing
  // Counts the rows of `more` too, which come after these.
  void add(const Counts& more);
};

// Losses, as bits.
using Losses = unsigned;
constexpr Losses only(Loss loss) { return 1U << static_cast<unsigned>(loss); }

struct Statistic {
  // What its values are: one number, one whole number, a number per class or label (NaN: there is
  // none), a row of numbers for each of them, row by row.
  enum class Form : std::uint32_t { number, count, per_class, matrix };
  std::string_view name;
  Form form = Form::number;
  Losses fits = 0;         // an evaluation with another loss does not have it
  bool in_tables = false;  // a column of metrics.csv and of a sweep's table
  bool higher_is_better = false;
  std::string_view doc;
  std::vector<double> (*of)(const Counts& counts);
  bool on_request = false;  // only of an evaluation that counted by class (Rows::by_class)
};

std::span<const Statistic> statistics();
const Statistic* find_statistic(std::string_view name);  // null: there is none
// Those of an evaluation with that loss, with or without those on request, and those that are
// columns of tables.
std::vector<const Statistic*> statistics_of(Loss loss, bool by_class = false);
std::vector<const Statistic*> table_statistics(Loss loss);

class Evaluation {
 public:
  explicit Evaluation(Loss loss = Loss::cross_entropy,
                      const Counts& counts = {});  // no rows: zeros
  // As somebody else found them, the first of statistics_of(loss); the rest have no values.
  Evaluation(Loss loss, std::vector<std::vector<double>> values);

  Loss loss() const { return loss_; }
  const std::vector<const Statistic*>& statistics() const { return statistics_; }
  std::size_t bytes() const;  // that its values take
  bool has(std::string_view statistic) const;
  // REQUIRES: has(statistic).
  std::span<const double> values(std::string_view statistic) const;
  double number(std::string_view statistic) const { return values(statistic).front(); }
  // Numbers in a row of a matrix. REQUIRES: has(matrix), of that form.
  std::size_t columns(const Statistic& matrix) const;
  // The same as reports show it: a number, a whole number, a list or a list of lists; none for a
  // NaN of r2 or auc_macro or in a list.
  Value value(const Statistic& statistic) const;

 private:
  Loss loss_;
  std::vector<const Statistic*> statistics_;
  std::vector<std::vector<double>> values_;  // as statistics_
};

}  // namespace lathe
