// NPY files as numpy writes them, and as it does not.
#pragma once

#include <string>

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

}  // namespace lathe_test
