// Opens the HDF5 part when a set is first read from HDF5, so that nothing else ever loads HDF5.
#pragma once

#include <string>
#include <vector>

namespace datasets {

// All rows of the named columns of a compound dataset, row by row.
std::vector<float> read_hdf5(const std::string& path, const char* dataset,
                             const std::vector<const char*>& columns);

}  // namespace datasets
