// Files that may be gzip (RFC 1952): their first bytes, and all of them where the size is known
// beforehand. Knows nothing about what they hold.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <string>

namespace datasets {

// A file to be read from its beginning, unpacked if it is packed.
class packed_file {
 public:
  // `limit`: the bytes of the file itself that are read.
  explicit packed_file(const std::string& path, std::uint64_t limit = UINT64_MAX);
  ~packed_file();
  packed_file(const packed_file&) = delete;
  packed_file& operator=(const packed_file&) = delete;

  bool packed() const { return packed_; }

  // Fills `to` with the next bytes; returns how many there were.
  std::size_t read(unsigned char* to, std::size_t size);

  // True if every byte was read, and with it the checksum, if there is one.
  bool at_end();

 private:
  std::string path_;
  std::string bytes_;
  bool packed_;
  bool ended_ = false;
  std::size_t at_ = 0;
  z_stream stream_ = {};
};

}  // namespace datasets
