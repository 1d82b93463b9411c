// Arrays by name: the one of an NPY file, or those of an NPZ file (numpy.savez: a zip archive of
// NPY files). Knows nothing about samples and labels.
#pragma once

#include "../zip_file.hpp"
#include "npy_array.hpp"

#include <lathe/lathe.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace datasets {

// An array as its file has it; its elements become numbers when they are read.
struct stored_array {
  std::string place;  // for messages: the file, and the array in it
  std::string bytes;  // the whole NPY file, or its beginning where only the header was wanted
  npy_header header;

  void row(std::uint64_t row, float* out) const;
};

stored_array array_of_npy(const std::string& path, bool header_only);

// The names of the arrays in an NPZ file.
std::vector<std::string> npz_names(const std::string& path);
// "'x_train', 'y_train'", for messages.
std::string npz_listing(const std::string& path);

// The names that an array of a split goes by where none is given, eg: x_train (Keras), train_images
// (MedMNIST); in a file of one split also the words alone, and `unnamed`, which is what numpy.savez
// calls it if nobody does.
std::vector<std::string> usual_names(const std::vector<const char*>& words, const char* unnamed,
                                     lathe::split s, bool of_one_split);

// The array of an NPZ file that has the first of these names that is there.
stored_array array_of_npz(const std::string& path, const std::vector<std::string>& names,
                          bool header_only);

}  // namespace datasets
