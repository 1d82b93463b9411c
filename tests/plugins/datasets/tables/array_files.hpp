// NPY and NPZ files as the tests need them.
#pragma once

#include <archive.h>
#include <archive_entry.h>

#include <string>
#include <utility>
#include <vector>

namespace lathe_test {

// An NPY file of version 1. `type` and `shape` are Python's literals.
inline std::string npy(const std::string& type, const std::string& shape, const std::string& data,
                       const std::string& fortran = "False") {
  std::string header =
      "{'descr': " + type + ", 'fortran_order': " + fortran + ", 'shape': " + shape + ", }";
  header += std::string(64 - (11 + header.size()) % 64, ' ') + "\n";
  return std::string("\x93NUMPY\1\0", 8) + static_cast<char>(header.size() & 0xFFU) +
         static_cast<char>(header.size() >> 8) + header + data;
}

inline std::string zip(const std::vector<std::pair<std::string, std::string>>& files) {
  std::string out(1 << 20, '\0');
  std::size_t used = 0;
  archive* writer = archive_write_new();
  archive_write_set_format_zip(writer);
  archive_write_open_memory(writer, out.data(), out.size(), &used);
  for (const auto& [name, body] : files) {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, name.c_str());
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_size(entry, static_cast<la_int64_t>(body.size()));
    archive_write_header(writer, entry);
    archive_write_data(writer, body.data(), body.size());
    archive_entry_free(entry);
  }
  archive_write_close(writer);
  archive_write_free(writer);
  return out.substr(0, used);
}

}  // namespace lathe_test
