// HDF5 files of jets as the tests need them, written with HDF5 itself.
#pragma once

#include <boost/test/unit_test.hpp>

#include <hdf5.h>

#include <filesystem>
#include <string>
#include <vector>

namespace lathe_test {

// A compound dataset of float32 columns, as CERN ships it.
inline void write_hdf5(const std::filesystem::path& path, const std::vector<std::string>& columns,
                       const std::vector<std::vector<float>>& rows,
                       const char* dataset = "t_allpar_new", hid_t properties = H5P_DEFAULT) {
  std::vector<float> all;
  for (const auto& row : rows) all.insert(all.end(), row.begin(), row.end());
  const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  const hid_t type = H5Tcreate(H5T_COMPOUND, columns.size() * sizeof(float));
  for (std::size_t i = 0; i < columns.size(); ++i)
    H5Tinsert(type, columns[i].c_str(), i * sizeof(float), H5T_NATIVE_FLOAT);
  const hsize_t count = rows.size();
  const hid_t space = H5Screate_simple(1, &count, nullptr);
  const hid_t set = H5Dcreate2(file, dataset, type, space, H5P_DEFAULT, properties, H5P_DEFAULT);
  BOOST_TEST_REQUIRE(H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, all.data()) >= 0);
  H5Dclose(set);
  H5Sclose(space);
  H5Tclose(type);
  H5Fclose(file);
}

}  // namespace lathe_test
