// How much each weight matters for the loss: the empirical Fisher information, the mean over rows
// of the squared gradient of each row's loss. Weights with little of it stand fewer bits.
//   lathe plugin build fisher.cpp
//   lathe transform jsc-tiny jsc-sim --load ... --passes 'example.fisher<samples=512>' --plugin
//   ./fisher.so
// In a search: sw_runner."example.fisher" = {}, and metrics.fisher = {scale = 1.0, direction =
// "minimize"}.
#include <lathe/lathe.hpp>

namespace {

struct Fisher {
  static constexpr lathe_option options[] = {
      lathe::string_option("split", "Rows of this split.").by_default("validation"),
      lathe::int_option("samples", "The first so many rows; 0: all.").by_default("0").within("0.."),
  };
  static constexpr const char* scalars = "fisher";

  explicit Fisher(lathe::options o)
      : rows_{o.text("split"), static_cast<std::uint64_t>(o.integer("samples")), 1} {}

  void run(lathe::graph g, lathe::executor executor, lathe::report out,
           lathe::context context) const {
    struct Sum {
      std::string name;
      std::uint64_t elements;
      double squares;
    };
    std::vector<Sum> sums;
    std::uint64_t rows = 0;
    // Batches of one row: the square of a mean gradient is not the mean of the squares.
    executor.gradients(g, rows_,
                       [&](const std::vector<lathe::parameter_gradient>& parameters,
                           const lathe_gradients& batch) {
                         context.stop_if_cancelled();
                         rows += batch.rows;
                         if (sums.empty()) {
                           for (const lathe::parameter_gradient& p : parameters) {
                             sums.push_back({std::string(p.qualified_name), p.gradient.size(), 0});
                           }
                         }
                         for (std::size_t i = 0; i < parameters.size(); ++i) {
                           for (const float slope : parameters[i].gradient) {
                             sums[i].squares +=
                                 static_cast<double>(slope) * static_cast<double>(slope);
                           }
                         }
                       });
    double total = 0;
    lathe::table table = out.table("fisher", {"parameter", "elements", "fisher", "per_element"});
    for (const Sum& sum : sums) {
      const double fisher = sum.squares / static_cast<double>(rows);
      table.row({sum.name, sum.elements, fisher, fisher / static_cast<double>(sum.elements)});
      total += fisher;
    }
    out.scalar("fisher", total);
  }

 private:
  lathe::rows rows_;
};

}  // namespace

LATHE_ANALYSIS(Fisher, "example.fisher", "1.0.0",
               "Empirical Fisher information of each parameter: what the loss knows of it.")
