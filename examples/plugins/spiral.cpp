// A data set: points on two intertwined spirals. It invents its rows and says so (the flag), so
// every report that used it does too.
#include <lathe/lathe.hpp>

#include <cmath>

class Spiral : public lathe::memory_dataset {
 public:
  static constexpr lathe_option options[] = {
      lathe::int_option("rows", "Rows of the train split; the others have a quarter.")
          .by_default("2048")
          .within("4..1000000"),
      lathe::float_option("noise", "How far points stray.").by_default("0.05").within("0..1"),
      lathe::int_option("seed", "Another seed, other points.").by_default("0").within("0.."),
  };
  static constexpr lathe_component_flags flags = LATHE_FLAG_SYNTHETIC;

  explicit Spiral(lathe::options o)
      : rows_(static_cast<std::uint64_t>(o.integer("rows"))),
        noise_(o.real("noise")),
        seed_(static_cast<std::uint64_t>(o.integer("seed"))) {}

  lathe::dataset_info info() const { return {{2}, 2, {"inner", "outer"}}; }

  void open(lathe::context context) {
    const lathe::rng random(context);
    for (const auto split : {lathe::split::train, lathe::split::validation, lathe::split::test}) {
      // A stream of its own for each split: they share no points.
      const std::uint64_t stream = random.stream(lathe::split_name(split));
      lathe::sample_rows& all = rows_of(split);
      const std::uint64_t count = split == lathe::split::train ? rows_ : rows_ / 4;
      for (std::uint64_t i = 0; i < count; ++i) {
        double u[3];
        random.uniform(seed_, stream, 3 * i, {u, 3});
        const std::int64_t label = static_cast<std::int64_t>(i % 2);
        const double radius = 0.1 + 0.9 * u[0];
        const double angle = 6.0 * radius + 3.14159265358979 * static_cast<double>(label);
        all.samples.push_back(static_cast<float>(radius * std::cos(angle) + noise_ * (u[1] - 0.5)));
        all.samples.push_back(static_cast<float>(radius * std::sin(angle) + noise_ * (u[2] - 0.5)));
        all.labels.push_back(label);
      }
    }
  }

 private:
  std::uint64_t rows_;
  double noise_;
  std::uint64_t seed_;
};
LATHE_DATASET(Spiral, "spiral", "1.0.0", "Two intertwined spirals; synthetic.")
