// The data set jsc over HDF5 files of other makes than CERN's, and over labels that are not one of
// five. The files are written here, with HDF5 itself.
#include "tests/plugins/datasets/dataset_bench.hpp"
#include "tests/plugins/datasets/tables/array_files.hpp"
#include "tests/plugins/datasets/tables/hdf5_files.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe;
using namespace lathe_test;
using boost::test_tools::per_element;

namespace {

using Labels = std::vector<std::int64_t>;

const std::vector<std::string> kColumns{"j_zlogz",
                                        "j_c1_b0_mmdt",
                                        "j_c1_b1_mmdt",
                                        "j_c1_b2_mmdt",
                                        "j_c2_b1_mmdt",
                                        "j_c2_b2_mmdt",
                                        "j_d2_b1_mmdt",
                                        "j_d2_b2_mmdt",
                                        "j_d2_a1_b1_mmdt",
                                        "j_d2_a1_b2_mmdt",
                                        "j_m2_b1_mmdt",
                                        "j_m2_b2_mmdt",
                                        "j_n2_b1_mmdt",
                                        "j_n2_b2_mmdt",
                                        "j_mass_mmdt",
                                        "j_multiplicity",
                                        "j_g",
                                        "j_q",
                                        "j_w",
                                        "j_z",
                                        "j_t"};

// Row i has the features 16 i, 16 i + 1, ... and class i % 5.
std::vector<std::vector<float>> jets(std::size_t count) {
  std::vector<std::vector<float>> rows(count);
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = 0; j < 16; ++j) rows[i].push_back(static_cast<float>(16 * i + j));
    for (std::size_t j = 0; j < 5; ++j) rows[i].push_back(i % 5 == j ? 1.0F : 0.0F);
  }
  return rows;
}

void check_jets(const std::string& text, std::size_t count) {
  const auto set = open_set(text);
  const std::vector<float> samples = samples_of(*set, Split::test);
  BOOST_TEST_REQUIRE(samples.size() == 16 * count);
  for (std::size_t i = 0; i < samples.size(); ++i) BOOST_TEST(samples[i] == static_cast<float>(i));
  const Labels labels = labels_of(*set, Split::test);
  for (std::size_t i = 0; i < count; ++i) BOOST_TEST(labels[i] == static_cast<std::int64_t>(i % 5));
}

std::string csv_of(const std::vector<std::vector<float>>& rows, bool header) {
  std::string text;
  for (std::size_t j = 0; header && j < kColumns.size(); ++j)
    text += kColumns[j] + (j + 1 < kColumns.size() ? "," : "\n");
  for (const auto& row : rows)
    for (std::size_t j = 0; j < row.size(); ++j)
      text += std::to_string(row[j]) + (j + 1 < row.size() ? "," : "\n");
  return text;
}

std::string bytes_of(const std::vector<std::vector<float>>& rows) {
  std::string out;
  for (const auto& row : rows)
    out.append(reinterpret_cast<const char*>(row.data()), row.size() * sizeof(float));
  return out;
}

struct Folder {
  TemporaryFolder folder;
  std::filesystem::path at(const std::string& name) const { return folder.path() / name; }
  std::string test(const std::string& name) const { return "jsc<test=" + at(name).string() + ">"; }
};

// HDF5's handles end with the process; the files are small.
hid_t make_file(const std::filesystem::path& path) {
  return H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(dataset_jet_layouts)

BOOST_AUTO_TEST_CASE(labels_that_are_not_one_of_five_are_refused_with_their_row) {
  const std::vector<float> wrong[] = {{0.3F, 0.3F, 7, 1, -5}, {0, 0, 0, 0, 0},
                                      {1, 1, 0, 0, 0},        {0, 0, 2, 0, 0},
                                      {0, 0.5F, 0.5F, 0, 0},  {0, 0, -1, 0, 0}};
  const std::string says[] = {"0.3, 0.3, 7, 1 and -5", "0, 0, 0, 0 and 0",     "1, 1, 0, 0 and 0",
                              "0, 0, 2, 0 and 0",      "0, 0.5, 0.5, 0 and 0", "0, 0, -1, 0 and 0"};
  for (std::size_t i = 0; i < std::size(wrong); ++i) {
    const Folder folder;
    auto rows = jets(6);
    std::copy(wrong[i].begin(), wrong[i].end(), rows[3].begin() + 16);
    written(folder.at("named.csv"), csv_of(rows, true));
    written(folder.at("plain.csv"), csv_of(rows, false));
    written(folder.at("table.npy"), npy("'<f4'", "(6, 21)", bytes_of(rows)));
    std::vector<std::vector<float>> x, y;
    for (const auto& row : rows) {
      x.emplace_back(row.begin(), row.begin() + 16);
      y.emplace_back(row.begin() + 16, row.end());
    }
    written(folder.at("X_a.npy"), npy("'<f4'", "(6, 16)", bytes_of(x)));
    written(folder.at("y_a.npy"), npy("'<f4'", "(6, 5)", bytes_of(y)));
    write_hdf5(folder.at("jets.h5"), kColumns, rows);
    const std::pair<std::string, std::string> places[] = {{"named.csv", "named.csv:5"},
                                                          {"plain.csv", "plain.csv:4"},
                                                          {"table.npy", "table.npy: "},
                                                          {"X_a.npy", "y_a.npy: "},
                                                          {"jets.h5", "jets.h5: "}};
    for (const auto& [file, place] : places) {
      const std::string error = opening_fails(folder.test(file));
      BOOST_TEST(contains(error, place), error);
      BOOST_TEST(contains(error, "the classes g, q, w, z, t hold " + says[i]), error);
      if (file.find(".csv") == std::string::npos) BOOST_TEST(contains(error, "row 3: "), error);
    }
  }
}

BOOST_AUTO_TEST_CASE(the_layout_of_the_sets_with_particles_is_read_by_the_names_of_its_columns) {
  const Folder folder;
  const auto rows = jets(7);
  // The columns among others and in another order.
  std::vector<std::string> names{"j_ptfrac", "j_pt"};
  for (std::size_t j = kColumns.size(); j-- > 0;) names.push_back(kColumns[j]);
  names.push_back("j_undef");
  std::vector<float> matrix;
  for (const auto& row : rows) {
    matrix.insert(matrix.end(), {-1, -2});
    matrix.insert(matrix.end(), row.rbegin(), row.rend());
    matrix.push_back(0);
  }
  for (const bool variable : {false, true}) {
    const auto path = folder.at(variable ? "variable.h5" : "fixed.h5");
    const hid_t file = make_file(path);
    const hsize_t extents[] = {rows.size(), names.size()}, count = names.size();
    const hid_t plane = H5Screate_simple(2, extents, nullptr);
    const hid_t list = H5Screate_simple(1, &count, nullptr);
    const hid_t set =
        H5Dcreate2(file, "jets", H5T_NATIVE_FLOAT, plane, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    BOOST_TEST(H5Dwrite(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, matrix.data()) >= 0);
    const hid_t text = H5Tcopy(H5T_C_S1);
    std::string fixed;
    std::vector<const char*> pointers;
    for (const std::string& name : names) {
      fixed += name + std::string(20 - name.size(), '\0');
      pointers.push_back(name.c_str());
    }
    H5Tset_size(text, variable ? H5T_VARIABLE : 20);
    const hid_t labels =
        H5Dcreate2(file, "jetFeatureNames", text, list, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    const void* from = variable ? static_cast<const void*>(pointers.data()) : fixed.data();
    BOOST_TEST(H5Dwrite(labels, text, H5S_ALL, H5S_ALL, H5P_DEFAULT, from) >= 0);
    for (const hid_t id : {set, labels}) H5Dclose(id);
    H5Fclose(file);
    check_jets(folder.test(path.filename().string()), rows.size());
  }
}

// h5py writes truth values as an enumeration of bytes, PyTables as bits.
BOOST_AUTO_TEST_CASE(truth_values_are_numbers_however_they_are_stored) {
  const Folder folder;
  const auto rows = jets(6);
  for (const bool bits : {false, true}) {
    const auto path = folder.at(bits ? "bits.h5" : "enum.h5");
    hid_t truth = H5Tcopy(H5T_NATIVE_B8);
    if (!bits) {
      truth = H5Tenum_create(H5T_NATIVE_INT8);
      for (const auto& [name, value] :
           {std::pair{"FALSE", std::int8_t{0}}, {"TRUE", std::int8_t{1}}})
        H5Tenum_insert(truth, name, &value);
    }
    // 16 doubles, then five bytes.
    constexpr std::size_t kSize = 16 * sizeof(double) + 5;
    const hid_t type = H5Tcreate(H5T_COMPOUND, kSize);
    for (std::size_t j = 0; j < kColumns.size(); ++j) {
      const bool feature = j < 16;
      H5Tinsert(type, kColumns[j].c_str(),
                feature ? j * sizeof(double) : 16 * sizeof(double) + j - 16,
                feature ? H5T_NATIVE_DOUBLE : truth);
    }
    std::string bytes;
    for (const auto& row : rows) {
      const std::vector<double> features(row.begin(), row.begin() + 16);
      bytes.append(reinterpret_cast<const char*>(features.data()), 16 * sizeof(double));
      for (std::size_t j = 16; j < 21; ++j) bytes += row[j] == 1.0F ? '\1' : '\0';
    }
    const hid_t file = make_file(path);
    const hsize_t count = rows.size();
    const hid_t space = H5Screate_simple(1, &count, nullptr);
    const hid_t set =
        H5Dcreate2(file, "t_allpar_new", type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    BOOST_TEST(H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data()) >= 0);
    H5Dclose(set);
    H5Fclose(file);
    check_jets(folder.test(path.filename().string()), rows.size());
  }
}

BOOST_AUTO_TEST_CASE(compression_that_is_read_is_read_and_another_is_named) {
  const Folder folder;
  const auto rows = jets(20);
  const hsize_t chunk = 8;
  const hid_t gzip = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_chunk(gzip, 1, &chunk);
  H5Pset_shuffle(gzip);
  H5Pset_deflate(gzip, 4);
  write_hdf5(folder.at("gzip.h5"), kColumns, rows, "t_allpar_new", gzip);
  check_jets(folder.test("gzip.h5"), rows.size());

  // Filters under other libraries' numbers, known to HDF5 while these files are written only.
  for (const auto& [number, name] : {std::pair{32000, "LZF (filter 32000)"},
                                     {32001, "Blosc (filter 32001)"},
                                     {31999, "'mine' (filter 31999)"}}) {
    const H5Z_class2_t filter{H5Z_CLASS_T_VERS,
                              number,
                              1,
                              1,
                              "mine",
                              nullptr,
                              nullptr,
                              [](unsigned, std::size_t, const unsigned*, std::size_t size,
                                 std::size_t*, void**) { return size; }};
    H5Zregister(&filter);
    const hid_t properties = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(properties, 1, &chunk);
    H5Pset_filter(properties, number, H5Z_FLAG_OPTIONAL, 0, nullptr);
    write_hdf5(folder.at("other.h5"), kColumns, rows, "t_allpar_new", properties);
    H5Pclose(properties);
    H5Zunregister(number);
    const std::string error = opening_fails(folder.test("other.h5"));
    BOOST_TEST(contains(error, std::string("dataset 't_allpar_new' is compressed by ") + name +
                                   ", which HDF5 here cannot read"),
               error);
    BOOST_TEST(contains(error, "h5repack -f GZIP=4"), error);
    BOOST_TEST(!contains(error, "damaged"), error);
  }
}

BOOST_AUTO_TEST_CASE(what_is_there_in_place_of_the_table_is_told) {
  const Folder folder;
  const hsize_t extents[] = {3, 4};
  const hid_t plane = H5Screate_simple(2, extents, nullptr);
  const auto add = [&](hid_t where, const char* name) {
    H5Dclose(
        H5Dcreate2(where, name, H5T_NATIVE_FLOAT, plane, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  };
  hid_t file = make_file(folder.at("pandas.h5"));
  hid_t group = H5Gcreate2(file, "t_allpar_new", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  add(group, "block0_values");
  H5Gclose(group);
  H5Fclose(file);
  file = make_file(folder.at("other.h5"));
  group = H5Gcreate2(file, "events", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  add(group, "x");
  add(file, "labels");
  H5Gclose(group);
  H5Fclose(file);
  file = make_file(folder.at("empty.h5"));
  H5Fclose(file);
  file = make_file(folder.at("plain.h5"));
  add(file, "t_allpar_new");
  H5Fclose(file);
  const std::pair<std::string, std::string> rows[] = {
      {"pandas.h5", "'t_allpar_new' is a group, as pandas and PyTables write"},
      {"pandas.h5", "in it are 'block0_values' [3, 4]"},
      {"other.h5", "no dataset 't_allpar_new'; it has 'events/x' [3, 4], 'labels' [3, 4]"},
      {"empty.h5", "it has no dataset at all"},
      {"plain.h5", "no table with named columns"},
  };
  for (const auto& [name, says] : rows) {
    const std::string error = opening_fails(folder.test(name));
    BOOST_TEST(contains(error, name + ": "), error);
    BOOST_TEST(contains(error, says), "'" << says << "' in: " << error);
  }
}

BOOST_AUTO_TEST_SUITE_END()
