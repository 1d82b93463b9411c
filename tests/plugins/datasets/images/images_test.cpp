// The data sets cifar10, mnist and fashion_mnist: what they read, how splits are made, and what
// they say about files they cannot read.
#include "tests/plugins/datasets/dataset_bench.hpp"
#include "tests/plugins/datasets/images/image_files.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cmath>
#include <numeric>
#include <set>

using namespace lathe;
using namespace lathe_test;
using boost::test_tools::per_element;
using boost::test_tools::tolerance;

namespace {

namespace fs = std::filesystem;
using Labels = std::vector<std::int64_t>;

double mean(const std::vector<float>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// The official files in a data folder, with few rows: each image is of one value of its own.
struct Official {
  TemporaryFolder folder;
  fs::path data = folder.path();
  explicit Official(const fs::path& inside = "cifar10") {
    fs::create_directories(data / inside);
    for (int i = 0; i < 5; ++i)
      written(data / inside / ("data_batch_" + std::to_string(i + 1) + ".bin"),
              cifar_records(10, 10 * i));
    written(data / inside / "test_batch.bin", cifar_records(10, 100));
    fs::create_directories(data / "mnist");
    written(data / "mnist" / "train-images-idx3-ubyte.gz", gzip(idx_images(20)));
    written(data / "mnist" / "train-labels-idx1-ubyte", idx_labels(20));
    written(data / "mnist" / "t10k-images.idx3-ubyte", idx_images(5, 100));
    written(data / "mnist" / "t10k-labels-idx1-ubyte.gz", gzip(idx_labels(5)));
  }
};

// The value each image was written with.
std::vector<int> values_of(const Dataset& set, Split split) {
  const RowTensors& rows = set.all(split);
  const auto samples = rows.fields[0].values<float>();
  const auto count = static_cast<std::size_t>(rows.fields[0].shape()[0]);
  std::vector<int> values;
  for (std::size_t row = 0; row < count; ++row)
    values.push_back(
        static_cast<int>(std::lround(255.0F * samples[row * (samples.size() / count)])));
  return values;
}

std::vector<int> counting(int from, int to) {
  std::vector<int> all(static_cast<std::size_t>(to - from));
  std::iota(all.begin(), all.end(), from);
  return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(dataset_images)

// Values by numpy, as torchvision's ToTensor and Normalize give them.
BOOST_AUTO_TEST_CASE(real_cifar10_images_have_the_values_that_numpy_gives) {
  const auto set = open_set(
      "cifar10<train=train_2000.bin,validation=val_1000.bin,test=test_700.bin>", data_dir());
  BOOST_TEST(set->count(Split::train) == 2000U);
  BOOST_TEST(set->count(Split::validation) == 1000U);
  BOOST_TEST(set->count(Split::test) == 700U);
  const Labels labels = labels_of(*set, Split::test);
  BOOST_TEST(Labels(labels.begin(), labels.begin() + 8) == (Labels{3, 8, 8, 0, 6, 6, 1, 6}),
             per_element());
  const std::vector<float> samples = samples_of(*set, Split::test);
  BOOST_TEST(mean(samples) == 0.14275710520300305, tolerance(1e-9));
  const auto at = [&](int row, int channel, int y, int x) {
    return samples[static_cast<std::size_t>(((row * 3 + channel) * 32 + y) * 32 + x)];
  };
  BOOST_TEST(at(5, 0, 0, 0) == 0.94742703F);
  BOOST_TEST(at(5, 0, 0, 2) == -0.79929787F);
  BOOST_TEST(at(5, 1, 16, 0) == -0.495098F, tolerance(1e-6F));
  BOOST_TEST(at(5, 2, 31, 31) == -0.5321132F);
}

BOOST_AUTO_TEST_CASE(the_official_ten_thousand_digits_are_read) {
  const std::string text = "mnist<test=t10k-images-idx3-ubyte.gz>";
  const fs::path data = data_dir();
  built_plugins();
  const auto began = std::chrono::steady_clock::now();
  const auto set = open_set(text, data);
  const std::vector<float> samples = samples_of(*set, Split::test);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  BOOST_TEST_MESSAGE("10,000 digits in " << took.count() << " s");  // 0.1 on an idle machine
  BOOST_TEST(samples.size() == 7840000U);
  BOOST_TEST(mean(samples) == 0.0058896551387076865, tolerance(1e-9));
  BOOST_TEST(samples[9999 * 784 + 14 * 28 + 10] == 1.2559141F);
  const Labels labels = labels_of(*set, Split::test);
  BOOST_TEST(Labels(labels.begin(), labels.begin() + 10) == (Labels{7, 2, 1, 0, 4, 1, 4, 9, 5, 9}),
             per_element());
  BOOST_TEST(std::count(labels.begin(), labels.end(), 9) == 1009);
}

BOOST_AUTO_TEST_CASE(official_files_are_split_without_shared_rows) {
  for (const fs::path inside : {"cifar10", "cifar10/cifar-10-batches-bin"}) {
    const Official official(inside);
    const auto set = open_set("cifar10<normalize=none>", official.data);
    BOOST_TEST(values_of(*set, Split::train) == counting(0, 45), per_element());
    BOOST_TEST(values_of(*set, Split::validation) == counting(45, 50), per_element());
    BOOST_TEST(values_of(*set, Split::test) == counting(100, 110), per_element());
    BOOST_TEST(set->files().size() == 6U);
    BOOST_TEST(labels_of(*set, Split::validation) == (Labels{5, 6, 7, 8, 9}), per_element());
  }
}

BOOST_AUTO_TEST_CASE(digits_are_read_packed_or_not_under_the_names_in_use) {
  const Official official;
  const auto set = open_set("mnist<normalize=none>", official.data);
  BOOST_TEST(values_of(*set, Split::train) == counting(0, 18), per_element());
  BOOST_TEST(values_of(*set, Split::validation) == counting(18, 20), per_element());
  BOOST_TEST(values_of(*set, Split::test) == counting(100, 105), per_element());
  BOOST_TEST(set->files().size() == 4U);
}

BOOST_AUTO_TEST_CASE(the_validation_is_chosen_by_its_option) {
  const Official official;
  const auto values = [&](const std::string& option) {
    const auto set = open_set("cifar10<normalize=none,validation=" + option + ">", official.data);
    return std::pair(set->count(Split::train), set->count(Split::validation) == 0
                                                   ? std::vector<int>{}
                                                   : values_of(*set, Split::validation));
  };
  BOOST_TEST((values("0.2") == std::pair(std::uint64_t{40}, counting(40, 50))));
  BOOST_TEST((values("0") == std::pair(std::uint64_t{50}, std::vector<int>{})));
  BOOST_TEST((values("test") == std::pair(std::uint64_t{50}, counting(100, 110))));
  const auto part =
      open_set("cifar10<normalize=none,validation=0.5,train=[data_batch_2.bin,data_batch_1.bin]>",
               official.data);
  BOOST_TEST(values_of(*part, Split::train) == counting(10, 20), per_element());
  BOOST_TEST(values_of(*part, Split::validation) == counting(0, 10), per_element());
  BOOST_TEST(part->count(Split::test) == 0U);
  const auto fails = [&](const std::string& options) {
    return opening_fails("cifar10<" + options + ">", official.data);
  };
  BOOST_TEST(contains(fails("train=data_batch_1.bin,validation=test"), "option 'test'"));
  BOOST_TEST(contains(fails("test=test_batch.bin,validation=0.5"), "option 'train'"));
}

BOOST_AUTO_TEST_CASE(images_and_labels_are_told_apart_by_what_they_hold) {
  const TemporaryFolder folder;
  const fs::path at = folder.path();
  written(at / "a", idx_labels(3));
  written(at / "b", gzip(idx_images(3)));
  written(at / "c", idx_images(2, 50));
  written(at / "d", idx_labels(2));
  const auto name = [&](const char* file) { return (at / file).string(); };
  const auto set = open_set("mnist<normalize=none,test=[" + name("a") + "," + name("b") + "," +
                            name("c") + "," + name("d") + "]>");
  BOOST_TEST(values_of(*set, Split::test) == (std::vector<int>{0, 1, 2, 50, 51}), per_element());
  BOOST_TEST(labels_of(*set, Split::test) == (Labels{0, 1, 2, 0, 1}), per_element());
}

BOOST_AUTO_TEST_CASE(shape_and_classes_are_known_without_any_file) {
  for (const char* name : {"cifar10", "mnist", "fashion_mnist"}) {
    const DatasetInfo info = make_set(name)->info();
    BOOST_TEST((info.input()->shape ==
                (name == std::string("cifar10") ? Shape{3, 32, 32} : Shape{1, 28, 28})));
    BOOST_TEST(info.classes() == 10);
    BOOST_TEST(info.target()->class_names.size() == 10U);
    BOOST_TEST(!info.augments);
  }
  BOOST_TEST(make_set("cifar10")->info().target()->class_names[9] == "truck");
}

BOOST_AUTO_TEST_CASE(statistics_have_names_or_are_given) {
  const Official official;
  const auto first = [&](const std::string& normalize) {
    const auto set = open_set("cifar10<normalize=" + normalize + ">", official.data);
    const std::vector<float> samples = samples_of(*set, Split::test);  // bytes of 100
    return std::vector<double>{samples[0], samples[1024], samples[2048]};
  };
  const double value = 100.0 / 255;
  const auto near = [](const std::vector<double>& found, const std::vector<double>& expected) {
    for (std::size_t i = 0; i < expected.size(); ++i)
      BOOST_TEST(found[i] == expected[i], tolerance(1e-5));
  };
  near(first("none"), {value, value, value});
  near(first("mnist"),
       {(value - 0.1307) / 0.3081, (value - 0.1307) / 0.3081, (value - 0.1307) / 0.3081});
  near(first("imagenet"),
       {(value - 0.485) / 0.229, (value - 0.456) / 0.224, (value - 0.406) / 0.225});
  near(first("cifar10"),
       {(value - 0.4914) / 0.2470, (value - 0.4822) / 0.2435, (value - 0.4465) / 0.2616});
  near(first("[[0.5,0.25,0],[0.5,1,2]]"), {(value - 0.5) / 0.5, value - 0.25, value / 2});
  BOOST_TEST(contains(opening_fails("cifar10<normalize=imagnet>"), "imagenet"));
  BOOST_TEST(contains(opening_fails("cifar10<normalize=[[1],[1]]>"), "3 numbers each"));
  BOOST_TEST(contains(opening_fails("cifar10<normalize=[[0,0,0],[1,0,1]]>"), "above 0"));
  BOOST_TEST(contains(opening_fails("mnist<normalize=imagenet>"), "three channels"));
}

BOOST_AUTO_TEST_CASE(absent_files_say_where_they_were_looked_for_and_how_to_get_them) {
  for (const std::string name : {"cifar10", "mnist", "fashion_mnist"}) {
    const std::string error = opening_fails(name, "/no/such/folder");
    BOOST_TEST(contains(error, "/no/such/folder/" + name), error);
    BOOST_TEST(contains(error, "lathe data fetch " + name), error);
    BOOST_TEST(contains(opening_fails(name), "LATHE_DATA_DIR"));
  }
  const std::string named = opening_fails("cifar10<test=batch.bin>", "/no/such/folder");
  BOOST_TEST(contains(named, "'batch.bin', '/no/such/folder/cifar10/batch.bin'"), named);
  BOOST_TEST(contains(opening_fails("cifar10<test=5>"), "option 'test'"));
  BOOST_TEST(contains(opening_fails("cifar10<validation=1.0>"), "below 1"));
}

BOOST_AUTO_TEST_CASE(broken_files_are_refused_with_their_name_and_reason) {
  struct Row {
    std::string set, bytes, reason;
  };
  const std::string images = idx_images(3), packed = gzip(images);
  std::string wrong_sum = packed;
  wrong_sum[wrong_sum.size() - 7] ^= 1;
  std::string wrong_label = cifar_records(3);
  wrong_label[2 * 3073] = 10;
  // Says 4 GiB of images in a file of a few hundred bytes.
  const std::string bomb = gzip(idx({5500000, 28, 28}, std::string(100000, '\0')));
  const Row rows[] = {
      {"cifar10", "", "0 bytes"},
      {"cifar10", cifar_records(2).substr(1), "no whole number of CIFAR-10 records"},
      {"cifar10", cifar_records(2) + "x", "6147 bytes"},
      {"cifar10", gzip(cifar_records(2)), "packed"},
      {"cifar10", wrong_label, "record 2 has label 10"},
      {"mnist", "", "ends inside its magic"},
      {"mnist", "PK\3\4 a zip archive", "no IDX file"},
      {"mnist", std::string("\0\0\x0d\3", 4) + std::string(12, '\0'), "unsigned bytes"},
      {"mnist", std::string("\0\0\x08\xff", 4), "255 dimensions"},
      {"mnist", images.substr(0, 9), "ends inside its header"},
      {"mnist", images.substr(0, images.size() - 1), "[3, 28, 28]"},
      {"mnist", images + "x", "do not fit"},
      {"mnist", idx({UINT32_MAX, UINT32_MAX, UINT32_MAX}, "x"), "do not fit"},
      {"mnist", idx({2, 14, 14}, std::string(392, 'x')), "[2, 14, 14]"},
      {"mnist", idx_labels(3), "0 files of images"},
      {"mnist", packed.substr(0, packed.size() / 2), "truncated"},
      {"mnist", packed.substr(0, packed.size() - 2), "checksum"},
      {"mnist", packed + "x", "more follow"},
      {"mnist", gzip(images + "x"), "more follow"},
      {"mnist", gzip(images.substr(0, images.size() - 1)), "ends before"},
      {"mnist", wrong_sum, "damaged: incorrect data check"},
      {"mnist", bomb, "do not fit"},
  };
  const TemporaryFolder folder;
  written(folder.path() / "labels", idx_labels(3));
  for (const Row& row : rows) {
    const fs::path file = written(folder.path() / "images", row.bytes);
    const auto set = make_set(row.set + "<test=" + file.string() + ">");
    std::string error;
    try {
      set->open({});
      set->all(Split::test);
    } catch (const Error& e) {
      error = e.what();
    }
    BOOST_TEST(contains(error, file.string()), error);
    BOOST_TEST(contains(error, row.reason), "'" << row.reason << "' in: " << error);
  }
  BOOST_TEST_MESSAGE(std::size(rows) << " broken files");
}

BOOST_AUTO_TEST_CASE(labels_that_do_not_fit_their_images_are_refused) {
  const TemporaryFolder folder;
  const fs::path images = written(folder.path() / "x-images-idx3", idx_images(3));
  const fs::path labels = folder.path() / "x-labels-idx1";
  const std::string text = "mnist<test=" + images.string() + ">";
  BOOST_TEST(contains(opening_fails(text), labels.string()));
  written(labels, idx_labels(2));
  BOOST_TEST(contains(opening_fails(text), "has 3 images"));
  written(labels, idx({3}, "\1\2\x0a"));
  const auto set = open_set(text);
  BOOST_CHECK_EXCEPTION(set->all(Split::test), Error, [](const Error& error) {
    return contains(error.what(), "row 2 has label 10") && error.exit_code() == 1;
  });
  const fs::path plain = written(folder.path() / "x", idx_images(3));
  BOOST_TEST(contains(opening_fails("mnist<test=" + plain.string() + ">"), "name both files"));
}

BOOST_AUTO_TEST_SUITE_END()
