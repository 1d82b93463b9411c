// Reads columns of a compound HDF5 dataset in blocks of rows. Knows nothing about jets.
#include "table.h"

#include <hdf5.h>

#include <algorithm>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

constexpr hsize_t kBlockRows = 1 << 16;

// An HDF5 identifier and how it is given back.
class handle {
 public:
  handle(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {}
  ~handle() {
    if (id_ >= 0) close_(id_);
  }
  handle(const handle&) = delete;
  handle& operator=(const handle&) = delete;
  hid_t id() const { return id_; }
  bool valid() const { return id_ >= 0; }

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

// The innermost reason on HDF5's error stack.
std::string reason() {
  std::string text;
  H5Ewalk2(
      H5E_DEFAULT, H5E_WALK_UPWARD,
      [](unsigned n, const H5E_error2_t* error, void* out) -> herr_t {
        if (n == 0 && error->desc != nullptr) *static_cast<std::string*>(out) = error->desc;
        return 0;
      },
      &text);
  return text.empty() ? "" : " (HDF5: " + text + ")";
}

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error(what + reason()); }

// A compound type of float32 members with the names wanted.
hid_t row_type(hid_t file_type, const char* dataset, const char* const* columns,
               uint64_t column_count) {
  if (H5Tget_class(file_type) != H5T_COMPOUND) {
    throw std::runtime_error("dataset '" + std::string(dataset) +
                             "' is no table with named columns");
  }
  const hid_t type = H5Tcreate(H5T_COMPOUND, column_count * sizeof(float));
  for (uint64_t i = 0; i < column_count; ++i) {
    const int member = H5Tget_member_index(file_type, columns[i]);
    if (member < 0) {
      H5Tclose(type);
      throw std::runtime_error("dataset '" + std::string(dataset) + "' lacks the column '" +
                               columns[i] + "'");
    }
    const H5T_class_t kind = H5Tget_member_class(file_type, static_cast<unsigned>(member));
    if (kind != H5T_FLOAT && kind != H5T_INTEGER) {
      H5Tclose(type);
      throw std::runtime_error("column '" + std::string(columns[i]) + "' of dataset '" + dataset +
                               "' holds no numbers");
    }
    H5Tinsert(type, columns[i], i * sizeof(float), H5T_NATIVE_FLOAT);
  }
  return type;
}

void read_table(const char* path, const char* dataset, const char* const* columns,
                uint64_t column_count, lathe_hdf5_sink sink, void* user) {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  const handle file(H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose);
  if (!file.valid()) fail("this is no HDF5 file that can be read; it may be truncated");
  const handle set(H5Dopen2(file.id(), dataset, H5P_DEFAULT), H5Dclose);
  if (!set.valid()) {
    throw std::runtime_error("the file has no dataset '" + std::string(dataset) + "'");
  }
  const handle file_type(H5Dget_type(set.id()), H5Tclose);
  const handle space(H5Dget_space(set.id()), H5Sclose);
  if (!file_type.valid() || !space.valid()) fail("the dataset cannot be read");
  if (H5Sget_simple_extent_ndims(space.id()) != 1) {
    throw std::runtime_error("dataset '" + std::string(dataset) + "' is no list of rows");
  }
  const handle type(row_type(file_type.id(), dataset, columns, column_count), H5Tclose);
  hsize_t rows = 0;
  H5Sget_simple_extent_dims(space.id(), &rows, nullptr);

  std::vector<float> block;
  for (hsize_t at = 0; at < rows; at += kBlockRows) {
    const hsize_t count = std::min(kBlockRows, rows - at);
    block.resize(count * column_count);
    const handle memory(H5Screate_simple(1, &count, nullptr), H5Sclose);
    if (H5Sselect_hyperslab(space.id(), H5S_SELECT_SET, &at, nullptr, &count, nullptr) < 0 ||
        H5Dread(set.id(), type.id(), memory.id(), space.id(), H5P_DEFAULT, block.data()) < 0) {
      fail("rows from " + std::to_string(at) + " on cannot be read; the file is damaged");
    }
    sink(user, block.data(), count);
  }
}

}  // namespace

extern "C" __attribute__((visibility("default"))) int lathe_hdf5_read_table(
    const char* path, const char* dataset, const char* const* columns, uint64_t column_count,
    lathe_hdf5_sink sink, void* user, char* error, uint64_t error_size) {
  try {
    read_table(path, dataset, columns, column_count, sink, user);
    return 0;
  } catch (const std::exception& e) {
    std::snprintf(error, error_size, "%s", e.what());
    return 1;
  }
}
