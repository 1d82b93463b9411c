// Writes small PyTorch zip files by hand, so that tests can damage any part of them.
// Independent of the reader under test.
#pragma once

#include <zlib.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lathe_test {

template <typename T>
std::string little(T value) {
  std::string out(sizeof value, '\0');
  std::memcpy(out.data(), &value, sizeof value);
  return out;
}

inline void write_file(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// A zip archive of stored or deflated entries.
class ZipWriter {
 public:
  void add(const std::string& name, const std::string& contents, bool deflated = false) {
    std::string packed = contents;
    if (deflated) packed = deflate_raw(contents);
    const auto crc = static_cast<std::uint32_t>(
        crc32_z(0, reinterpret_cast<const Bytef*>(contents.data()), contents.size()));
    const std::string sizes = little(crc) + little(static_cast<std::uint32_t>(packed.size())) +
                              little(static_cast<std::uint32_t>(contents.size()));
    const std::string common = little<std::uint16_t>(20) + little<std::uint16_t>(0) +
                               little<std::uint16_t>(deflated ? 8 : 0) + little<std::uint32_t>(0) +
                               sizes + little(static_cast<std::uint16_t>(name.size()));
    const auto offset = static_cast<std::uint32_t>(bytes_.size());
    bytes_ += std::string("PK\x03\x04") + common + little<std::uint16_t>(0) + name + packed;
    directory_ += std::string("PK\x01\x02") + little<std::uint16_t>(20) + common +
                  little<std::uint16_t>(0) + little<std::uint16_t>(0) + little<std::uint16_t>(0) +
                  little<std::uint16_t>(0) + little<std::uint32_t>(0) + little(offset) + name;
    ++count_;
  }
  std::string finish() const {
    return bytes_ + directory_ + std::string("PK\x05\x06") + little<std::uint32_t>(0) +
           little(count_) + little(count_) + little(static_cast<std::uint32_t>(directory_.size())) +
           little(static_cast<std::uint32_t>(bytes_.size())) + little<std::uint16_t>(0);
  }
  // The same with 64-bit end records, as archives of 65,536 entries or 4 GiB have them.
  std::string finish64() const {
    const std::uint64_t count = count_;
    const std::string end64 = std::string("PK\x06\x06") + little<std::uint64_t>(44) +
                              little<std::uint16_t>(45) + little<std::uint16_t>(45) +
                              little<std::uint32_t>(0) + little<std::uint32_t>(0) + little(count) +
                              little(count) + little<std::uint64_t>(directory_.size()) +
                              little<std::uint64_t>(bytes_.size());
    const std::string locator = std::string("PK\x06\x07") + little<std::uint32_t>(0) +
                                little<std::uint64_t>(bytes_.size() + directory_.size()) +
                                little<std::uint32_t>(1);
    return bytes_ + directory_ + end64 + locator + std::string("PK\x05\x06") +
           little<std::uint32_t>(0) + std::string(4, '\xff') + std::string(8, '\xff') +
           little<std::uint16_t>(0);
  }

 private:
  static std::string deflate_raw(const std::string& contents) {
    z_stream stream{};
    deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
    std::string out(contents.size() + 64, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(contents.data()));
    stream.avail_in = static_cast<uInt>(contents.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
  }
  std::string bytes_, directory_;
  std::uint16_t count_ = 0;
};

// Pieces of a pickle, protocol 2.
namespace pickled {

inline std::string integer(std::int64_t value) {
  return std::string("\x8a\x08", 2) + little(value);
}
inline std::string text(std::string_view value) {
  return std::string("X") + little(static_cast<std::uint32_t>(value.size())) + std::string(value);
}
inline std::string global(const std::string& module, const std::string& name) {
  return std::string("c") + module + "\n" + name + "\n";
}
inline std::string tuple(const std::vector<std::string>& items) {
  std::string out = "(";
  for (const auto& item : items) out += item;
  return out + "t";
}
inline std::string integers(const std::vector<std::int64_t>& values) {
  std::vector<std::string> items;
  for (const auto value : values) items.push_back(integer(value));
  return tuple(items);
}
inline std::string call(const std::string& callee, const std::vector<std::string>& arguments) {
  return callee + tuple(arguments) + "R";
}
inline std::string dict(const std::vector<std::pair<std::string, std::string>>& entries) {
  std::string out = "}(";
  for (const auto& [key, value] : entries) out += text(key) + value;
  return out + "u";
}
inline std::string ordered_dict(const std::vector<std::pair<std::string, std::string>>& entries) {
  std::string out = global("collections", "OrderedDict") + ")R(";
  for (const auto& [key, value] : entries) out += text(key) + value;
  return out + "u";
}
inline std::string storage(const std::string& type, const std::string& key, std::int64_t count) {
  return tuple({text("storage"), global("torch", type), text(key), text("cpu"), integer(count)}) +
         "Q";
}
inline std::string tensor(const std::string& storage, std::int64_t offset,
                          const std::vector<std::int64_t>& shape,
                          const std::vector<std::int64_t>& strides) {
  return call(
      global("torch._utils", "_rebuild_tensor_v2"),
      {storage, integer(offset), integers(shape), integers(strides), "\x89", ordered_dict({})});
}
inline std::string whole(const std::string& value) { return std::string("\x80\x02") + value + "."; }

}  // namespace pickled

// archive/data.pkl and archive/data/<key>.
inline std::string torch_file(const std::string& value,
                              const std::vector<std::pair<std::string, std::string>>& storages,
                              bool deflated = false) {
  ZipWriter zip;
  zip.add("archive/data.pkl", pickled::whole(value), deflated);
  for (const auto& [key, bytes] : storages) zip.add("archive/data/" + key, bytes, deflated);
  zip.add("archive/version", "3\n");
  return zip.finish();
}

// The older forms. A storage: its key, its count of elements, its bytes.
struct RawStorage {
  std::string key;
  std::int64_t count;
  std::string bytes;
};

// torch.save before 1.6.
inline std::string legacy_file(const std::string& value, const std::vector<RawStorage>& storages) {
  std::string keys = "](", contents;
  for (const RawStorage& storage : storages) {
    keys += pickled::text(storage.key);
    contents += little(storage.count) + storage.bytes;
  }
  return std::string("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 15) +
         pickled::whole(std::string("M\xe9\x03")) +
         pickled::whole(pickled::dict({{"little_endian", "\x88"}})) + pickled::whole(value) +
         pickled::whole(keys + "e") + contents;
}

// A tar archive (POSIX ustar) of ordinary files.
inline std::string tar_file(const std::vector<std::pair<std::string, std::string>>& entries) {
  std::string out;
  for (const auto& [name, contents] : entries) {
    std::string header(512, '\0');
    const auto put = [&header](std::size_t at, std::string_view text) {
      std::ranges::copy(text, header.begin() + static_cast<std::ptrdiff_t>(at));
    };
    put(0, name);
    put(100, "0000644");
    char number[13];
    std::snprintf(number, sizeof number, "%011zo", contents.size());
    put(124, number);
    put(136, "00000000000");
    put(148, "        ");
    put(156, "0");
    put(257, std::string_view("ustar\00000", 8));
    unsigned sum = 0;
    for (const char c : header) sum += static_cast<unsigned char>(c);
    std::snprintf(number, sizeof number, "%06o", sum);
    put(148, std::string(number) + std::string(1, '\0'));
    out += header + contents + std::string((512 - contents.size() % 512) % 512, '\0');
  }
  return out + std::string(1024, '\0');
}

template <typename T>
std::string packed(const std::vector<T>& values) {
  std::string out(values.size() * sizeof(T), '\0');
  if (!values.empty()) std::memcpy(out.data(), values.data(), out.size());
  return out;
}

}  // namespace lathe_test
