// Opens the HDF5 part when a set is first read from HDF5, so that nothing else ever loads HDF5.
#pragma once

#include <string>
#include <vector>

namespace datasets {

// Where the columns of a table are: in a dataset of rows with named members, or, if there is none,
// in a matrix beside a dataset with the names of its columns.
struct hdf5_place {
  const char* dataset;
  const char* matrix;
  const char* matrix_names;
};

// All rows of the named columns, row by row.
std::vector<float> read_hdf5(const std::string& path, const hdf5_place& place,
                             const std::vector<const char*>& columns);

}  // namespace datasets
