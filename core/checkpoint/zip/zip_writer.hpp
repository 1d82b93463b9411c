// Zip archives of stored entries, each aligned as PyTorch aligns its records so that they can be
// mapped. 64-bit records where a number needs them. Knows nothing about tensors.
#pragma once

#include "core/base/file.hpp"

#include <string>
#include <string_view>

namespace lathe {

class ZipWriter {
 public:
  explicit ZipWriter(const ByteSink& sink) : sink_(sink) {}

  // REQUIRES: no two entries have one name.
  void add(const std::string& name, std::span<const std::byte> contents);
  void add(const std::string& name, std::string_view contents);
  // The directory. Nothing may follow.
  void finish();

 private:
  void put(std::span<const std::byte> bytes);
  void put(const std::string& bytes);

  const ByteSink& sink_;
  std::uint64_t at_ = 0;
  std::uint64_t count_ = 0;
  std::string directory_;
};

}  // namespace lathe
