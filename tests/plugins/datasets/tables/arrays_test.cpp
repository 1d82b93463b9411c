// The data set npy over what numpy and others write: element types, byte orders, orders of
// dimensions, names of arrays. Bytes and numbers were written down from numpy.
#include "plugins/datasets/tables/array_doubts.hpp"
#include "tests/plugins/datasets/dataset_bench.hpp"
#include "tests/plugins/datasets/tables/array_files.hpp"

#include <boost/test/unit_test.hpp>

#include <numeric>

using namespace lathe;
using namespace lathe_test;
using boost::test_tools::per_element;
using boost::test_tools::tolerance;

namespace {

using Floats = std::vector<float>;
using Labels = std::vector<std::int64_t>;

std::string from_hex(const std::string& hex) {
  std::string out;
  for (std::size_t i = 0; i < hex.size(); i += 2)
    out += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return out;
}

std::string fixture(const std::string& name) {
  return (source_dir() / "tests" / "cases" / "files" / name).string();
}

struct Folder {
  TemporaryFolder folder;
  std::string file(const std::string& name, const std::string& contents) const {
    return written(folder.path() / name, contents).string();
  }
  // The samples of npy<train=[x.npy, y.npy]>, with as many labels of 0 and 1 as there are rows.
  Floats samples(const std::string& array, int rows) const {
    std::string labels;
    for (int i = 0; i < rows; ++i) labels += static_cast<char>(i % 2);
    const std::string y = npy("'|u1'", "(" + std::to_string(rows) + ",)", labels);
    const auto set = open_set("npy<train=[" + file("x.npy", array) + "," + file("y.npy", y) + "]>");
    return samples_of(*set, Split::train);
  }
  std::string fails(const std::string& array) const {
    return opening_fails("npy<train=[" + file("x.npy", array) + "," +
                         file("y.npy", npy("'|u1'", "(2,)", std::string("\0\1", 2))) + "]>");
  }
};

double sum(const Floats& values) { return std::accumulate(values.begin(), values.end(), 0.0); }

}  // namespace

BOOST_AUTO_TEST_SUITE(dataset_arrays)

BOOST_AUTO_TEST_CASE(every_type_of_numbers_is_read_in_either_byte_order) {
  const std::pair<std::string, std::string> rows[] = {
      {"<f2", "003c00400042004400454056"},
      {">f2", "3c0040004200440045005640"},
      {"<f4", "0000803f0000004000004040000080400000a0400000c842"},
      {">f4", "3f80000040000000404000004080000040a0000042c80000"},
      {"<f8",
       "000000000000f03f00000000000000400000000000000840000000000000104000000000000014400000000000"
       "005940"},
      {">f8",
       "3ff000000000000040000000000000004008000000000000401000000000000040140000000000004059000000"
       "000000"},
      {"<i2", "010002000300040005006400"},
      {">i2", "000100020003000400050064"},
      {"<i4", "010000000200000003000000040000000500000064000000"},
      {">i4", "000000010000000200000003000000040000000500000064"},
      {"<i8",
       "010000000000000002000000000000000300000000000000040000000000000005000000000000006400000000"
       "000000"},
      {">i8",
       "000000000000000100000000000000020000000000000003000000000000000400000000000000050000000000"
       "000064"},
      {"|i1", "010203040564"},
      {"<i1", "010203040564"},
      {">i1", "010203040564"},
      {"|u1", "010203040564"},
      {"<u1", "010203040564"},
      {">u1", "010203040564"},
      {"=u1", "010203040564"},
      {"u1", "010203040564"},
      {"<u2", "010002000300040005006400"},
      {">u2", "000100020003000400050064"},
      {"<u4", "010000000200000003000000040000000500000064000000"},
      {">u4", "000000010000000200000003000000040000000500000064"},
      {"<u8",
       "010000000000000002000000000000000300000000000000040000000000000005000000000000006400000000"
       "000000"},
      {">u8",
       "000000000000000100000000000000020000000000000003000000000000000400000000000000050000000000"
       "000064"},
  };
  const Folder folder;
  for (const auto& [type, hex] : rows) BOOST_TEST_CONTEXT(type) {
      BOOST_TEST(folder.samples(npy("'" + type + "'", "(3, 2)", from_hex(hex)), 3) ==
                     (Floats{1, 2, 3, 4, 5, 100}),
                 per_element());
    }
  BOOST_TEST(folder.samples(npy("\"|b1\"", "(2, 1)", from_hex("0100")), 2) == (Floats{1, 0}),
             per_element());
  BOOST_TEST_MESSAGE(std::size(rows) << " types");
}

BOOST_AUTO_TEST_CASE(half_floats_have_the_values_that_numpy_gives) {
  const Folder folder;
  BOOST_TEST(folder.samples(npy("'<f2'", "(7,)", from_hex("003e00c0ff7b0100662e0080f701")), 7) ==
                 (Floats{1.5F, -2, 65504, 5.960464477539063e-08F, 0.0999755859375F, 0,
                         2.9981136322021484e-05F}),
             per_element());
}

BOOST_AUTO_TEST_CASE(arrays_column_by_column_give_the_same_rows) {
  const Folder folder;
  // numpy.asfortranarray(numpy.arange(12).reshape(2, 3, 2))
  const Floats counting{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  BOOST_TEST(folder.samples(npy("'|u1'", "(2, 3, 2)", from_hex("00060208040a01070309050b"), "True"),
                            2) == counting,
             per_element());
  BOOST_TEST(folder.samples(npy("'<i2'", "(2, 2)", from_hex("0100030002000400"), "True"), 2) ==
                 (Floats{1, 2, 3, 4}),
             per_element());
  BOOST_TEST(
      folder.samples(npy("'|u1'", "(3,)", from_hex("070809"), "True"), 3) == (Floats{7, 8, 9}),
      per_element());
  const auto set =
      open_set("npy<test=[" + fixture("fortran_x.npy") + "," + fixture("y.npy") + "]>");
  const Floats samples = samples_of(*set, Split::test);
  BOOST_TEST(sum(samples) == 181.68748327414505, tolerance(1e-9));
  BOOST_TEST(Floats(samples.begin(), samples.begin() + 4) ==
                 (Floats{0.0377190672F, -0.0396314599F, 0.192126796F, 1.03147006F}),
             per_element());
  BOOST_TEST(samples[59 * 3 + 2] == 1.92801905F);
}

BOOST_AUTO_TEST_CASE(bytes_as_cnpy_names_them_are_read) {
  const auto set =
      open_set("npy<test=[" + fixture("cnpy_u1_x.npy") + "," + fixture("y.npy") + "]>");
  const Floats samples = samples_of(*set, Split::test);
  BOOST_TEST(sum(samples) == 26995.0);
  BOOST_TEST(Floats(samples.begin(), samples.begin() + 4) == (Floats{101, 98, 109, 151}),
             per_element());
  BOOST_TEST(Floats(samples.end() - 3, samples.end()) == (Floats{215, 170, 196}), per_element());
  const Labels labels = labels_of(*set, Split::test);
  BOOST_TEST(Labels(labels.begin(), labels.begin() + 4) == (Labels{0, 1, 2, 0}), per_element());
}

BOOST_AUTO_TEST_CASE(headers_of_all_versions_are_read) {
  const Folder folder;
  const std::string array = npy("'|u1'", "(2, 1)", from_hex("0102"));
  for (const char version : {'\2', '\3'}) {
    std::string longer = array.substr(0, 6) + version + '\0' + array.substr(8, 2) +
                         std::string(2, '\0') + array.substr(10);
    BOOST_TEST(folder.samples(longer, 2) == (Floats{1, 2}), per_element());
  }
}

BOOST_AUTO_TEST_CASE(arrays_named_by_split_as_medmnist_has_them_are_found) {
  const std::string file = fixture("npz_medmnist.npz");
  const auto set = open_set("npy<file=" + file + ">");
  BOOST_TEST((set->info().input()->shape == Shape{3}));
  BOOST_TEST(set->info().classes() == 3);
  for (const Split split : {Split::train, Split::validation, Split::test}) {
    BOOST_TEST(set->count(split) == 60U);
    BOOST_TEST(sum(samples_of(*set, split)) == 181.68748327414505, tolerance(1e-9));
    const Labels labels = labels_of(*set, split);
    BOOST_TEST(Labels(labels.end() - 3, labels.end()) == (Labels{0, 1, 2}), per_element());
  }
  const auto one = open_set("npy<test=" + file + ">");
  BOOST_TEST(one->count(Split::test) == 60U);
  BOOST_TEST(one->count(Split::train) == 0U);
}

BOOST_AUTO_TEST_CASE(arrays_go_by_the_names_in_use) {
  const Folder folder;
  const std::string x = npy("'|u1'", "(2, 1)", from_hex("0509"));
  const std::string y = npy("'|u1'", "(2,)", from_hex("0100"));
  const std::pair<std::string, std::string> of_splits[] = {
      {"x_train", "y_train"},
      {"X_train", "Y_train"},
      {"X_train", "y_train"},
      {"train_images", "train_labels"},
      {"train_x", "train_y"},
      {"train_X", "train_Y"},
      {"data_train", "labels_train"},
      {"train_data", "train_label"},
      {"train_features", "train_targets"},
  };
  for (const auto& [samples, labels] : of_splits) BOOST_TEST_CONTEXT(samples) {
      const std::string path =
          folder.file("a.npz", zip({{samples + ".npy", x}, {labels + ".npy", y}}));
      for (const std::string option : {"file=", "train="}) {
        const auto set = open_set("npy<" + option + path + ">");
        BOOST_TEST(samples_of(*set, Split::train) == (Floats{5, 9}), per_element());
        BOOST_TEST(labels_of(*set, Split::train) == (Labels{1, 0}), per_element());
      }
    }
  const std::pair<std::string, std::string> of_one[] = {
      {"x", "y"}, {"X", "Y"}, {"images", "labels"}, {"data", "target"}, {"arr_0", "arr_1"}};
  for (const auto& [samples, labels] : of_one) BOOST_TEST_CONTEXT(samples) {
      const std::string path =
          folder.file("b.npz", zip({{samples + ".npy", x}, {labels + ".npy", y}}));
      BOOST_TEST(samples_of(*open_set("npy<test=" + path + ">"), Split::test) == (Floats{5, 9}),
                 per_element());
    }
  const std::string valid = folder.file(
      "v.npz", zip({{"x_valid.npy", x}, {"y_valid.npy", y}, {"x_test.npy", x}, {"y_test.npy", y}}));
  BOOST_TEST(open_set("npy<file=" + valid + ">")->count(Split::validation) == 2U);
}

BOOST_AUTO_TEST_CASE(arrays_that_look_wrong_are_doubted) {
  const Folder folder;
  const auto doubts = [&](const std::string& shape, const std::string& bytes) {
    const std::string file = folder.file("d.npy", npy("'|u1'", shape, bytes));
    return datasets::sample_doubts(datasets::array_of_npy(file, false));
  };
  // Column 1 counts: from 0, from 1, in another order; then one number twice, and one too large.
  const std::pair<std::string, std::size_t> tables[] = {
      {"00010203040506070809", 1}, {"0102030405060708090a", 1}, {"09080706050403020100", 1},
      {"00010203040506070808", 0}, {"0001020304050607080b", 0},
  };
  for (const auto& [column, expected] : tables) BOOST_TEST_CONTEXT(column) {
      std::string bytes;
      for (const char value : from_hex(column)) bytes += std::string("\5") + value;
      const auto found = doubts("(10, 2)", bytes);
      BOOST_TEST_REQUIRE(found.size() == expected);
      if (expected > 0) BOOST_TEST(contains(found[0], "d.npy': column 1, counted from 0, holds"));
    }
  BOOST_TEST(doubts("(10,)", from_hex("00010203040506070809")).empty());
  using datasets::class_doubts;
  BOOST_TEST(class_doubts("y", {0, 2, 1}).empty());
  BOOST_TEST(class_doubts("y", {3}).empty());
  BOOST_TEST(contains(class_doubts("y", {2, 2, 2}).at(0), "'y': all 3 labels are 2"));
  BOOST_TEST(contains(class_doubts("y", {1, 3, 2}).at(0), "subtract 1 from the labels"));
}

BOOST_AUTO_TEST_CASE(arrays_of_other_things_are_called_what_they_are) {
  struct Row {
    std::string bytes;
    std::vector<std::string> says;
  };
  const Row rows[] = {
      {npy("'|O'", "(2,)", "\x80\x04x"), {"'|O'", "Python objects", "never loaded", "astype"}},
      {npy("'<U5'", "(2,)", std::string(40, 'a')), {"'<U5'", "text", "numpy.unique"}},
      {npy("'|S3'", "(2,)", "abcdef"), {"'|S3'", "text"}},
      {npy("'<c8'", "(2,)", std::string(16, 'a')), {"'<c8'", "complex"}},
      {npy("'<M8[ns]'", "(2,)", std::string(16, 'a')), {"'<M8[ns]'", "dates"}},
      {npy("'|V2'", "(2,)", "abcd"), {"'|V2'", "bfloat16", "astype"}},
      {npy("'<f16'", "(2,)", std::string(32, 'a')), {"'<f16'", "astype('float32')"}},
      {npy("[('a', '<f4'), ('b', '<f4')]", "(2,)", std::string(16, 'a')),
       {"named columns", "structured_to_unstructured"}},
      {npy("'|u1'", "()", "x"), {"without dimensions"}},
      {npy("'|u1'", "(2, 1)", "abc"), {"does not fit", "second array in the same file"}},
      {npy("'|u1'", "(2, 2)", "abc"), {"does not fit", "truncated"}},
      {npy("'|u1'", "(2,)", "ab", "Maybe"), {"header is damaged"}},
      {"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 5\n", {"git lfs pull"}},
      {"<!DOCTYPE html><html>no</html>", {"web page"}},
      {"\x1f\x8b\x08\x00", {"gzip"}},
      {"\x80\x04\x95\x01", {"Python pickle"}},
      {"\x89HDF\r\n\x1a\n", {"an HDF5 file"}},
      {"x,y\n1,2\n", {"no NPY file"}},
  };
  const Folder folder;
  for (const Row& row : rows) {
    const std::string error = folder.fails(row.bytes);
    BOOST_TEST(contains(error, "x.npy: "), error);
    for (const std::string& part : row.says)
      BOOST_TEST(contains(error, part), "'" << part << "' in: " << error);
  }
  BOOST_TEST_MESSAGE(std::size(rows) << " arrays");
  const std::string one = npy("'|u1'", "(1,)", "x");
  BOOST_TEST(contains(
      opening_fails("npy<file=" + folder.file("o.npz", zip({{"a.npy", one}, {"b.npy", one}})) +
                    ">"),
      "it has 'a', 'b'"));
}

BOOST_AUTO_TEST_SUITE_END()
