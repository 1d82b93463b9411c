// Crops and flips of cifar10: what they may make of an image, and on what alone it depends.
#include "tests/plugins/datasets/dataset_bench.hpp"
#include "tests/plugins/datasets/images/image_files.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <set>

using namespace lathe;
using namespace lathe_test;

namespace {

constexpr int kRows = 60;
constexpr std::size_t kPixels = 3 * 32 * 32;
constexpr float kBlack = -1.0F;  // what a byte of 0 becomes below

// Images of which no two pixels of a channel are alike: any crop and flip can be told.
struct Bench {
  TemporaryFolder folder;
  std::shared_ptr<Dataset> set;
  explicit Bench(const std::string& augment = "crop_flip") {
    std::string bytes;
    for (int row = 0; row < kRows; ++row) {
      bytes += static_cast<char>(row % 10);
      for (std::size_t i = 0; i < kPixels; ++i)
        bytes += static_cast<char>(1 + (i * 37 + i / 251 + static_cast<std::size_t>(row)) % 255);
    }
    const auto file = written(folder.path() / "images.bin", bytes);
    set = open_set("cifar10<train=" + file.string() +
                   ",normalize=[[0.5,0.5,0.5],[0.5,0.5,0.5]],augment=" + augment + ">");
  }

  std::vector<float> image(std::uint64_t row) const {
    const auto all = set->all(Split::train).fields[0].values<float>();
    const auto from = all.begin() + static_cast<std::ptrdiff_t>(row * kPixels);
    return {from, from + static_cast<std::ptrdiff_t>(kPixels)};
  }
  std::vector<float> augmented(std::vector<std::uint64_t> rows, std::uint64_t seed = 1,
                               std::uint64_t epoch = 0) const {
    const RowTensors changed = set->augment(seed, epoch, rows, set->read(Split::train, rows));
    const auto values = changed.fields[0].values<float>();
    return {values.begin(), values.end()};
  }
};

using Choice = std::array<int, 3>;  // down, right, flipped

// The image padded by four black pixels, cut out at (down, right), and mirrored or not.
std::vector<float> cropped(const std::vector<float>& image, const Choice& choice) {
  std::vector<float> out;
  for (int c = 0; c < 3; ++c)
    for (int y = 0; y < 32; ++y)
      for (int x = 0; x < 32; ++x) {
        const int from_y = y + choice[0] - 4;
        const int from_x = (choice[2] == 1 ? 31 - x : x) + choice[1] - 4;
        const bool inside = from_y >= 0 && from_y < 32 && from_x >= 0 && from_x < 32;
        out.push_back(inside ? image[static_cast<std::size_t>((c * 32 + from_y) * 32 + from_x)]
                             : kBlack);
      }
  return out;
}

// Which crop and flip of an image this is.
Choice choice_of(const std::vector<float>& image, const std::vector<float>& result) {
  for (int down = 0; down < 9; ++down)
    for (int right = 0; right < 9; ++right)
      for (int flipped = 0; flipped < 2; ++flipped)
        if (cropped(image, {down, right, flipped}) == result) return {down, right, flipped};
  throw std::runtime_error("no crop and flip makes this of the image");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(dataset_augment)

BOOST_AUTO_TEST_CASE(every_result_is_a_crop_of_the_padded_image_flipped_or_not) {
  const Bench bench;
  BOOST_TEST(bench.set->info().augments);
  std::set<int> downs, rights;
  int flips = 0, unlike = 0, total = 0;
  for (std::uint64_t epoch = 0; epoch < 3; ++epoch)
    for (std::uint64_t row = 0; row < kRows; ++row) {
      const Choice choice = choice_of(bench.image(row), bench.augmented({row}, 1, epoch));
      downs.insert(choice[0]);
      rights.insert(choice[1]);
      flips += choice[2];
      unlike += choice[0] != choice[1] ? 1 : 0;
      ++total;
    }
  BOOST_TEST(downs.size() == 9U);
  BOOST_TEST(rights.size() == 9U);
  // 180 draws: 90 flips expected, 160 unlike pairs; five deviations either way.
  BOOST_TEST((flips > 56 && flips < 124), flips << " of " << total);
  BOOST_TEST(unlike > 138, unlike << " of " << total);
}

BOOST_AUTO_TEST_CASE(a_row_becomes_the_same_in_any_batch) {
  const Bench bench;
  const std::vector<float> together = bench.augmented({7, 3, 50, 3});
  const auto part = [&](std::size_t at) {
    return std::vector<float>(together.begin() + static_cast<std::ptrdiff_t>(at * kPixels),
                              together.begin() + static_cast<std::ptrdiff_t>((at + 1) * kPixels));
  };
  BOOST_TEST((part(0) == bench.augmented({7})));
  BOOST_TEST((part(1) == bench.augmented({3})));
  BOOST_TEST((part(2) == bench.augmented({50})));
  BOOST_TEST((part(3) == part(1)));
  // Another process, or a run that was resumed, has another instance.
  const Bench other;
  BOOST_TEST((other.augmented({50}) == part(2)));
}

BOOST_AUTO_TEST_CASE(epochs_and_seeds_make_different_things_of_a_row) {
  const Bench bench;
  std::set<Choice> by_epoch, by_seed;
  for (std::uint64_t i = 0; i < 12; ++i) {
    by_epoch.insert(choice_of(bench.image(5), bench.augmented({5}, 1, i)));
    by_seed.insert(choice_of(bench.image(5), bench.augmented({5}, i, 0)));
  }
  BOOST_TEST(by_epoch.size() > 8U);
  BOOST_TEST(by_seed.size() > 8U);
}

BOOST_AUTO_TEST_CASE(without_the_option_nothing_changes) {
  const Bench bench("none");
  BOOST_TEST(!bench.set->info().augments);
  BOOST_TEST((bench.augmented({4}) == bench.image(4)));
  BOOST_TEST(contains(opening_fails("cifar10<augment=rotate>"), "crop_flip"));
}

BOOST_AUTO_TEST_CASE(evaluation_sees_rows_as_they_are) {
  const Bench plain("none"), augmenting;
  BOOST_TEST((plain.image(9) == augmenting.image(9)));
  BOOST_TEST((augmenting.augmented({9}) != augmenting.image(9)));
  BOOST_TEST((plain.image(9) == augmenting.image(9)));
}

BOOST_AUTO_TEST_SUITE_END()
