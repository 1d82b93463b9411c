// What an evaluation tells, one row per statistic: readers of an evaluation take names, forms and
// texts from here. Adding one means adding a row and a test.
#pragma once

#include "core/base/value.hpp"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace lathe {

// What the rows of an evaluation are counted into. Every statistic is a function of it.
struct Counts {
  std::vector<std::int64_t> correct, labelled, predicted;  // by class
  double loss_sum = 0;                                     // of batch means
  std::int64_t batches = 0, rows = 0;
};

struct Statistic {
  // What its values are: one number, one whole number, a number per class (NaN: there is none).
  enum class Form : std::uint32_t { number, count, per_class };
  std::string_view name;
  Form form = Form::number;
  bool in_sweeps = false;  // a column of a sweep's table
  std::string_view doc;
  std::vector<double> (*of)(const Counts& counts);
};

std::span<const Statistic> statistics();

class Evaluation {
 public:
  explicit Evaluation(const Counts& counts = {});  // of no rows: zeros
  // As somebody else found them, the first of statistics(); the rest have no values.
  explicit Evaluation(std::vector<std::vector<double>> values);

  // REQUIRES: there is a statistic of that name.
  std::span<const double> values(std::string_view statistic) const;
  double number(std::string_view statistic) const { return values(statistic).front(); }
  // The same as reports show it: a number, a whole number or a list; none for NaN in a list.
  Value value(const Statistic& statistic) const;

 private:
  std::vector<std::vector<double>> values_;  // as statistics()
};

}  // namespace lathe
