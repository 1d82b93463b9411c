// The zip archives that torch.save writes: stored or deflated entries, zip64, no encryption. Bytes
// before and behind an archive are passed over, as Python's zipfile does.
// Knows nothing about tensors. Format: PKWARE APPNOTE 6.3.9.
#pragma once

#include "core/checkpoint/input_file.hpp"
#include "core/tensor/tensor.hpp"

#include <map>
#include <set>
#include <string>

namespace lathe {

class ZipArchive {
 public:
  // Reads the central directory. Throws run_error for a truncated or damaged archive.
  explicit ZipArchive(const InputFile& file);

  // Whether there is a directory of an archive where one would be, whatever the file begins with.
  static bool ends_like_one(const InputFile& file);

  struct Entry {
    std::uint64_t header_offset = 0;
    std::uint64_t packed_size = 0;
    std::uint64_t size = 0;
    std::uint32_t crc = 0;
    std::uint16_t method = 0;
  };
  const std::map<std::string, Entry>& entries() const { return entries_; }
  const Entry* find(const std::string& name) const;

  // The contents of an entry, as bytes (uint8), checked against its CRC if it has one. Entries that
  // overlap, and
  // ones that unpack to far more than the file's size, are refused: bombs are made so.
  Tensor read(const std::string& name) const;

 private:
  void read_directory(std::uint64_t offset, std::uint64_t size, std::uint64_t count);
  const InputFile& file_;
  std::uint64_t directory_offset_ = 0;
  std::uint64_t before_ = 0;  // bytes before the archive
  std::set<std::uint64_t> header_offsets_;
  std::map<std::string, Entry> entries_;
};

}  // namespace lathe
