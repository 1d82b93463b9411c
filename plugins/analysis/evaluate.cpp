// Scores the network on rows of the run's data set.
#include <lathe/lathe.hpp>

#include <cmath>

namespace {

// MASE's names of data loaders beside the names of the splits.
constexpr const char* kSplits =
    "train|validation|test|train_dataloader|val_dataloader|test_dataloader";

std::string split_of(const std::string& word) {
  if (word == "train_dataloader") return "train";
  if (word == "val_dataloader") return "validation";
  if (word == "test_dataloader") return "test";
  return word;
}

struct Evaluate {
  static constexpr lathe_option options[] = {
      lathe::choice_option("split", kSplits, "Rows to score.").by_default("validation"),
      lathe::choice_option("data_loader", kSplits, "MASE's word for 'split'; it wins over that.")
          .nullable()
          .by_default("NA"),
      lathe::int_option("num_samples", "Only the first so many rows; 0 means all.")
          .within("0..")
          .by_default("0"),
      lathe::int_option("batch_size", "Rows at once; 0 means the run's evaluation_batch_size.")
          .within("0..")
          .by_default("0"),
  };
  // With the run's loss, those that fit it.
  static constexpr const char* scalars = "loss|accuracy|accuracy_macro|mae|r2|samples";

  explicit Evaluate(lathe::options o) {
    rows_.split = split_of(o.text_or("data_loader", o.text("split")));
    rows_.samples = static_cast<std::uint64_t>(o.integer("num_samples"));
    const std::int64_t batch = o.integer("batch_size");
    if (batch > INT32_MAX) {
      throw lathe::invalid_argument("'batch_size' is more than 2147483647").at_option("batch_size");
    }
    rows_.batch_size = static_cast<std::uint32_t>(batch);
  }

  void run(lathe::graph graph, lathe::executor executor, lathe::report out) {
    const lathe::evaluation found = executor.evaluate(graph, rows_);
    for (const lathe_statistic* statistic : found.statistics()) {
      const std::string_view name = lathe::to_view(statistic->name);
      if (statistic->form == LATHE_STATISTIC_PER_CLASS) {
        publish_classes(name, *statistic, out);
      } else if (statistic->form == LATHE_STATISTIC_COUNT) {
        out.scalar(name, static_cast<std::int64_t>(statistic->values[0]));
      } else {
        out.scalar(name, statistic->values[0]);
      }
    }
  }

 private:
  static void publish_classes(std::string_view name, const lathe_statistic& statistic,
                              lathe::report& out) {
    lathe::table table = out.table(name, {"class", name});
    for (std::uint64_t c = 0; c < statistic.value_count; ++c) {
      const double value = statistic.values[c];
      table.row(
          {static_cast<std::int64_t>(c), std::isnan(value) ? lathe::value() : lathe::value(value)});
    }
  }

  lathe::rows rows_;
};

}  // namespace

LATHE_ANALYSIS(Evaluate, "evaluate", "1.0.0",
               "Loss, accuracy or errors on a split of the data set.")
