// A file as bytes at offsets. Knows nothing about what is in it.
#pragma once

#include "core/base/error.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace lathe {

// An open file. Every range is checked against the size before anything is read, so a length that
// a damaged file claims never becomes an allocation by itself.
class InputFile {
 public:
  explicit InputFile(const std::filesystem::path& path);  // throws run_error
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::uint64_t size() const { return size_; }
  bool holds(std::uint64_t offset, std::uint64_t length) const {
    return offset <= size_ && length <= size_ - offset;
  }
  // Fills `out` from `offset`. Throws run_error if the file ends first.
  void read(std::uint64_t offset, std::span<std::byte> out) const;
  // DATA_LOSS at this file.
  Error damaged(const std::string& message) const;

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

}  // namespace lathe
