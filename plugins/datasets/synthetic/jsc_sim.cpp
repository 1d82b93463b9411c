// Synthetic jets in the shape of jsc: five classes told apart by mass, prongs, multiplicity and
// width, seen through sixteen correlated, skewed and noisy features. A network learns them, but W
// and Z, and quarks and gluons, overlap as they do in nature. Not simulated physics.
#include <lathe/lathe.hpp>

#include <cmath>

namespace {

constexpr std::size_t kFeatures = 16, kClasses = 5, kLatents = 5;
constexpr const char* kClassNames[kClasses] = {"g", "q", "w", "z", "t"};

struct spread {
  double mean, deviation;
};
// Of each class: log mass (in units of 80 GeV), two prongs, three prongs, multiplicity, width.
constexpr spread kClassLatents[kClasses][kLatents] = {
    {{-0.10, 0.55}, {-0.50, 0.90}, {-0.40, 0.80}, {0.80, 0.90}, {0.60, 0.80}},
    {{-0.50, 0.60}, {-0.60, 0.85}, {-0.60, 0.80}, {-0.60, 0.80}, {-0.40, 0.80}},
    {{0.00, 0.12}, {0.80, 0.75}, {-0.20, 0.70}, {-0.30, 0.80}, {-0.30, 0.70}},
    {{0.14, 0.12}, {0.80, 0.75}, {-0.20, 0.70}, {-0.20, 0.80}, {-0.25, 0.70}},
    {{0.60, 0.28}, {0.40, 0.80}, {0.80, 0.80}, {0.60, 0.80}, {0.40, 0.70}},
};

// How a feature sees the latents; `skew` bends it, as ratios and counts are bent.
struct feature {
  double weights[kLatents];
  double noise, skew;
};
constexpr feature kFeatureTable[kFeatures] = {
    {{-0.3, -0.2, -0.3, -0.9, -0.4}, 0.25, 0.2},  // zlogz
    {{0.2, 0.3, 0.3, 0.8, 0.1}, 0.25, 0.1},       // c1_b0
    {{0.8, 0.1, 0.2, 0.2, 0.4}, 0.15, 0.3},       // c1_b1
    {{0.9, 0.0, 0.2, 0.0, 0.3}, 0.12, 0.5},       // c1_b2
    {{0.3, -0.6, 0.1, 0.3, 0.5}, 0.25, 0.2},      // c2_b1
    {{0.4, -0.7, 0.2, 0.1, 0.4}, 0.25, 0.4},      // c2_b2
    {{-0.3, -0.9, 0.2, 0.2, 0.1}, 0.25, 0.5},     // d2_b1
    {{-0.2, -0.8, 0.3, 0.1, 0.1}, 0.35, 0.6},     // d2_b2
    {{-0.3, -0.9, 0.2, 0.2, 0.1}, 0.25, 0.5},     // d2_a1_b1
    {{-0.2, -0.8, 0.4, 0.1, 0.0}, 0.35, 0.6},     // d2_a1_b2
    {{0.1, -0.4, 0.7, 0.1, 0.2}, 0.30, 0.3},      // m2_b1
    {{0.1, -0.4, 0.8, 0.0, 0.2}, 0.30, 0.4},      // m2_b2
    {{0.0, -0.7, 0.5, 0.1, 0.2}, 0.30, 0.2},      // n2_b1
    {{0.0, -0.7, 0.6, 0.0, 0.2}, 0.30, 0.3},      // n2_b2
    {{1.0, 0.0, 0.0, 0.0, 0.05}, 0.05, 0.4},      // mass
    {{0.1, 0.1, 0.1, 1.0, 0.1}, 0.10, 0.2},       // multiplicity
};

// Rows of the train split that fix the scaling of all.
constexpr std::uint64_t kScalingRows = 4096;
// Per row: one for the class, and pairs for as many normal numbers as latents and noises need.
constexpr std::size_t kNormals = kLatents + kFeatures;
constexpr std::size_t kUniforms = 1 + 2 * ((kNormals + 1) / 2);

struct JscSim {
  static constexpr lathe_component_flags flags = LATHE_FLAG_SYNTHETIC | LATHE_FLAG_PARALLEL;
  static constexpr lathe_option options[] = {
      lathe::int_option("train", "Rows to train on.").by_default("40000").within("1..100000000"),
      lathe::int_option("validation", "Rows to validate on.")
          .by_default("5000")
          .within("1..100000000"),
      lathe::int_option("test", "Rows to test on.").by_default("10000").within("1..100000000"),
      lathe::int_option("seed", "Another seed gives other jets of the same kind.")
          .by_default("0")
          .within("0.."),
  };

  JscSim(lathe::options o, std::string_view, lathe::context context)
      : random_(context), seed_(static_cast<std::uint64_t>(o.integer("seed"))) {
    for (const lathe::split s :
         {lathe::split::train, lathe::split::validation, lathe::split::test}) {
      const char* name = lathe::split_name(s);
      const auto i = static_cast<std::size_t>(s);
      rows_[i] = static_cast<std::uint64_t>(o.integer(name));
      streams_[i] = random_.stream(lathe::join({"jsc-sim ", name}));
    }
  }

  lathe::dataset_info info() const {
    return {{static_cast<std::int64_t>(kFeatures)},
            static_cast<std::int64_t>(kClasses),
            {kClassNames, kClassNames + kClasses}};
  }

  void open() {
    double sum[kFeatures] = {}, squares[kFeatures] = {}, jet[kFeatures];
    for (std::uint64_t row = 0; row < kScalingRows; ++row) {
      make(lathe::split::train, row, jet);
      for (std::size_t i = 0; i < kFeatures; ++i) {
        sum[i] += jet[i];
        squares[i] += jet[i] * jet[i];
      }
    }
    constexpr auto kCount = static_cast<double>(kScalingRows);
    for (std::size_t i = 0; i < kFeatures; ++i) {
      mean_[i] = sum[i] / kCount;
      deviation_[i] = std::sqrt(squares[i] / kCount - mean_[i] * mean_[i]);
    }
  }

  std::uint64_t count(lathe::split s) const { return rows_[static_cast<std::size_t>(s)]; }

  // A row is a pure function of (seed, split, row): nothing is kept.
  void read(lathe::split s, lathe::span<const std::uint64_t> index, float* samples,
            std::int64_t* labels) const {
    double jet[kFeatures];
    for (const std::uint64_t row : index) {
      *labels++ = make(s, row, jet);
      for (std::size_t i = 0; i < kFeatures; ++i) {
        *samples++ = static_cast<float>((jet[i] - mean_[i]) / deviation_[i]);
      }
    }
  }

 private:
  // The features of a row before scaling; returns its class.
  std::int64_t make(lathe::split s, std::uint64_t row, double* jet) const {
    double uniforms[kUniforms];
    random_.uniform(seed_, streams_[static_cast<std::size_t>(s)], row * kUniforms,
                    {uniforms, kUniforms});
    // Box and Muller.
    double normals[kUniforms - 1];
    for (std::size_t i = 0; i + 1 < kUniforms; i += 2) {
      const double radius = std::sqrt(-2.0 * std::log(1.0 - uniforms[1 + i]));
      const double angle = 6.283185307179586 * uniforms[2 + i];
      normals[i] = radius * std::cos(angle);
      normals[i + 1] = radius * std::sin(angle);
    }
    const auto label = static_cast<std::size_t>(uniforms[0] * static_cast<double>(kClasses));
    double latents[kLatents];
    for (std::size_t i = 0; i < kLatents; ++i) {
      const spread& from = kClassLatents[label][i];
      latents[i] = from.mean + from.deviation * normals[i];
    }
    for (std::size_t i = 0; i < kFeatures; ++i) {
      const feature& sees = kFeatureTable[i];
      double x = sees.noise * normals[kLatents + i];
      for (std::size_t j = 0; j < kLatents; ++j) x += sees.weights[j] * latents[j];
      jet[i] = x + sees.skew * x * x;
    }
    return static_cast<std::int64_t>(label);
  }

  lathe::rng random_;
  std::uint64_t seed_;
  std::uint64_t rows_[3] = {};
  std::uint64_t streams_[3] = {};
  double mean_[kFeatures] = {}, deviation_[kFeatures] = {};
};

}  // namespace

LATHE_DATASET(JscSim, "jsc-sim", "1.0.0",
              "Synthetic jets in the shape of jsc: 16 features, classes g, q, w, z, t.")
