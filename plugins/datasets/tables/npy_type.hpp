// The types of elements that numpy writes ("<f4"), and how they become float32, or int64. Knows no
// file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace datasets {

struct npy_type {
  std::size_t size = 0;  // bytes of an element
  void (*read)(const char* from, std::uint64_t count, float* out) = nullptr;
  // Of whole numbers, else null. What is beyond int64 becomes negative.
  void (*integers)(const char* from, std::uint64_t count, std::int64_t* out) = nullptr;
};

// Of numpy's name of a type, quoted as headers have it: whole and real numbers of up to 8 bytes and
// truth values, of either byte order. Throws data_loss at the file `name` for any other.
npy_type npy_type_of(std::string_view description, const std::string& name);

}  // namespace datasets
