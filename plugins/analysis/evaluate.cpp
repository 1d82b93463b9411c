// Scores the network on rows of the run's data set.
#include <lathe/lathe.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "csv.hpp"
#include "splits.hpp"

namespace {

// Counts of a matrix by class, and how its rows and columns are called.
struct Matrix {
  const lathe_statistic& counts;
  const std::vector<std::string>& classes;
  std::vector<std::string> columns;

  std::int64_t at(std::uint64_t row, std::uint64_t column) const {
    return static_cast<std::int64_t>(counts.values[row * counts.columns + column]);
  }
  std::uint64_t rows() const {
    return counts.columns == 0 ? 0 : counts.value_count / counts.columns;
  }

  // Whether a table of it stands in lines of 80 columns, two blanks between cells.
  bool fits_the_screen() const {
    std::size_t width = std::string_view("class").size();
    for (const std::string& name : classes) width = std::max(width, name.size());
    for (std::uint64_t column = 0; column < counts.columns; ++column) {
      std::size_t widest = columns[column].size();
      for (std::uint64_t row = 0; row < rows(); ++row) {
        widest = std::max(widest, lathe::to_string(at(row, column)).size());
      }
      width += 2 + widest;
    }
    return width <= 80;
  }
};

std::string csv(const Matrix& matrix) {
  std::string text = "class";
  for (const std::string& name : matrix.columns) text += "," + analysis::csv_field(name);
  text += "\n";
  for (std::uint64_t row = 0; row < matrix.rows(); ++row) {
    text += analysis::csv_field(matrix.classes[row]);
    for (std::uint64_t column = 0; column < matrix.counts.columns; ++column) {
      text += "," + lathe::to_string(matrix.at(row, column));
    }
    text += "\n";
  }
  return text;
}

// Names of the classes or labels of a target, by number where it has none.
std::vector<std::string> class_names(const std::vector<lathe::field>& fields, std::uint64_t count) {
  std::vector<std::string> names;
  for (const lathe::field& f : fields) {
    if (f.role == LATHE_FIELD_TARGET) {
      names = f.class_names;
      break;
    }
  }
  names.resize(std::min<std::size_t>(names.size(), count));
  for (std::uint64_t c = names.size(); c < count; ++c)
    names.push_back(lathe::to_string(static_cast<std::int64_t>(c)));
  return names;
}

struct Evaluate {
  static constexpr lathe_option options[] = {
      analysis::split_option("Rows to score.").by_default("validation"),
      analysis::kDataLoader,
      analysis::kNumSamples,
      analysis::batch_size_option("Rows at once; 0 means the run's evaluation_batch_size."),
      lathe::bool_option("by_class",
                         "Areas under ROC curves, and the confusion matrix; NA: but in the trials "
                         "of a search, unless it optimises auc_macro.")
          .nullable()
          .by_default("NA"),
  };
  // With the run's loss, those that fit it.
  static constexpr const char* scalars =
      "loss|accuracy|accuracy_macro|mae|r2|samples|precision_macro|recall_macro|f1_macro|auc_macro|"
      "nll|perplexity|tokens";
  static constexpr const char* details =
      "Runs the network in evaluation mode on rows of a split and publishes every statistic that "
      "fits the run's loss. Of classes (`cross_entropy`) the table `classes` has, with the rows of "
      "a class that were taken for it as `tp`: `precision = tp / rows taken for it`, "
      "`recall = tp / rows of it` and `f1 = 2 tp / (rows taken for it + rows of it)`; `support` "
      "counts the rows of it. `auc` is the area under the ROC curve, one class against the rest: "
      "the share of pairs, a row of the class and one of another, in which the first has the "
      "higher probability, equal ones counted half. What is undefined is none: the precision of a "
      "class that was never predicted, the area of a class without rows or with all of them.\n\n"
      "`precision_macro`, `recall_macro` (which is `accuracy_macro`) and `f1_macro` are means over "
      "the classes that were a label or a prediction, an undefined one counted 0; `auc_macro` is "
      "that of the defined areas. A row with a logit that is NaN is a wrong one of its class, and "
      "taken for none. A weight field weighs rows in the loss and in nothing else.\n\n"
      "Of tokens (a target of several classes a row, eg: the next token at each position) "
      "`accuracy` and `nll`, the mean negative log-likelihood by natural logarithm, which is the "
      "loss, are means over those that count: a target of -100, PyTorch's ignore_index, does not. "
      "`perplexity = exp(nll)`, `tokens` says how many count, `samples` how many rows there are. "
      "Nothing is told by class, and no logits are kept.\n\n"
      "The table `confusion_matrix` counts rows by class (line) and predicted class (column). One "
      "wider than the screen goes to `confusion_matrix.csv`. Of labels (`bce_with_logits`) the "
      "same is told of each label, predicted at a probability above 0.5, with the four counts in "
      "`label_counts`.\n\n"
      "Source: scikit-learn's precision_recall_fscore_support and "
      "roc_auc_score(multi_class='ovr'); "
      "Hanley and McNeil, \"The meaning and use of the area under a ROC curve\", 1982.\n\n"
      "Example: `lathe transform jsc-tiny jsc-sim --passes 'evaluate<num_samples=512>'`";

  explicit Evaluate(const lathe::options& o) : rows_(analysis::rows_of(o)) {
    rows_.by_class = LATHE_BY_CLASS_OUTSIDE_TRIALS;
    if (o.has("by_class")) {
      rows_.by_class = o.boolean("by_class") ? LATHE_BY_CLASS_YES : LATHE_BY_CLASS_NO;
    }
  }

  void run(lathe::graph graph, lathe::executor executor, lathe::data data, lathe::report out) {
    const lathe::evaluation found = executor.evaluate(graph, rows_);
    for (const lathe_statistic* statistic : found.statistics()) {
      if (statistic->value_count == 0) continue;
      if (statistic->form == LATHE_STATISTIC_COUNT) {
        out.scalar(lathe::to_view(statistic->name),
                   static_cast<std::int64_t>(statistic->values[0]));
      } else if (statistic->form == LATHE_STATISTIC_NUMBER) {
        out.scalar(lathe::to_view(statistic->name), statistic->values[0]);
      }
    }
    const lathe_statistic* support = found.find("support_per_class");
    if (support == nullptr || support->value_count == 0) return;
    const std::vector<std::string> classes = class_names(data.fields(), support->value_count);
    publish_classes(found, classes, out);
    publish_matrix(found, classes, out);
  }

 private:
  // class | support | precision | recall | f1 | auc
  static void publish_classes(const lathe::evaluation& found,
                              const std::vector<std::string>& classes, lathe::report& out) {
    constexpr std::string_view kEnd = "_per_class";
    std::vector<std::string_view> columns{"class"};
    std::vector<const lathe_statistic*> shown;
    for (const lathe_statistic* statistic : found.statistics()) {
      const std::string_view name = lathe::to_view(statistic->name);
      // The accuracy of a class is its recall.
      if (statistic->form != LATHE_STATISTIC_PER_CLASS || name == "accuracy_per_class" ||
          statistic->value_count != classes.size()) {
        continue;
      }
      const bool ends = name.size() > kEnd.size() && name.substr(name.size() - kEnd.size()) == kEnd;
      columns.push_back(ends ? name.substr(0, name.size() - kEnd.size()) : name);
      shown.push_back(statistic);
    }
    lathe::table table = out.table("classes", columns);
    for (std::size_t c = 0; c < classes.size(); ++c) {
      std::vector<lathe::value> cells{classes[c]};
      for (const lathe_statistic* statistic : shown) {
        const double value = statistic->values[c];
        if (lathe::to_view(statistic->name) == "support_per_class") {
          cells.emplace_back(static_cast<std::int64_t>(value));
        } else {
          cells.push_back(std::isnan(value) ? lathe::value() : lathe::value(value));
        }
      }
      table.row(cells);
    }
  }

  // Columns are numbers of classes, so that lines stay short; lines have their names.
  static void publish_matrix(const lathe::evaluation& found,
                             const std::vector<std::string>& classes, lathe::report& out) {
    const bool of_labels = found.has("label_counts");
    const char* name = of_labels ? "label_counts" : "confusion_matrix";
    const lathe_statistic* counts = found.find(name);
    if (counts == nullptr || counts->value_count == 0) return;
    Matrix matrix{*counts, classes, {}};
    if (of_labels) {
      matrix.columns = {"tn", "fp", "fn", "tp"};
    } else {
      for (std::uint64_t c = 0; c < counts->columns; ++c) {
        matrix.columns.push_back(lathe::to_string(static_cast<std::int64_t>(c)));
      }
    }
    if (!of_labels && !matrix.fits_the_screen()) {
      const std::string file = lathe::join({name, ".csv"});
      out.text(name, lathe::join({"of ", lathe::to_string(static_cast<std::int64_t>(matrix.rows())),
                                  " classes is wider than the screen; it is in ", file}));
      matrix.columns = classes;
      out.file(file, csv(matrix));
      return;
    }
    std::vector<std::string_view> columns{"class"};
    columns.insert(columns.end(), matrix.columns.begin(), matrix.columns.end());
    lathe::table table = out.table(name, columns);
    for (std::uint64_t row = 0; row < matrix.rows(); ++row) {
      std::vector<lathe::value> cells{classes[row]};
      for (std::uint64_t c = 0; c < counts->columns; ++c) cells.emplace_back(matrix.at(row, c));
      table.row(cells);
    }
  }

  lathe::rows rows_;
};

}  // namespace

LATHE_ANALYSIS(Evaluate, "evaluate", "1.2.0",
               "Loss, accuracy or errors on a split of the data set, by class too.")
