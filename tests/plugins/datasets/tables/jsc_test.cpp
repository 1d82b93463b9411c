// The data set jsc against MASE's own preparation of a small HDF5 file, and from other formats.
#include "tests/plugins/datasets/dataset_bench.hpp"
#include "tests/plugins/datasets/tables/hdf5_files.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstring>

using namespace lathe;
using namespace lathe_test;
using boost::test_tools::per_element;

namespace {

constexpr const char* kOfficial =
    "processed-pythia82-lhc13-all-pt1-50k-r1_h022_e0175_t220_nonu_truth.z";

// The golden file's rows as an HDF5 file in a data folder.
struct GoldenFolder {
  TemporaryFolder folder;
  json golden = golden_json("dataset_jsc.json");
  std::vector<std::string> columns = golden["columns_in_file"];
  std::vector<std::vector<float>> rows = golden["rows"];
  std::filesystem::path file = folder.path() / "jsc" / kOfficial;
  GoldenFolder() {
    std::filesystem::create_directories(file.parent_path());
    write_hdf5(file, columns, rows);
  }
};

void check_close(const std::vector<float>& found, const json& expected) {
  BOOST_TEST_REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i)
    BOOST_TEST(std::fabs(found[i] - expected[i].get<double>()) < 1e-5);
}

std::string text_of(float value) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%.9g", static_cast<double>(value));
  return digits;
}

// An NPY file, version 1.
std::string npy(const std::string& type, const std::string& shape, const std::string& data) {
  std::string header =
      "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + ", }";
  header.resize((10 + header.size() + 64) / 64 * 64 - 10, ' ');
  header.back() = '\n';
  const auto length = static_cast<std::uint16_t>(header.size());
  std::string out("\x93NUMPY\x01\x00", 8);
  out.append(reinterpret_cast<const char*>(&length), 2);
  return out + header + data;
}
template <typename T>
std::string packed(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(dataset_jsc)

BOOST_AUTO_TEST_CASE(with_validation_on_train_the_splits_equal_those_of_mase) {
  const GoldenFolder folder;
  const auto set = open_set("jsc<validation=train>", folder.folder.path());
  const json& golden = folder.golden;
  for (const Split split : {Split::train, Split::validation}) {
    check_close(samples_of(*set, split), golden["X_train_val"]["data"]);
    BOOST_TEST(labels_of(*set, split) == golden["Y_train_val"].get<std::vector<std::int64_t>>(),
               per_element());
  }
  check_close(samples_of(*set, Split::test), golden["X_test"]["data"]);
  BOOST_TEST(labels_of(*set, Split::test) == golden["Y_test"].get<std::vector<std::int64_t>>(),
             per_element());
  BOOST_TEST(set->files() == std::vector<std::string>{folder.file.string()}, per_element());
  BOOST_TEST_MESSAGE("dataset_jsc.json: "
                     << golden["X_train_val"]["data"].size() + golden["X_test"]["data"].size()
                     << " scaled values");
}

// MASE validates on the rows it trains on; Lathe's validation is the last eighth of them.
BOOST_AUTO_TEST_CASE(by_default_no_two_splits_share_a_row) {
  const GoldenFolder folder;
  const auto set = open_set("jsc<file=" + folder.file.string() + ">");
  const auto& expected = folder.golden["X_train_val"]["data"];
  const auto train = samples_of(*set, Split::train);
  const auto validation = samples_of(*set, Split::validation);
  BOOST_TEST(set->count(Split::train) == 32U);
  BOOST_TEST(set->count(Split::validation) == 4U);
  std::vector<float> both = train;
  both.insert(both.end(), validation.begin(), validation.end());
  check_close(both, expected);
}

BOOST_AUTO_TEST_CASE(the_permutations_are_those_of_numpy) {
  // Feature j_zlogz is the row's number: the order of the splits shows the permutation.
  const auto golden = golden_json("dataset_jsc.json");
  const auto& permutations = golden["split_permutations_random_state_42_test_size_0.2"];
  const std::vector<std::string> columns = golden["columns_in_file"];
  std::size_t cases = 0;
  for (const auto& [text, expected] : permutations.items()) {
    const std::size_t count = std::stoul(text);
    std::vector<std::vector<float>> rows(count, std::vector<float>(columns.size(), 0.0F));
    for (std::size_t i = 0; i < count; ++i) rows[i][1] = static_cast<float>(i);
    const auto gluon = std::find(columns.begin(), columns.end(), "j_g") - columns.begin();
    for (auto& row : rows) row[static_cast<std::size_t>(gluon)] = 1;
    TemporaryFolder folder;
    write_hdf5(folder.path() / "x.h5", columns, rows);
    const auto set =
        open_set("jsc<validation=train,file=" + (folder.path() / "x.h5").string() + ">");
    // Scaling keeps the order of the numbers: undo it by mean and deviation of the train rows.
    const std::vector<std::size_t> order = expected["train"];
    double mean = 0, squares = 0;
    for (const std::size_t row : order) mean += static_cast<double>(row);
    mean /= static_cast<double>(order.size());
    for (const std::size_t row : order)
      squares += (static_cast<double>(row) - mean) * (static_cast<double>(row) - mean);
    const double deviation = std::sqrt(squares / static_cast<double>(order.size()));
    for (const auto& [split, key] :
         {std::pair{Split::train, "train"}, std::pair{Split::test, "test"}}) {
      const auto samples = samples_of(*set, split);
      std::vector<std::size_t> found;
      for (std::size_t i = 0; i < samples.size(); i += 16)
        found.push_back(static_cast<std::size_t>(std::lround(samples[i] * deviation + mean)));
      BOOST_TEST(found == expected[key].get<std::vector<std::size_t>>(), per_element());
      ++cases;
    }
  }
  BOOST_TEST_MESSAGE("dataset_jsc.json: " << cases << " permutations");
}

BOOST_AUTO_TEST_CASE(csv_and_npy_of_the_same_jets_give_the_same_splits) {
  const GoldenFolder folder;
  const auto expected = open_set("jsc", folder.folder.path());
  const std::vector<std::string> features = folder.golden["feature_order"];
  const std::vector<std::string> labels = folder.golden["label_order"];
  const auto place = [&](const std::string& name) {
    return static_cast<std::size_t>(std::find(folder.columns.begin(), folder.columns.end(), name) -
                                    folder.columns.begin());
  };
  std::string one_hot_csv, letters_csv, numbers_csv;
  for (const auto& name : folder.columns) one_hot_csv += name + ",";
  one_hot_csv += "nothing\n";
  for (const auto& name : features) letters_csv += name.substr(2) + ",";
  letters_csv += "class\n";
  std::vector<float> table, x;
  std::vector<std::int64_t> y;
  for (const auto& row : folder.rows) {
    for (const float value : row) one_hot_csv += text_of(value) + ",";
    one_hot_csv += "0\n";
    std::size_t label = 0;
    for (std::size_t i = 0; i < 5; ++i)
      if (row[place(labels[i])] == 1.0F) label = i;
    for (const auto& name : features) {
      const float value = row[place(name)];
      letters_csv += text_of(value) + ",";
      numbers_csv += text_of(value) + ",";
      table.push_back(value);
      x.push_back(value);
    }
    for (std::size_t i = 0; i < 5; ++i) table.push_back(i == label ? 1.0F : 0.0F);
    y.push_back(static_cast<std::int64_t>(label));
    letters_csv += labels[label].substr(2) + "\n";
    numbers_csv += std::to_string(label) + "\n";
  }
  const auto dir = folder.folder.path();
  const std::string count = std::to_string(folder.rows.size());
  written(dir / "one_hot.csv", one_hot_csv);
  written(dir / "letters.csv", letters_csv);
  written(dir / "numbers.csv", numbers_csv);
  written(dir / "table.npy", npy("<f4", "(" + count + ", 21)", packed(table)));
  written(dir / "X_all.npy", npy("<f4", "(" + count + ", 16)", packed(x)));
  written(dir / "y_all.npy", npy("<i8", "(" + count + ",)", packed(y)));
  for (const char* file : {"one_hot.csv", "letters.csv", "numbers.csv", "table.npy", "X_all.npy"}) {
    BOOST_TEST_CONTEXT(file) {
      const auto set = open_set("jsc<file=" + (dir / file).string() + ">");
      for (const Split split : {Split::train, Split::validation, Split::test}) {
        BOOST_TEST(samples_of(*set, split) == samples_of(*expected, split), per_element());
        BOOST_TEST(labels_of(*set, split) == labels_of(*expected, split), per_element());
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(numbers_stand_for_classes_in_the_order_that_is_given) {
  TemporaryFolder folder;
  std::string row;
  for (int i = 0; i < 16; ++i) row += "0.5,";
  const auto file = written(folder.path() / "test.csv", row + "2\n" + row + "t\n" + row + "W\n");
  const auto plain = open_set("jsc<test=" + file.string() + ">");
  BOOST_TEST(labels_of(*plain, Split::test) == (std::vector<std::int64_t>{2, 4, 2}), per_element());
  const auto sorted = open_set("jsc<test=" + file.string() + ",label_order=[g,q,t,w,z]>");
  BOOST_TEST(labels_of(*sorted, Split::test) == (std::vector<std::int64_t>{4, 4, 2}),
             per_element());
}

BOOST_AUTO_TEST_CASE(a_test_file_alone_is_enough_and_what_is_absent_is_named) {
  const auto file = data_dir() / "jsc" / "jsc_hlf_test100_standardized.csv";
  const auto set = open_set("jsc<test=" + file.string() + ">");
  BOOST_TEST(set->count(Split::test) == 100U);
  BOOST_TEST(set->count(Split::train) == 0U);
  BOOST_TEST(std::fabs(samples_of(*set, Split::test)[0] - -0.11950315F) == 0.0F);
  BOOST_CHECK_EXCEPTION(set->all(Split::train), Error,
                        [](const Error& e) { return contains(e.what(), "option 'train'"); });
}

BOOST_AUTO_TEST_CASE(shape_and_classes_are_known_without_any_data) {
  const DatasetInfo info = make_set("jsc")->info();
  BOOST_TEST((info.input()->shape == Shape{16}));
  BOOST_TEST(info.target()->class_names == (std::vector<std::string>{"g", "q", "w", "z", "t"}),
             per_element());
}

BOOST_AUTO_TEST_CASE(a_missing_file_is_named_with_where_it_was_looked_for_and_how_to_get_it) {
  TemporaryFolder folder;
  const std::string error = opening_fails("jsc", folder.path());
  BOOST_TEST(contains(error, kOfficial), error);
  BOOST_TEST(contains(error, (folder.path() / "jsc").string()), error);
  BOOST_TEST(contains(error, "lathe data fetch jsc"), error);
  BOOST_TEST(contains(opening_fails("jsc"), "LATHE_DATA_DIR"));
  BOOST_TEST(contains(opening_fails("jsc<file=/no/such.h5>"), "/no/such.h5"));
  BOOST_TEST(contains(opening_fails("jsc<test=/no/such.csv>"), "/no/such.csv"));
}

BOOST_AUTO_TEST_CASE(damaged_files_are_refused_with_the_reason) {
  const GoldenFolder golden;
  const auto dir = golden.folder.path();
  std::ifstream in(golden.file, std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(in)), {});
  const std::string row17 = "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,";

  std::vector<std::string> columns = golden.columns;
  columns[16] = "j_multi";
  write_hdf5(dir / "column.h5", columns, golden.rows);
  write_hdf5(dir / "dataset.h5", golden.columns, golden.rows, "other");
  auto rows = golden.rows;
  rows[3][2] = NAN;
  write_hdf5(dir / "nan.h5", golden.columns, rows);
  std::string npy_cut = npy("<f4", "(2, 17)", std::string(2 * 17 * 4 - 1, '\0'));
  struct Row {
    std::string file, bytes, reason;
  };
  const Row table[] = {
      {"column.h5", "", "lacks the column 'j_multiplicity'"},
      {"dataset.h5", "",
       "no dataset 't_allpar_new'; it has 'other' [" + std::to_string(golden.rows.size()) + "]"},
      {"nan.h5", "", "row 3: the number in 'j_c1_b0_mmdt' is not finite"},
      {"cut.h5", whole.substr(0, whole.size() / 2), "truncated"},
      {"head.h5", whole.substr(0, 64), "truncated"},
      {"word.csv", row17 + "x\n", "'x' is none of the classes g, q, w, z, t"},
      {"number.csv", row17 + "5\n", "'5' is none of the classes"},
      {"narrow.csv", "1,2,3,g\n", "there are 4 columns"},
      {"ragged.csv", row17 + "g\n1,2\n", "ragged.csv:2"},
      {"binary.csv", std::string("a\0b", 3), "nor text"},
      {"empty.csv", "", "empty"},
      {"missing.csv", "zlogz,c1_b0_mmdt,class\n1,2,g\n", "'j_c1_b1_mmdt'"},
      {"cut.npy", npy_cut, "truncated"},
      {"type.npy", npy("<U1", "(1, 17)", ""), "'<U1'"},
      {"complex.npy", npy(">c8", "(1, 17)", std::string(136, '\0')), "'>c8'"},
      {"cube.npy", npy("<f4", "(1, 1, 17)", std::string(68, '\0')), "one or two dimensions"},
      {"huge.npy", npy("<f8", "(100000000000000000, 17)", ""), "truncated"},
      {"width.npy", npy("<f4", "(1, 18)", std::string(72, '\0')), "18 columns"},
      {"alone.npy", npy("<f4", "(1, 16)", std::string(64, '\0')), "y_NAME.npy"},
      {"X_a.npy", npy("<f4", "(1, 16)", std::string(64, '\0')), "y_a.npy"},
      {"version.npy", std::string("\x93NUMPY\x09\x00\x00\x00", 10), "version 9"},
      {"header.npy", std::string("\x93NUMPY\x01\x00\xff\xff", 10), "truncated"},
      {"nan.npy", npy("<f4", "(1, 17)", packed(std::vector<float>(17, NAN))), "not finite"},
      {"lfs.csv", "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n",
       "git lfs pull"},
      {"page.csv", "<!doctype html>\n", "web page"},
      {"label.npy", npy("<f4", "(1, 17)", packed(std::vector<float>(17, 7.0F))), "class number"},
  };
  for (const Row& row : table) {
    const auto path = dir / row.file;
    if (!std::filesystem::exists(path)) written(path, row.bytes);
    const std::string error = opening_fails("jsc<test=" + path.string() + ">");
    BOOST_TEST(contains(error, row.file), error);
    BOOST_TEST(contains(error, row.reason), "'" << row.reason << "' in: " << error);
  }
  BOOST_TEST_MESSAGE(std::size(table) << " damaged files");
}

BOOST_AUTO_TEST_CASE(options_that_contradict_each_other_are_refused) {
  BOOST_TEST(contains(opening_fails("jsc<file=a,test=b>"), "cannot stand beside"));
  BOOST_TEST(contains(opening_fails("jsc<validation=train,test=b>"), "needs a train file"));
  BOOST_TEST(contains(opening_fails("jsc<label_order=[g,q,w,z]>"), "label_order"));
  BOOST_TEST(contains(opening_fails("jsc<label_order=[g,q,w,z,z]>"), "label_order"));
}

BOOST_AUTO_TEST_SUITE_END()
