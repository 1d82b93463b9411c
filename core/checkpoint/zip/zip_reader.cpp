#include "core/checkpoint/zip/zip_reader.hpp"

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

namespace lathe {

namespace {

constexpr std::uint32_t kLocalHeader = 0x04034b50;
constexpr std::uint32_t kDirectoryEntry = 0x02014b50;
constexpr std::uint32_t kEnd = 0x06054b50;
constexpr std::uint32_t kEnd64 = 0x06064b50;
constexpr std::uint32_t kEnd64Locator = 0x07064b50;
constexpr std::uint64_t kEndSize = 22, kEnd64Size = 56, kEnd64LocatorSize = 20;
constexpr std::uint64_t kDirectoryEntrySize = 46, kLocalHeaderSize = 30, kLocalCrc = 14;
constexpr std::uint64_t kLongestComment = 65535;
constexpr std::uint64_t kLargestDirectory = std::uint64_t{1} << 30;
// Weights hardly shrink. Deflate itself could by a factor of a thousand.
constexpr std::uint64_t kLargestRatio = 32, kRatioFloor = std::uint64_t{1} << 20;
constexpr std::uint16_t kStored = 0, kDeflated = 8;
constexpr std::uint16_t kZip64Field = 0x0001;
constexpr std::uint32_t kIn64 = 0xffffffff;

template <typename T>
T little_endian(const std::byte* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

std::vector<std::byte> bytes_at(const InputFile& file, std::uint64_t offset, std::uint64_t size) {
  if (!file.holds(offset, size)) throw file.damaged("the zip archive points past its own end");
  std::vector<std::byte> bytes(size);
  file.read(offset, bytes);
  return bytes;
}

void inflate_into(std::span<const std::byte> packed, std::span<std::byte> out,
                  const InputFile& file, const std::string& name) {
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
    throw run_error(LATHE_RESOURCE_EXHAUSTED, "no memory to unpack '" + name + "'",
                    {file.path().string()});
  constexpr std::size_t kChunk = std::size_t{1} << 30;  // zlib counts in 32 bits
  int code = Z_OK;
  while (code == Z_OK) {
    const std::size_t in_chunk = std::min(packed.size(), kChunk);
    const std::size_t out_chunk = std::min(out.size(), kChunk);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(packed.data()));
    stream.avail_in = static_cast<uInt>(in_chunk);
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out_chunk);
    code = inflate(&stream, Z_NO_FLUSH);
    packed = packed.subspan(in_chunk - stream.avail_in);
    out = out.subspan(out_chunk - stream.avail_out);
  }
  inflateEnd(&stream);
  if (code != Z_STREAM_END || !out.empty())
    throw file.damaged("entry '" + name + "' of the zip archive cannot be unpacked");
}

// Where the end record is: the last one whose comment reaches exactly the end of the file, else the
// last one, with other bytes behind it.
std::optional<std::uint64_t> end_of(const InputFile& file) {
  const std::uint64_t tail_size = std::min(file.size(), kEndSize + kLongestComment);
  const auto tail = bytes_at(file, file.size() - tail_size, tail_size);
  std::optional<std::uint64_t> last;
  for (std::uint64_t back = kEndSize; back <= tail_size; ++back) {
    const std::byte* end = tail.data() + (tail_size - back);
    if (little_endian<std::uint32_t>(end) != kEnd) continue;
    if (little_endian<std::uint16_t>(end + 20) == back - kEndSize) return file.size() - back;
    if (!last) last = file.size() - back;
  }
  return last;
}

// Where the 64-bit end record is: just before its locator, or where that says.
std::uint64_t end64_of(const InputFile& file, std::uint64_t locator, std::uint64_t told) {
  if (told > locator - kEnd64Size) throw file.damaged("the zip archive points past its own end");
  for (const std::uint64_t at : {locator - kEnd64Size, told})
    if (little_endian<std::uint32_t>(bytes_at(file, at, kEnd64Size).data()) == kEnd64) return at;
  throw file.damaged("the zip archive's 64-bit end record is missing");
}

}  // namespace

ZipArchive::ZipArchive(const InputFile& file) : file_(file) {
  const auto end = end_of(file);
  if (!end) throw file.damaged("the end of the zip archive is missing; the file is truncated");
  const auto record = bytes_at(file, *end, kEndSize);
  if (little_endian<std::uint16_t>(record.data() + 4) != 0)
    throw file.damaged("the zip archive is one part of several");
  std::uint64_t count = little_endian<std::uint16_t>(record.data() + 10);
  std::uint64_t size = little_endian<std::uint32_t>(record.data() + 12);
  std::uint64_t offset = little_endian<std::uint32_t>(record.data() + 16);
  std::uint64_t limit = *end;
  if (*end >= kEnd64LocatorSize + kEnd64Size) {
    const auto locator = bytes_at(file, *end - kEnd64LocatorSize, kEnd64LocatorSize);
    if (little_endian<std::uint32_t>(locator.data()) == kEnd64Locator) {
      limit = end64_of(file, *end - kEnd64LocatorSize,
                       little_endian<std::uint64_t>(locator.data() + 8));
      const auto end64 = bytes_at(file, limit, kEnd64Size);
      count = little_endian<std::uint64_t>(end64.data() + 32);
      size = little_endian<std::uint64_t>(end64.data() + 40);
      offset = little_endian<std::uint64_t>(end64.data() + 48);
    }
  }
  if (offset > limit || size > limit - offset || size > kLargestDirectory)
    throw file.damaged("the zip archive's directory does not lie inside the file");
  // The directory ends where the end records begin. What its own offset lacks to that was put
  // before the archive, as self-extracting ones have it, and every other offset lacks it too.
  directory_offset_ = limit - size;
  before_ = directory_offset_ - offset;
  read_directory(directory_offset_, size, count);
}

bool ZipArchive::ends_like_one(const InputFile& file) {
  if (!end_of(file)) return false;
  try {
    return !ZipArchive(file).entries().empty();
  } catch (const Error&) {
    return false;
  }
}

void ZipArchive::read_directory(std::uint64_t offset, std::uint64_t size, std::uint64_t count) {
  const auto directory = bytes_at(file_, offset, size);
  const std::byte* at = directory.data();
  std::uint64_t left = size;
  for (std::uint64_t i = 0; i < count; ++i) {
    if (left < kDirectoryEntrySize || little_endian<std::uint32_t>(at) != kDirectoryEntry)
      throw file_.damaged("entry " + std::to_string(i) + " of the zip archive's directory of " +
                          std::to_string(count) + " is damaged");
    const auto flags = little_endian<std::uint16_t>(at + 8);
    const std::uint64_t name_size = little_endian<std::uint16_t>(at + 28);
    const std::uint64_t extra_size = little_endian<std::uint16_t>(at + 30);
    const std::uint64_t comment_size = little_endian<std::uint16_t>(at + 32);
    const std::uint64_t whole = kDirectoryEntrySize + name_size + extra_size + comment_size;
    if (whole > left) throw file_.damaged("the zip archive's directory is cut short");

    Entry entry;
    entry.method = little_endian<std::uint16_t>(at + 10);
    entry.crc = little_endian<std::uint32_t>(at + 16);
    entry.packed_size = little_endian<std::uint32_t>(at + 20);
    entry.size = little_endian<std::uint32_t>(at + 24);
    entry.header_offset = little_endian<std::uint32_t>(at + 42);
    std::string name(reinterpret_cast<const char*>(at + kDirectoryEntrySize), name_size);

    // The 64-bit field holds only those values, in this order, that did not fit.
    const std::byte* extra = at + kDirectoryEntrySize + name_size;
    std::uint64_t extra_left = extra_size;
    while (extra_left >= 4) {
      const auto id = little_endian<std::uint16_t>(extra);
      const std::uint64_t field_size = little_endian<std::uint16_t>(extra + 2);
      if (field_size > extra_left - 4) break;
      if (id == kZip64Field) {
        const std::byte* field = extra + 4;
        std::uint64_t field_left = field_size;
        for (std::uint64_t* value : {&entry.size, &entry.packed_size, &entry.header_offset}) {
          if (*value != kIn64) continue;
          if (field_left < 8) throw file_.damaged("entry '" + name + "' lacks its 64-bit sizes");
          *value = little_endian<std::uint64_t>(field);
          field += 8;
          field_left -= 8;
        }
      }
      extra += 4 + field_size;
      extra_left -= 4 + field_size;
    }

    if (__builtin_add_overflow(entry.header_offset, before_, &entry.header_offset))
      throw file_.damaged("entry '" + name + "' of the zip archive lies past the end of the file");
    if ((flags & 1) != 0) throw file_.damaged("entry '" + name + "' is encrypted");
    if (!entries_.emplace(name, entry).second)
      throw file_.damaged("the zip archive holds '" + name + "' twice");
    if (!header_offsets_.insert(entry.header_offset).second)
      throw file_.damaged("entry '" + name + "' of the zip archive overlaps another");
    at += whole;
    left -= whole;
  }
}

const ZipArchive::Entry* ZipArchive::find(const std::string& name) const {
  const auto it = entries_.find(name);
  return it == entries_.end() ? nullptr : &it->second;
}

Tensor ZipArchive::read(const std::string& name) const {
  const Entry* found = find(name);
  if (found == nullptr) throw file_.damaged("the zip archive has no entry '" + name + "'");
  const Entry& entry = *found;
  const std::string entry_text = "entry '" + name + "' of the zip archive ";
  if (!file_.holds(entry.header_offset, kLocalHeaderSize))
    throw file_.damaged(entry_text + "lies past the end of the file");
  const auto header = bytes_at(file_, entry.header_offset, kLocalHeaderSize);
  const std::uint64_t name_size = little_endian<std::uint16_t>(header.data() + 26);
  const std::uint64_t extra_size = little_endian<std::uint16_t>(header.data() + 28);
  const std::uint64_t name_offset = entry.header_offset + kLocalHeaderSize;
  if (little_endian<std::uint32_t>(header.data()) != kLocalHeader || name_size != name.size() ||
      little_endian<std::uint16_t>(header.data() + 8) != entry.method)
    throw file_.damaged(entry_text + "disagrees with the directory");
  const auto local_name = bytes_at(file_, name_offset, name_size);
  if (std::memcmp(local_name.data(), name.data(), name_size) != 0)
    throw file_.damaged(entry_text + "disagrees with the directory");

  const std::uint64_t data_offset = name_offset + name_size + extra_size;
  const auto next = header_offsets_.upper_bound(entry.header_offset);
  const std::uint64_t end = next == header_offsets_.end() ? directory_offset_ : *next;
  if (data_offset > directory_offset_ || entry.packed_size > directory_offset_ - data_offset)
    throw file_.damaged(entry_text + "does not lie inside the file");
  if (data_offset > end || entry.packed_size > end - data_offset)
    throw file_.damaged(entry_text + "overlaps the one behind it");
  if (entry.method == kStored
          ? entry.size != entry.packed_size
          : entry.size > kRatioFloor && entry.size / kLargestRatio > entry.packed_size)
    throw file_.damaged(entry_text + "has sizes that cannot be true of weights");
  if (entry.method != kStored && entry.method != kDeflated)
    throw file_.damaged(entry_text + "is packed by method " + std::to_string(entry.method) +
                        "; only stored and deflated entries are read");

  Tensor contents = Tensor::make(
      DType::uint8, Shape{static_cast<std::int64_t>(entry.size)}, [&](std::span<std::byte> out) {
        if (entry.method == kStored) {
          file_.read(data_offset, out);
        } else if (!out.empty()) {
          inflate_into(bytes_at(file_, data_offset, entry.packed_size), out, file_, name);
        }
      });
  const auto bytes = contents.bytes();
  const uLong crc = crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  // What writes no checksums (PyTorch's compute_crc32=False) has 0 in both places.
  const bool unchecked =
      entry.crc == 0 && little_endian<std::uint32_t>(header.data() + kLocalCrc) == 0;
  if (crc != entry.crc && !unchecked)
    throw file_.damaged(entry_text + "is damaged: its checksum is wrong");
  return contents;
}

}  // namespace lathe
