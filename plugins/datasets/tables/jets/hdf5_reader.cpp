#include "hdf5_reader.hpp"

#include "hdf5/table.h"

#include <lathe/lathe.hpp>

#include <dlfcn.h>

namespace datasets {

namespace {

// lib/lathe/plugins/jsc.so -> lib/lathe/hdf5_table.so
std::string hdf5_part() {
  Dl_info here = {};
  static const char anchor = 0;
  std::string path = dladdr(&anchor, &here) != 0 ? here.dli_fname : "";
  for (int level = 0; level < 2; ++level) {
    const std::size_t slash = path.find_last_of('/');
    path.resize(slash == std::string::npos ? 0 : slash);
  }
  return path + "/hdf5_table.so";
}

// Never closed: HDF5 keeps state for the life of the process.
lathe_hdf5_read_table_function open_hdf5_part() {
  const std::string path = hdf5_part();
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  void* symbol = library == nullptr ? nullptr : dlsym(library, LATHE_HDF5_READ_TABLE);
  if (symbol == nullptr) {
    const char* why = dlerror();
    throw lathe::error(LATHE_UNAVAILABLE,
                       lathe::join({"the part that reads HDF5 cannot be loaded: ",
                                    why == nullptr ? "it is damaged" : why}));
  }
  return reinterpret_cast<lathe_hdf5_read_table_function>(symbol);
}

}  // namespace

std::vector<float> read_hdf5(const std::string& path, const hdf5_place& place,
                             const std::vector<const char*>& columns) {
  const auto read_table = open_hdf5_part();
  struct collected {
    std::vector<float> rows;
    std::uint64_t width;
    bool out_of_memory;
  } out = {{}, columns.size(), false};
  const lathe_hdf5_wanted wanted{place.dataset, place.matrix, place.matrix_names, columns.data(),
                                 columns.size()};
  char error[2048] = "";
  const int failed = read_table(
      path.c_str(), &wanted,
      [](void* user, const float* rows, std::uint64_t count) {
        auto& to = *static_cast<collected*>(user);
        try {
          to.rows.insert(to.rows.end(), rows, rows + count * to.width);
        } catch (const std::bad_alloc&) {
          to.out_of_memory = true;
        }
      },
      &out, error, sizeof error);
  if (failed != 0) throw lathe::data_loss(error).at_file(path);
  if (out.out_of_memory) throw std::bad_alloc();
  return std::move(out.rows);
}

}  // namespace datasets
