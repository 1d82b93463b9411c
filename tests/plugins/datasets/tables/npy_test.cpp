// The data set npy: numpy's own files, and files no numpy wrote. The golden files were made by
// numpy.savez and numpy.savez_compressed.
#include "tests/plugins/datasets/dataset_bench.hpp"
#include "tests/plugins/datasets/tables/array_files.hpp"

#include <boost/test/unit_test.hpp>

#include <numeric>

using namespace lathe;
using namespace lathe_test;
using boost::test_tools::per_element;

namespace {

using Floats = std::vector<float>;
using Labels = std::vector<std::int64_t>;

std::string bytes(std::initializer_list<int> values) {
  std::string all;
  for (const int value : values) all += static_cast<char>(value);
  return all;
}

const std::string kSamples = npy("'|u1'", "(3, 2)", bytes({0, 1, 2, 3, 4, 5}));
const std::string kLabels = npy("'|u1'", "(3,)", bytes({0, 2, 1}));

struct Folder {
  TemporaryFolder folder;
  std::string file(const std::string& name, const std::string& contents) const {
    return written(folder.path() / name, contents).string();
  }
  // npy<train=[x.npy, y.npy],...>
  std::string pair(const std::string& samples, const std::string& labels,
                   const std::string& options = "") const {
    return "npy<train=[" + file("x.npy", samples) + "," + file("y.npy", labels) + "]" +
           (options.empty() ? "" : "," + options) + ">";
  }
  std::string npz(const std::string& name, const std::string& contents) const {
    return "npy<train=" + file(name, contents) + ">";
  }
};

Floats counting(float from, std::size_t count, float by = 1) {
  Floats all(count);
  for (std::size_t i = 0; i < count; ++i) all[i] = from + by * static_cast<float>(i);
  return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(dataset_npy)

BOOST_AUTO_TEST_CASE(one_file_of_numpys_holds_all_splits) {
  const std::string file = golden("numpy_compressed.npz").string();
  const auto set = open_set("npy<file=" + file + ",shape=[1,3,4]>");
  BOOST_TEST((set->info().input()->shape == Shape{1, 3, 4}));
  BOOST_TEST(set->info().classes() == 3);
  BOOST_TEST(samples_of(*set, Split::train) == counting(0, 24), per_element());
  BOOST_TEST(labels_of(*set, Split::train) == (Labels{1, 0}), per_element());
  BOOST_TEST(set->count(Split::validation) == 0U);
  BOOST_TEST(samples_of(*set, Split::test) == counting(-3, 36), per_element());
  BOOST_TEST(labels_of(*set, Split::test) == (Labels{1, 2, 0}), per_element());
  BOOST_TEST(set->files() == (std::vector<std::string>{file}), per_element());
}

BOOST_AUTO_TEST_CASE(a_file_of_numpys_may_hold_one_split) {
  const std::string file = golden("numpy_stored.npz").string();
  for (const std::string options : {"", ",samples=x,labels=y"}) {
    const auto set = open_set("npy<validation=" + file + options + ",scale=0.5,classes=5>");
    BOOST_TEST((set->info().input()->shape == Shape{3, 4}));
    BOOST_TEST(set->info().classes() == 5);
    BOOST_TEST(samples_of(*set, Split::validation) == counting(0, 24, 0.25F), per_element());
    BOOST_TEST(labels_of(*set, Split::validation) == (Labels{2, 1}), per_element());
  }
}

BOOST_AUTO_TEST_CASE(samples_and_labels_may_be_two_files) {
  const Folder folder;
  const auto set = open_set(folder.pair(kSamples, kLabels, "classes=[a,b,c]"));
  BOOST_TEST(samples_of(*set, Split::train) == counting(0, 6), per_element());
  BOOST_TEST(labels_of(*set, Split::train) == (Labels{0, 2, 1}), per_element());
  BOOST_TEST(set->info().target()->class_names[2] == "c");
  const auto flat = open_set(folder.pair(npy("'|b1'", "(3,)", bytes({1, 0, 1})), kLabels));
  BOOST_TEST((flat->info().input()->shape == Shape{1}));
  const auto column =
      open_set(folder.pair(kSamples, npy("'<i2'", "(3, 1)", bytes({1, 0, 0, 0, 2, 0}))));
  BOOST_TEST(labels_of(*column, Split::train) == (Labels{1, 0, 2}), per_element());
}

BOOST_AUTO_TEST_CASE(the_shape_is_known_before_any_row_is_read) {
  const Folder folder;
  // Headers alone: the labels are not even there.
  const std::string samples = folder.file("x.npy", kSamples);
  const DatasetInfo info = make_set("npy<test=[" + samples + ",none.npy],classes=3>")->info();
  BOOST_TEST((info.input()->shape == Shape{2}));
  BOOST_TEST(info.classes() == 3);
  BOOST_TEST(!make_set("npy<test=[none.npy,none.npy]>")->info().input()->known_shape);
}

BOOST_AUTO_TEST_CASE(files_of_other_makes_are_refused_with_their_name_and_reason) {
  const Folder folder;
  std::string damaged = zip({{"x.npy", std::string(kSamples)}, {"y.npy", kLabels}});
  damaged[60] ^= 0x55;
  struct Row {
    std::string set, reason;
  };
  const auto one = [&](const std::string& name, const std::string& samples) {
    const std::string x = folder.file(name + "x.npy", samples);
    return "npy<train=[" + x + "," + folder.file("y.npy", kLabels) + "]>";
  };
  const auto labels = [&](const std::string& name, const std::string& contents,
                          const std::string& options = "") {
    const std::string x = folder.file("x.npy", kSamples);
    return "npy<train=[" + x + "," + folder.file(name + "y.npy", contents) + "]" + options + ">";
  };
  const Row rows[] = {
      {one("a", ""), "no NPY file"},
      {one("b", "\x93NUMPX"), "no NPY file"},
      {one("c", kSamples.substr(0, 9)), "ends inside its header"},
      {one("d", kSamples.substr(0, 40)), "truncated"},
      {one("e", std::string("\x93NUMPY\7\0\x76\0", 10)), "version 7"},
      {one("f", kSamples.substr(0, kSamples.size() - 1)), "does not fit"},
      {one("g", kSamples + "x"), "does not fit"},
      {one("h", npy("'|u1'", "(1000000000000, 1000000000000)", "x")), "does not fit"},
      {one("i", npy("'|u1'", "(18446744073709551615,)", "x")), "dimensions"},
      {one("j", npy("'<f3'", "(3, 2)", std::string(24, '\0'))), "'<f3'"},
      {one("k", npy("'|O'", "(3, 2)", std::string(48, '\0'))), "'|O'"},
      {one("l", npy("[('a', '<f4')]", "(3,)", std::string(12, '\0'))), "named columns"},
      {one("n", npy("'|u1'", "()", "x")), "dimensions"},
      {one("o", npy("'|u1'", "(2, 2)", "abcd")), "3 labels for the 2 samples"},
      {one("p", npy("'|u1'", "(0, 2)", "")), "no numbers"},
      {one("q", npy("'|u1'", "(1000000000000, 0)", "")), "no numbers"},
      {labels("a", npy("'<f4'", "(3,)", std::string("\0\0\0\x3f", 4) + std::string(8, '\0'))),
       "row 0 has no label"},
      {labels("b", npy("'|i1'", "(3,)", bytes({0, -1, 0}))), "row 1 has no label"},
      {labels("c", npy("'|u1'", "(3, 2)", bytes({1, 0, 0, 1, 1, 1}))), "one 1 among zeros"},
      {labels("d", kLabels, ",classes=2"), "from 0 to 1"},
      {labels("e", kLabels, ",shape=[3]"), "a sample has 2 numbers"},
      {labels("f", kLabels, ",shape=[0]"), "1 and more"},
      {labels("g", kLabels, ",classes=0"), "classes"},
      {"npy<train=" + folder.file("x.npy", kSamples) + ">", "name the labels too"},
      {folder.npz("one.npz", zip({{"x.npy", kSamples}})),
       "no array 'y_train', 'Y_train', 'labels_train', 'label_train' or the like; it has 'x'"},
      {folder.npz("damaged.npz", damaged), "damaged"},
      {"npy<file=" + folder.file("b.npz", zip({{"x.npy", kSamples}, {"y.npy", kLabels}})) + ">",
       "none of the arrays x_train, x_validation and x_test, or train_images and so on; it has "
       "'x', "
       "'y'"},
      {"npy<file=a.npz,train=b.npz>", "cannot stand beside"},
      {"npy", "npy<train=FILE.npz"},
      {"npy<train=[a,b,c]>", "two NPY files"},
      {"npy<train=/no/such.npz>", "/no/such.npz"},
  };
  for (const Row& row : rows) {
    const std::string error = opening_fails(row.set);
    BOOST_TEST(contains(error, row.reason), row.set << ": '" << row.reason << "' in: " << error);
  }
  BOOST_TEST_MESSAGE(std::size(rows) << " broken files");
}

BOOST_AUTO_TEST_CASE(a_file_cut_anywhere_is_refused) {
  const Folder folder;
  std::ifstream in(golden("numpy_compressed.npz"), std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const auto opens = [&](const std::string& contents) {
    return opening_fails("npy<file=" + folder.file("cut.npz", contents) + ">").empty();
  };
  BOOST_TEST(opens(whole));
  std::size_t opened = 0;
  for (std::size_t size = 0; size < whole.size(); ++size) opened += opens(whole.substr(0, size));
  BOOST_TEST(opened == 0U);
}

BOOST_AUTO_TEST_CASE(whole_numbers_are_samples_to_be_looked_up) {
  const Folder folder;
  const auto set = open_set(folder.pair(kSamples, kLabels, "dtype=int64"));
  const std::vector<std::uint64_t> rows = {2, 0};
  const Tensor samples = set->read(Split::train, rows).fields.at(0);
  BOOST_TEST((samples.dtype() == DType::int64));
  const std::vector<std::int64_t> expected = {4, 5, 0, 1};
  BOOST_TEST(samples.values<std::int64_t>() == expected, per_element());
}

BOOST_AUTO_TEST_CASE(fractions_and_scales_are_no_whole_numbers) {
  const Folder folder;
  const std::string halves = npy("'<f4'", "(3, 1)", std::string("\0\0\0\x3f\0\0\0\0\0\0\0\0", 12));
  const auto set = open_set(folder.pair(halves, kLabels, "dtype=int64"));
  const std::vector<std::uint64_t> rows = {0};
  BOOST_CHECK_EXCEPTION(set->read(Split::train, rows), Error, [](const Error& error) {
    const std::string text = error.what();
    return text.find("x.npy") != std::string::npos && text.find("0.5") != std::string::npos;
  });
  BOOST_CHECK_THROW(open_set(folder.pair(kSamples, kLabels, "dtype=int64,scale=255")), Error);
}

BOOST_AUTO_TEST_SUITE_END()
