#include "zip_file.hpp"

#include "file_bytes.hpp"

#include <zlib.h>
#include <lathe/lathe.hpp>

#include <algorithm>

namespace datasets {

namespace {

constexpr std::string_view kEntry = "PK\3\4", kListed = "PK\1\2", kEnd = "PK\5\6";
constexpr std::string_view kEnd64 = "PK\6\6", kLocator64 = "PK\6\7";
constexpr std::uint64_t kEndSize = 22, kEnd64Size = 56, kLocatorSize = 20;
constexpr std::uint64_t kListedSize = 46, kEntrySize = 30;
constexpr std::uint64_t kLongestComment = 0xffff;
constexpr std::uint32_t kIn64 = 0xffffffff;  // the number stands in a field of 64 bits
// Deflate packs so many bytes into one at best.
constexpr std::uint64_t kMostPacked = 1032;
// No archive of arrays has a longer directory.
constexpr std::uint64_t kLongestDirectory = 1 << 26;

std::uint64_t number(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;) {
    value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  }
  return value;
}

// Replaces those of the numbers that stand in the extra field of zip64.
void read_extra64(std::string_view extra, zip_file::entry& e) {
  while (extra.size() >= 4) {
    const std::uint64_t id = number(extra, 0, 2), size = number(extra, 2, 2);
    extra.remove_prefix(4);
    if (size > extra.size()) return;
    std::string_view field = extra.substr(0, size);
    extra.remove_prefix(size);
    if (id != 1) continue;
    for (std::uint64_t* value : {&e.size, &e.packed_size, &e.header}) {
      if (*value != kIn64 || field.size() < 8) continue;
      *value = number(field, 0, 8);
      field.remove_prefix(8);
    }
  }
}

}  // namespace

bool is_zip(std::string_view begin) { return begin.substr(0, 4) == kEntry; }

zip_file::zip_file(std::string path) : path_(std::move(path)), size_(file_size(path_)) {
  read_directory(find_directory());
}

void zip_file::damaged(std::string_view why) const {
  throw lathe::data_loss(lathe::join({"the zip archive is damaged: ", why})).at_file(path_);
}

std::string zip_file::part(std::uint64_t offset, std::uint64_t size) const {
  if (offset > size_ || size > size_ - offset) damaged("it is truncated, or its offsets are wrong");
  return file_part(path_, offset, size);
}

zip_file::directory zip_file::find_directory() const {
  const std::uint64_t tail_size = std::min(size_, kEndSize + kLongestComment);
  const std::string tail = part(size_ - tail_size, tail_size);
  std::size_t at = tail.rfind(kEnd);
  if (at != std::string::npos && tail.size() - at < kEndSize) at = tail.rfind(kEnd, at - 1);
  if (tail.size() < kEndSize || at == std::string::npos || tail.size() - at < kEndSize) {
    damaged("its end is missing; it is truncated");
  }
  directory found;
  found.end = size_ - tail_size + at;
  found.count = number(tail, at + 10, 2);
  found.size = number(tail, at + 12, 4);
  found.offset = number(tail, at + 16, 4);
  if (found.end < kLocatorSize) return found;
  const std::string locator = part(found.end - kLocatorSize, kLocatorSize);
  if (locator.compare(0, 4, kLocator64) != 0) return found;
  const std::uint64_t end64 = number(locator, 8, 8);
  const std::string end = part(end64, kEnd64Size);
  if (end.compare(0, 4, kEnd64) != 0) damaged("its end is damaged");
  return {number(end, 48, 8), number(end, 40, 8), end64, number(end, 32, 8)};
}

void zip_file::read_directory(const directory& where) {
  if (where.size > kLongestDirectory || where.size > where.end ||
      where.offset > where.end - where.size) {
    damaged("its directory does not lie before its end");
  }
  // What other bytes stand before the archive, offsets do not count.
  const std::uint64_t before = where.end - where.size - where.offset;
  const std::string bytes = part(where.offset + before, where.size);
  std::string_view rest = bytes;
  for (std::uint64_t i = 0; i < where.count; ++i) {
    if (rest.size() < kListedSize || rest.substr(0, 4) != kListed) {
      damaged("its directory has fewer entries than it says");
    }
    entry e;
    e.encrypted = (number(rest, 8, 2) & 1) != 0;
    e.method = static_cast<unsigned>(number(rest, 10, 2));
    e.checksum = static_cast<std::uint32_t>(number(rest, 16, 4));
    e.packed_size = number(rest, 20, 4);
    e.size = number(rest, 24, 4);
    const std::uint64_t name = number(rest, 28, 2), extra = number(rest, 30, 2);
    const std::uint64_t comment = number(rest, 32, 2);
    e.header = number(rest, 42, 4);
    rest.remove_prefix(kListedSize);
    if (name + extra + comment > rest.size()) damaged("its directory is cut");
    e.name = rest.substr(0, name);
    read_extra64(rest.substr(name, extra), e);
    e.header += before;
    rest.remove_prefix(name + extra + comment);
    entries_.push_back(std::move(e));
  }
}

std::string zip_file::read(const entry& e, std::uint64_t limit) const {
  if (e.encrypted) {
    throw lathe::data_loss("the zip archive is encrypted, which is not read").at_file(path_);
  }
  if (e.method != 0 && e.method != 8) {
    throw lathe::data_loss(lathe::join({"the zip archive is compressed by method ",
                                        lathe::to_string(static_cast<std::int64_t>(e.method)),
                                        "; stored and deflated entries are read"}))
        .at_file(path_);
  }
  const std::string header = part(e.header, kEntrySize);
  if (!is_zip(header)) damaged("an entry is not where the directory says");
  const std::uint64_t begin = e.header + kEntrySize + number(header, 26, 2) + number(header, 28, 2);
  const bool deflated = e.method == 8;
  const bool fits = deflated ? e.size / kMostPacked <= e.packed_size : e.size == e.packed_size;
  if (!fits) damaged("an entry says a size that cannot be true");
  const std::uint64_t size = std::min(e.size, limit);
  if (begin > size_ || e.packed_size > size_ - begin) damaged("it is truncated");
  // A beginning needs no more of what is packed: deflate makes little of noise.
  const std::uint64_t packed = std::min(e.packed_size, size + size / 8 + 4096);
  std::string bytes = deflated ? inflated(part(begin, packed), size) : part(begin, size);
  if (size < e.size) return bytes;
  uLong checksum = crc32(0, nullptr, 0);
  // zlib counts in 32 bits.
  constexpr std::size_t kMost = 1U << 30;
  for (std::size_t at = 0; at < bytes.size(); at += kMost) {
    checksum = crc32(checksum, reinterpret_cast<const Bytef*>(bytes.data()) + at,
                     static_cast<uInt>(std::min(kMost, bytes.size() - at)));
  }
  if (checksum != e.checksum) damaged("the checksum of an entry is wrong");
  return bytes;
}

// The first `size` bytes of what was packed.
std::string zip_file::inflated(std::string packed, std::uint64_t size) const {
  std::string bytes(size, '\0');
  z_stream stream = {};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) throw std::bad_alloc();
  constexpr std::size_t kMost = 1U << 30;
  std::size_t in = 0, out = 0;
  int code = Z_OK;
  while (code == Z_OK && out < bytes.size()) {
    const std::size_t more_in = std::min(kMost, packed.size() - in);
    const std::size_t more_out = std::min(kMost, bytes.size() - out);
    stream.next_in = reinterpret_cast<Bytef*>(packed.data()) + in;
    stream.avail_in = static_cast<uInt>(more_in);
    stream.next_out = reinterpret_cast<Bytef*>(bytes.data()) + out;
    stream.avail_out = static_cast<uInt>(more_out);
    code = inflate(&stream, Z_NO_FLUSH);
    in += more_in - stream.avail_in;
    out += more_out - stream.avail_out;
  }
  inflateEnd(&stream);
  if (out < bytes.size()) damaged("an entry ends before its size");
  return bytes;
}

}  // namespace datasets
