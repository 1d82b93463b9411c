// Outputs and targets of the rows of an evaluation, kept where statistics need all of them at once,
// and the areas under the ROC curves of its classes or labels.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace lathe {

struct ScoredRows {
  std::vector<float> outputs;         // rows x classes, or rows x labels: logits
  std::vector<std::int64_t> targets;  // the class of each row; of labels 1 or 0 for each output

  void add(const ScoredRows& more);
};

// By class the area under the ROC curve, one against the rest: the share of pairs of a row of the
// class and a row of none in which the first has the higher probability, equal ones counted half
// (the trapezoidal rule; scikit-learn's roc_auc_score). Rows are ordered by the log-odds of softmax
// to 40 binary places, so that neither saturation nor the order of a sum tells rows apart. NaN
// where no row or every row is of the class, or where an output is NaN.
std::vector<double> areas_by_class(const ScoredRows& rows, std::int64_t classes);

// By label the same of its own logits. REQUIRES: labels > 0.
std::vector<double> areas_by_label(const ScoredRows& rows, std::int64_t labels);

}  // namespace lathe
