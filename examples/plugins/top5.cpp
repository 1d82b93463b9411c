// A metric of one's own: the share of rows whose label is among the five likeliest classes. It
// reads labels (lathe::data) and runs the network (lathe::executor).
//   lathe plugin build top5.cpp
//   lathe transform vgg7 cifar10 --load ... --passes 'example.top5<samples=1000>' --plugin
//   ./top5.so
// In a search: sw_runner."example.top5" = {}, and metrics.top5 = {scale = 1.0, direction =
// "maximize"}.
#include <lathe/lathe.hpp>

#include <algorithm>
#include <cmath>

namespace {

struct Top5 {
  static constexpr lathe_option options[] = {
      lathe::string_option("split", "Rows of this split.").by_default("validation"),
      lathe::int_option("samples", "The first so many rows; 0: all.").by_default("0").within("0.."),
      lathe::int_option("k", "How many classes may hold the label.").by_default("5").within("1.."),
  };
  static constexpr const char* scalars = "top5|samples";

  explicit Top5(lathe::options o)
      : split_(o.text("split")),
        samples_(static_cast<std::uint64_t>(o.integer("samples"))),
        k_(o.integer("k")) {}

  void run(lathe::graph g, lathe::executor executor, lathe::data data, lathe::report out,
           lathe::context context) const {
    std::uint64_t rows = data.count(split_);
    if (samples_ != 0) rows = std::min(rows, samples_);
    if (rows == 0) throw lathe::invalid_argument("the split has no rows").at_option("split");
    const std::vector<lathe::field> fields = data.fields();
    std::uint64_t hits = 0;
    for (std::uint64_t first = 0; first < rows; first += kBatch) {
      context.stop_if_cancelled();
      const auto batch = data.read(split_, first, std::min(kBatch, rows - first));
      std::vector<const lathe_tensor*> inputs, labels;
      for (std::size_t i = 0; i < fields.size(); ++i) {
        if (fields[i].role == LATHE_FIELD_INPUT) inputs.push_back(batch[i]);
        if (fields[i].of_classes()) labels.push_back(batch[i]);
      }
      if (labels.empty()) {
        throw lathe::error(LATHE_FAILED_PRECONDITION, "the data set has no target of classes");
      }
      const auto outputs = executor.run(g, inputs);
      hits += hits_of(lathe::tensor<const float>(*outputs[0]),
                      lathe::tensor<const std::int64_t>(*labels[0]));
      executor.release(outputs);
      data.release(batch);
      context.progress(first + kBatch, rows, "rows");
    }
    out.scalar("top5", static_cast<double>(hits) / static_cast<double>(rows));
    out.scalar("samples", rows);
  }

 private:
  static constexpr std::uint64_t kBatch = 256;

  // Rows where fewer than k classes come before the label's: they are likelier, or as likely and
  // earlier, as argmax has it. NaN compares with nothing: a row that has one hits nothing.
  std::uint64_t hits_of(lathe::tensor<const float> logits,
                        lathe::tensor<const std::int64_t> labels) const {
    const std::uint64_t classes = logits.size() / labels.size();
    std::uint64_t hits = 0;
    for (std::uint64_t row = 0; row < labels.size(); ++row) {
      const float* of_row = logits.data() + row * classes;
      const float own = of_row[labels[row]];
      std::int64_t before = 0;
      if (std::any_of(of_row, of_row + classes, [](float x) { return std::isnan(x); })) continue;
      for (std::uint64_t c = 0; c < classes; ++c) {
        before +=
            of_row[c] > own || (of_row[c] == own && static_cast<std::int64_t>(c) < labels[row]);
      }
      hits += before < k_;
    }
    return hits;
  }

  std::string split_;
  std::uint64_t samples_;
  std::int64_t k_;
};

}  // namespace

LATHE_ANALYSIS(Top5, "example.top5", "1.0.0", "Share of rows whose label is among the top five.")
