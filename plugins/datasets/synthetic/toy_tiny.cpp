// MASE's toy_tiny: four uniform numbers, and whether their sum is positive.
#include <lathe/lathe.hpp>

#include "../numpy_random.hpp"

namespace {

constexpr std::uint64_t kRows = 10240;
constexpr std::uint64_t kFeatures = 4;

struct ToyTiny : lathe::memory_dataset {
  static constexpr lathe_component_flags flags = LATHE_FLAG_SYNTHETIC;

  lathe::dataset_info info() const { return {{1, 2, 2}, 2, {"negative", "positive"}}; }

  void open() {
    for (const lathe::split split :
         {lathe::split::train, lathe::split::validation, lathe::split::test}) {
      // The splits are seeded 0, 1 and 2.
      datasets::numpy_random random(static_cast<std::uint32_t>(split));
      lathe::sample_rows& rows = rows_of(split);
      rows.samples.reserve(kRows * kFeatures);
      rows.labels.reserve(kRows);
      for (std::uint64_t row = 0; row < kRows; ++row) {
        double sum = 0;
        for (std::uint64_t i = 0; i < kFeatures; ++i) {
          const double x = (random.rand() - 0.5) * 2;
          rows.samples.push_back(static_cast<float>(x));
          sum += x;
        }
        rows.labels.push_back(sum > 0 ? 1 : 0);
      }
    }
  }
};

}  // namespace

LATHE_DATASET(ToyTiny, "toy_tiny", "1.0.0",
              "Synthetic: 1 x 2 x 2 uniform numbers, class 1 where their sum is positive.")
