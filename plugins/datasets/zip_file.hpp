// Zip archives: the names of their entries and what they hold, stored or deflated, by the directory
// at the end. Sizes are checked against the file before memory is taken. Format: PKWARE APPNOTE
// 6.3.9, zip64 included.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace datasets {

bool is_zip(std::string_view begin);

class zip_file {
 public:
  struct entry {
    std::string name;
    unsigned method = 0;
    bool encrypted = false;
    std::uint32_t checksum = 0;  // CRC-32
    std::uint64_t packed_size = 0, size = 0;
    std::uint64_t header = 0;  // where it begins
  };

  // Throws data_loss at the file if it is truncated or damaged.
  explicit zip_file(std::string path);

  const std::vector<entry>& entries() const { return entries_; }

  // At most `limit` bytes of an entry; with all of them the checksum is checked.
  std::string read(const entry& e, std::uint64_t limit = UINT64_MAX) const;

 private:
  struct directory {
    std::uint64_t offset = 0, size = 0, end = 0, count = 0;
  };
  directory find_directory() const;
  void read_directory(const directory& where);
  std::string part(std::uint64_t offset, std::uint64_t size) const;
  std::string inflated(std::string packed, std::uint64_t size) const;
  [[noreturn]] void damaged(std::string_view why) const;

  std::string path_;
  std::uint64_t size_ = 0;
  std::vector<entry> entries_;
};

}  // namespace datasets
