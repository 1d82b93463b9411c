#include "gzip.hpp"

#include "file_bytes.hpp"

#include <lathe/lathe.hpp>

#include <algorithm>
#include <cstring>
#include <string_view>

namespace datasets {

namespace {

bool is_gzip(std::string_view bytes) { return bytes.substr(0, 2) == "\x1f\x8b"; }

}  // namespace

packed_file::packed_file(const std::string& path, std::uint64_t limit)
    : path_(path), bytes_(file_bytes(path, limit)), packed_(is_gzip(bytes_)) {
  if (!packed_) return;
  stream_.next_in = reinterpret_cast<Bytef*>(bytes_.data());
  // A member and its header, no bare zlib stream; zlib checks the CRC and the length.
  if (inflateInit2(&stream_, 16 + MAX_WBITS) != Z_OK) throw std::bad_alloc();
}

packed_file::~packed_file() {
  if (packed_) inflateEnd(&stream_);
}

std::size_t packed_file::read(unsigned char* to, std::size_t size) {
  if (!packed_) {
    const std::size_t count = std::min(size, bytes_.size() - at_);
    std::memcpy(to, bytes_.data() + at_, count);
    at_ += count;
    return count;
  }
  std::size_t done = 0;
  while (done < size && !ended_) {
    // zlib counts in 32 bits.
    constexpr std::size_t kMost = 1U << 30;
    const std::size_t in = std::min(bytes_.size() - at_, kMost);
    const std::size_t out = std::min(size - done, kMost);
    stream_.next_in = reinterpret_cast<Bytef*>(bytes_.data()) + at_;
    stream_.avail_in = static_cast<uInt>(in);
    stream_.next_out = to + done;
    stream_.avail_out = static_cast<uInt>(out);
    const int code = inflate(&stream_, Z_NO_FLUSH);
    at_ += in - stream_.avail_in;
    done += out - stream_.avail_out;
    if (code == Z_STREAM_END) {
      // Members follow each other.
      ended_ = !is_gzip(std::string_view(bytes_).substr(at_)) || inflateReset(&stream_) != Z_OK;
    } else if (code == Z_BUF_ERROR || (code == Z_OK && at_ == bytes_.size() && done < size)) {
      break;  // the input ends inside a member
    } else if (code != Z_OK) {
      throw lathe::data_loss(lathe::join({"the gzip file is damaged: ",
                                          stream_.msg == nullptr ? "its data" : stream_.msg}))
          .at_file(path_);
    }
  }
  return done;
}

bool packed_file::at_end() {
  unsigned char more = 0;
  return read(&more, 1) == 0 && (!packed_ || ended_) && at_ == bytes_.size();
}

}  // namespace datasets
