#include "core/checkpoint/zip/zip_writer.hpp"

#include <zlib.h>

#include <cstring>

namespace lathe {

namespace {

constexpr std::uint64_t kAlignment = 64;  // PyTorch's kFieldAlignment
constexpr std::uint64_t kLocalHeaderSize = 30, kFieldHeaderSize = 4;
constexpr std::uint32_t kIn64 = 0xffffffff;
constexpr std::uint16_t kCountIn64 = 0xffff;
constexpr std::uint16_t kVersion = 20, kVersion64 = 45;
constexpr std::uint16_t kZip64Field = 0x0001;
constexpr std::uint16_t kPaddingField = 0x4246;  // "FB", as PyTorch calls it

template <typename T>
void append(std::string& to, T value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  to.append(bytes, sizeof value);
}

std::uint32_t in32(std::uint64_t value) {
  return value >= kIn64 ? kIn64 : static_cast<std::uint32_t>(value);
}

// The 64-bit field: those numbers that do not fit, in the order the format gives them.
std::string field64(std::initializer_list<std::uint64_t> numbers) {
  std::string values;
  for (const std::uint64_t number : numbers)
    if (number >= kIn64) append(values, number);
  if (values.empty()) return {};
  std::string field;
  append(field, kZip64Field);
  append(field, static_cast<std::uint16_t>(values.size()));
  return field + values;
}

}  // namespace

void ZipWriter::put(std::span<const std::byte> bytes) {
  sink_(bytes);
  at_ += bytes.size();
}
void ZipWriter::put(const std::string& bytes) { put(std::as_bytes(std::span(bytes))); }

void ZipWriter::add(const std::string& name, std::string_view contents) {
  add(name, std::as_bytes(std::span(contents)));
}

void ZipWriter::add(const std::string& name, std::span<const std::byte> contents) {
  const std::uint64_t offset = at_;
  const std::uint64_t size = contents.size();
  const auto crc = static_cast<std::uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(contents.data()), contents.size()));

  // What the local header and the directory say alike: no flags, stored, no date.
  std::string common;
  append(common, size >= kIn64 ? kVersion64 : kVersion);
  append(common, std::uint16_t{0});
  append(common, std::uint16_t{0});
  append(common, std::uint32_t{0});
  append(common, crc);
  append(common, in32(size));
  append(common, in32(size));
  append(common, static_cast<std::uint16_t>(name.size()));

  std::string extra = field64({size, size});
  const std::uint64_t unpadded =
      offset + kLocalHeaderSize + name.size() + extra.size() + kFieldHeaderSize;
  const std::uint64_t padding = (kAlignment - unpadded % kAlignment) % kAlignment;
  append(extra, kPaddingField);
  append(extra, static_cast<std::uint16_t>(padding));
  extra.append(padding, 'Z');

  std::string header = "PK\x03\x04" + common;
  append(header, static_cast<std::uint16_t>(extra.size()));
  put(header + name + extra);
  put(contents);

  const std::string wide = field64({size, size, offset});
  directory_ += "PK\x01\x02";
  append(directory_, wide.empty() ? kVersion : kVersion64);
  directory_ += common;
  append(directory_, static_cast<std::uint16_t>(wide.size()));
  append(directory_, std::uint16_t{0});  // comment
  append(directory_, std::uint16_t{0});  // disk
  append(directory_, std::uint16_t{0});  // internal attributes
  append(directory_, std::uint32_t{0});  // external attributes
  append(directory_, in32(offset));
  directory_ += name + wide;
  ++count_;
}

void ZipWriter::finish() {
  const std::uint64_t offset = at_;
  const std::uint64_t size = directory_.size();
  put(directory_);
  if (count_ >= kCountIn64 || size >= kIn64 || offset >= kIn64) {
    const std::uint64_t end64 = at_;
    std::string record = "PK\x06\x06";
    append(record, std::uint64_t{44});  // what follows of this record
    append(record, kVersion64);
    append(record, kVersion64);
    append(record, std::uint32_t{0});
    append(record, std::uint32_t{0});
    append(record, count_);
    append(record, count_);
    append(record, size);
    append(record, offset);
    record += "PK\x06\x07";
    append(record, std::uint32_t{0});
    append(record, end64);
    append(record, std::uint32_t{1});
    put(record);
  }
  const auto count = static_cast<std::uint16_t>(count_ >= kCountIn64 ? kCountIn64 : count_);
  std::string end = "PK\x05\x06";
  append(end, std::uint32_t{0});
  append(end, count);
  append(end, count);
  append(end, in32(size));
  append(end, in32(offset));
  append(end, std::uint16_t{0});
  put(end);
}

}  // namespace lathe
