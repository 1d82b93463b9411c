// Reads an ELF64 shared object as data, without running any of it. Every offset and size in the
// file is believed only after it was checked against the file's length.
// Knows nothing about plugins.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lathe {

// Throws usage_error naming the file for one that is truncated, no ELF64 shared object of this
// machine, or inconsistent.
class ElfFile {
 public:
  // REQUIRES: `descriptor` stays open as long as the object lives.
  ElfFile(int descriptor, std::uint64_t size, std::filesystem::path path);

  // Contents of a section, at most `limit` bytes; nothing if there is none of that name.
  std::optional<std::string> section(std::string_view name, std::uint64_t limit) const;

  // Libraries it asks the loader for (DT_NEEDED).
  std::vector<std::string> needed() const;
  // Defined symbols that others can bind to, in the order of the file.
  std::vector<std::string> exported() const;
  // Names of the files it was compiled from, without folders; none of a stripped one.
  std::vector<std::string> sources() const;

 private:
  struct Section {
    std::uint32_t name;
    std::uint32_t type;
    std::uint64_t offset;
    std::uint64_t size;
    std::uint32_t link;
  };
  std::string bytes(std::uint64_t offset, std::uint64_t size, std::string_view what) const;
  const Section* of_type(std::uint32_t type) const;
  std::string linked_strings(const Section& section) const;
  // Calls `take(symbol, name)` for each symbol of a table of that type.
  template <typename Take>
  void each_symbol(std::uint32_t table, const Take& take) const;
  [[noreturn]] void damaged(std::string_view why) const;

  int descriptor_;
  std::uint64_t size_;
  std::filesystem::path path_;
  std::vector<Section> sections_;
  std::string names_;
};

}  // namespace lathe
