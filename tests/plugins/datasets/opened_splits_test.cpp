// Which files data sets read for the splits that are asked for, and what they take from weights
// instead. Of csv: tables/csv_weights_test.cpp.
#include "tests/plugins/datasets/dataset_bench.hpp"
#include "tests/plugins/datasets/images/image_files.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>

using namespace lathe;
using namespace lathe_test;
using boost::test_tools::per_element;

namespace {

namespace fs = std::filesystem;
using Texts = std::vector<std::string>;
using Labels = std::vector<std::int64_t>;

OpenRequest asking_for(Split split, std::vector<Field> trained_on = {}) {
  return {{split}, std::move(trained_on)};
}

// An NPY file of bytes in one dimension, or of rows.
std::string npy(const std::string& shape, const std::string& bytes) {
  std::string header = "{'descr': '|u1', 'fortran_order': False, 'shape': " + shape + ", }";
  header += std::string(64 - (11 + header.size()) % 64, ' ') + "\n";
  return std::string("\x93NUMPY\1\0", 8) + static_cast<char>(header.size()) + '\0' + header + bytes;
}

// Ten jets whose 16 features are all the row's number, of the classes 0 to 4 in turn.
std::string jets() {
  std::string text;
  for (int row = 0; row < 10; ++row) {
    for (int i = 0; i < 16; ++i) text += std::to_string(row) + ",";
    text += std::to_string(row % 5) + "\n";
  }
  return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(datasets_opened)

BOOST_AUTO_TEST_CASE(images_of_a_split_need_no_other_files) {
  const TemporaryFolder folder;
  const fs::path at = folder.path();
  fs::create_directories(at / "cifar10");
  fs::create_directories(at / "mnist");
  written(at / "cifar10" / "test_batch.bin", cifar_records(10));
  written(at / "mnist" / "t10k-images-idx3-ubyte", idx_images(5));
  written(at / "mnist" / "t10k-labels-idx1-ubyte", idx_labels(5));
  const auto cifar = open_set("cifar10", at, asking_for(Split::test));
  BOOST_TEST(cifar->count(Split::test) == 10U);
  BOOST_TEST(cifar->files().size() == 1U);
  const auto digits = open_set("mnist", at, asking_for(Split::test));
  BOOST_TEST(labels_of(*digits, Split::test) == (Labels{0, 1, 2, 3, 4}), per_element());
  // As MASE has it, the validation is the test.
  const auto validation = open_set("mnist<validation=test>", at, asking_for(Split::validation));
  BOOST_TEST(validation->count(Split::validation) == 5U);
  BOOST_TEST(validation->count(Split::test) == 5U);
  for (const Split split : {Split::train, Split::validation}) {
    const std::string error = opening_fails("mnist", at, asking_for(split));
    BOOST_TEST(contains(error, "train-images-idx3-ubyte.gz"), error);
  }
  BOOST_TEST(contains(message_of([&] { digits->count(Split::train); }), "train-images"));
}

BOOST_AUTO_TEST_CASE(sets_of_images_and_arrays_say_how_they_scale) {
  const TemporaryFolder folder;
  const fs::path at = folder.path();
  fs::create_directories(at / "cifar10");
  written(at / "cifar10" / "test_batch.bin", cifar_records(2));
  const auto set =
      open_set("cifar10<normalize=[[0.5,0,0],[0.25,1,0.2]]>", at, asking_for(Split::test));
  const Field input = *set->info().input();
  BOOST_TEST(input.mean == (std::vector<double>{127.5, 0, 0}), per_element());
  BOOST_TEST(input.deviation == (std::vector<double>{63.75, 255, 51}), per_element());
  // Row 1 is made of ones.
  BOOST_TEST(samples_of(*set, Split::test)[3072] == (1.0F / 255 - 0.5F) / 0.25F);
  const std::string pair = "[" + written(at / "x.npy", npy("(1, 2)", {50, 100})).string() + "," +
                           written(at / "y.npy", npy("(1,)", {0})).string() + "]";
  const auto array = open_set("npy<scale=100,test=" + pair + ">", {}, asking_for(Split::test));
  BOOST_TEST(array->info().input()->mean == (std::vector<double>{0, 0}), per_element());
  BOOST_TEST(array->info().input()->deviation == (std::vector<double>{100, 100}), per_element());
  BOOST_TEST(samples_of(*array, Split::test) == (std::vector<float>{0.5F, 1}), per_element());
}

// The last tenth of the training rows is a split of its own, however it is asked for.
BOOST_AUTO_TEST_CASE(a_validation_of_training_rows_is_the_same_alone) {
  const TemporaryFolder folder;
  const fs::path at = folder.path() / "mnist";
  fs::create_directories(at);
  written(at / "train-images-idx3-ubyte", idx_images(20));
  written(at / "train-labels-idx1-ubyte", idx_labels(20));
  const auto validation = open_set("mnist", folder.path(), asking_for(Split::validation));
  BOOST_TEST(labels_of(*validation, Split::validation) == (Labels{8, 9}), per_element());
  BOOST_TEST(validation->count(Split::train) == 18U);
  BOOST_TEST(open_set("mnist", folder.path(), asking_for(Split::train))->count(Split::train) ==
             18U);
}

BOOST_AUTO_TEST_CASE(arrays_of_a_split_need_no_other_files_if_classes_are_known) {
  const TemporaryFolder folder;
  const auto file = [&](const char* name, const std::string& bytes) {
    return written(folder.path() / name, bytes).string();
  };
  const std::string pair = "[" + file("x.npy", npy("(2, 2)", {1, 2, 3, 4})) + "," +
                           file("y.npy", npy("(2,)", {0, 1})) + "]";
  const std::string set = "npy<train=[/gone.npy,/gone.npy],test=" + pair;
  const auto given = open_set(set + ",classes=4>", {}, asking_for(Split::test));
  BOOST_TEST(given->info().classes() == 4);
  BOOST_TEST(given->files().size() == 2U);
  const Field labels{"labels", LATHE_FIELD_TARGET, DType::int64, {}, true, 3, {"a", "b", "c"}};
  const auto trained = open_set(set + ">", {}, asking_for(Split::test, {labels}));
  BOOST_TEST(trained->info().classes() == 3);
  BOOST_TEST(trained->info().target()->class_names == (Texts{"a", "b", "c"}), per_element());
  BOOST_TEST(contains(message_of([&] { trained->all(Split::train); }), "/gone.npy"));
  // Nobody says: the labels at hand are counted, those of the train files among them.
  BOOST_TEST(open_set(set + ">", {}, asking_for(Split::test))->info().classes() == 2);
  const std::string more =
      "[" + file("mx.npy", npy("(1, 2)", {1, 2})) + "," + file("my.npy", npy("(1,)", {6})) + "]";
  const auto counted =
      open_set("npy<train=" + more + ",test=" + pair + ">", {}, asking_for(Split::test));
  BOOST_TEST(counted->info().classes() == 7);
  // A label beyond those that the weights know.
  const std::string beyond =
      opening_fails("npy<test=" + more + ">", {}, asking_for(Split::test, {labels}));
  BOOST_TEST(contains(beyond, "no label that is a class number from 0 to 2"), beyond);
}

BOOST_AUTO_TEST_CASE(jets_in_files_of_splits_are_read_for_the_splits_that_are_asked_for) {
  const TemporaryFolder folder;
  const std::string test = written(folder.path() / "test.csv", jets()).string();
  const auto set = open_set("jsc<train=/gone.csv,test=" + test + ">", {}, asking_for(Split::test));
  BOOST_TEST(set->count(Split::test) == 10U);
  BOOST_TEST(set->files() == Texts{test}, per_element());
  BOOST_TEST(set->info().input()->feature_names[0] == "j_zlogz");
  BOOST_TEST(contains(message_of([&] { set->count(Split::train); }), "/gone.csv"));
  const auto both =
      open_set("jsc<validation=train,train=" + test + ">", {}, asking_for(Split::validation));
  BOOST_TEST(both->count(Split::validation) == 10U);
}

BOOST_AUTO_TEST_CASE(jets_are_scaled_by_their_own_statistics_or_by_those_of_the_weights) {
  const TemporaryFolder folder;
  const std::string text = "jsc<file=" + written(folder.path() / "jets.csv", jets()).string() + ">";
  // What was told undoes the scaling: the row's numbers come back, each once.
  const auto rows = [](const Dataset& set) {
    const Field input = *set.info().input();
    std::vector<int> found;
    for (const Split split : {Split::train, Split::validation, Split::test}) {
      if (set.count(split) == 0) continue;
      const auto values = samples_of(set, split);
      for (std::size_t row = 0; row < values.size(); row += 16)
        found.push_back(static_cast<int>(std::lround(
            static_cast<double>(values[row]) * input.deviation.at(0) + input.mean.at(0))));
    }
    std::ranges::sort(found);
    return found;
  };
  const std::vector<int> all{0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  const auto own = open_set(text);
  BOOST_TEST(rows(*own) == all, per_element());
  Field trained{"samples", LATHE_FIELD_INPUT, DType::float32, Shape{16}, true, 0, {}};
  trained.mean.assign(16, 1.0);
  trained.deviation.assign(16, 2.0);
  const auto set = open_set(text, {}, asking_for(Split::test, {trained}));
  BOOST_TEST(set->info().input()->mean[3] == 1.0);
  BOOST_TEST(rows(*set) == all, per_element());
}

BOOST_AUTO_TEST_SUITE_END()
