// What every reader of HDF5 needs: identifiers that are given back, reasons for failures, and what
// is there instead of what was wanted. Knows nothing about rows.
#pragma once

#include <hdf5.h>

#include <string>
#include <vector>

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

// Throws std::runtime_error: `what`, and the innermost reason on HDF5's error stack.
[[noreturn]] void fail(const std::string& what);

// "dataset 'jets'"; a name of the file's own is shown without control characters.
std::string called(const std::string& dataset);

bool has(hid_t file, const char* name);

// The extents of a dataset.
std::vector<hsize_t> extents_of(hid_t dataset);

// Opens a dataset. Throws with the datasets that are there if there is none of that name, and for
// a group and for compression that cannot be undone here.
hid_t open_dataset(hid_t file, const char* name);
