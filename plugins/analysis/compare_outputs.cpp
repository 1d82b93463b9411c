// What the transformed network says beside the original: on any data, with labels or without.
#include <lathe/lathe.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "comparison/compared_rows.hpp"
#include "splits.hpp"

namespace {

using analysis::OutputDifference;
using analysis::OutputKind;

struct Row {
  std::uint64_t number;
  OutputDifference difference;
};

// The rows with the greatest `badness`, the worst first. What is no number is worst of all; of
// equals the first.
class WorstRows {
 public:
  WorstRows(std::size_t most, double (*badness)(const OutputDifference&))
      : most_(most), badness_(badness) {}

  void see(const Row& row) {
    if (most_ == 0 || row.difference.places == 0) return;
    rows_.push_back(row);
    if (rows_.size() >= 2 * most_ + 64) leave_out();
  }
  const std::vector<Row>& rows() {
    leave_out();
    return rows_;
  }

 private:
  void leave_out() {
    std::sort(rows_.begin(), rows_.end(), [this](const Row& a, const Row& b) {
      const double left = badness_(a.difference), right = badness_(b.difference);
      if (std::isnan(left) != std::isnan(right)) return std::isnan(left);
      if (std::isnan(left) || left == right) return a.number < b.number;
      return left > right;
    });
    if (rows_.size() > most_)
      rows_.erase(rows_.begin() + static_cast<std::ptrdiff_t>(most_), rows_.end());
  }

  std::size_t most_;
  double (*badness_)(const OutputDifference&);
  std::vector<Row> rows_;
};

struct CompareOutputs {
  static constexpr lathe_option options[] = {
      analysis::split_option("Rows to compare on.").by_default("validation"),
      analysis::kDataLoader,
      analysis::kNumSamples,
      analysis::batch_size_option("Rows at once; 0 means the run's evaluation_batch_size."),
      lathe::choice_option("output", "auto|classes|numbers",
                           "What the output is: logits of classes along its last dimension, or "
                           "numbers, which have neither divergence nor agreement; auto: classes, "
                           "unless the data set's target is made of numbers.")
          .by_default("auto"),
      lathe::int_option("worst", "How many rows the table 'worst' has.")
          .by_default("10")
          .within("0.."),
  };
  static constexpr const char* scalars =
      "kl|top1_agreement|snr_db|noise_to_signal|compared_samples|compared_positions";
  static constexpr const char* details =
      "Runs the network and the original, the graph before the run's first pass, on the same rows, "
      "and tells how far their outputs are apart. No labels are needed. With the original's output "
      "`z`, the network's `z_q`, `p = softmax(z)` and `q = softmax(z_q)` over the last dimension, "
      "`N` positions (of rows of one output each: rows; of sequences: every position that counts, "
      "which are all but those whose target is -100, as the last one of a sequence and padding "
      "are):\n\n"
      "| scalar | |\n|---|---|\n"
      "| `kl` | `1/N * sum over positions of sum over classes of p * (ln p - ln q)`, the "
      "Kullback-Leibler divergence, original first, natural logarithm |\n"
      "| `top1_agreement` | share of positions where both have the largest logit at the same "
      "class, "
      "the first of equals; one with NaN agrees with nothing |\n"
      "| `noise_to_signal` | `sum((z_q - z)^2) / sum(z^2)`, at least 1e-30 |\n"
      "| `snr_db` | `-10 * log10(noise_to_signal)`, at most 300, which equal outputs have |\n"
      "| `compared_samples`, `compared_positions` | rows, and `N` |\n\n"
      "All are metrics of searches, and the first three have a method each in `sensitivity` (`kl`, "
      "`top1`, `noise`). The table `worst` has the rows with the largest `kl` (of numbers: the "
      "largest noise), by their number in the split. Sums are doubles, row by row, so that neither "
      "batches nor threads change a bit of them.\n\n"
      "Up to 128 MiB of outputs the original's are computed once and remembered for all trials of "
      "a search (within `--cache-limit`); of more, both networks are run batch by batch, and no "
      "output "
      "is kept.\n\n"
      "Source: Kullback and Leibler, \"On information and sufficiency\", Annals of Mathematical "
      "Statistics 22, 1951.\n\n"
      "Example: `lathe transform jsc-tiny jsc-sim --passes "
      "'quantize<by=type,linear.name=integer,linear.weight_width=4>,compare_outputs'`";

  explicit CompareOutputs(const lathe::options& o)
      : rows_(analysis::rows_of(o)), worst_(static_cast<std::size_t>(o.integer("worst"))) {
    const std::string kind = o.text("output");
    kind_ = kind == "classes"   ? OutputKind::classes
            : kind == "numbers" ? OutputKind::numbers
                                : OutputKind::by_target;
  }

  void run(lathe::graph graph, lathe::executor executor, lathe::data data, lathe::context context,
           lathe::report out) const {
    const lathe::graph original = graph.original();
    const analysis::ComparedRows compared(original, data, rows_, kind_);
    if (compared.count() == 0) {
      throw lathe::error(LATHE_FAILED_PRECONDITION,
                         lathe::join({"the ", rows_.split, " split has no rows to compare on"}));
    }
    analysis::OutputComparison comparison = compared.comparison();
    OutputDifference all;
    const bool of_classes = compared.of_classes();
    WorstRows worst(worst_, [](const OutputDifference& d) { return d.noise; });
    if (of_classes) worst = {worst_, [](const OutputDifference& d) { return d.mean_divergence(); }};
    analysis::OutputPairs(compared, rows_, executor, data, context)
        .each(original, graph, [&](std::uint64_t row, const float* z, const float* now) {
          const Row found{row, comparison.row(z, now, compared.targets(row))};
          all.add(found.difference);
          worst.see(found);
        });
    if (all.places == 0) {
      throw lathe::error(
          LATHE_FAILED_PRECONDITION,
          lathe::join({"no position of the ", rows_.split, " split counts: every target is -100"}));
    }
    publish(all, of_classes, out);
    if (worst_ > 0) publish_worst(worst.rows(), of_classes, out);
  }

 private:
  static void publish(const OutputDifference& all, bool of_classes, lathe::report& out) {
    if (of_classes) {
      out.scalar("kl", all.mean_divergence());
      out.scalar("top1_agreement", all.agreement());
    }
    out.scalar("snr_db", all.decibels());
    out.scalar("noise_to_signal", all.noise_to_signal());
    out.scalar("compared_samples", all.rows);
    out.scalar("compared_positions", all.places);
  }

  static void publish_worst(const std::vector<Row>& rows, bool of_classes, lathe::report& out) {
    lathe::table table = of_classes
                             ? out.table("worst", {"sample", "kl", "top1_agreement", "snr_db"})
                             : out.table("worst", {"sample", "noise", "snr_db"});
    for (const auto& [number, found] : rows) {
      if (of_classes) {
        table.row({number, found.mean_divergence(), found.agreement(), found.decibels()});
      } else {
        table.row({number, found.noise, found.decibels()});
      }
    }
  }

  lathe::rows rows_;
  OutputKind kind_;
  std::size_t worst_;
};

}  // namespace

LATHE_ANALYSIS(CompareOutputs, "compare_outputs", "1.0.0",
               "The network's outputs beside the original's: divergence, agreement, noise.")
