// The stamp a plugin file carries in its ELF section .lathe_meta: its ABI version, the components
// it brings and the services it offers. Read as plain bytes, so no plugin code runs.
#pragma once

#include "core/plugin/elf.hpp"

#include <string>
#include <vector>

namespace lathe {

struct StampedComponent {
  std::string kind;  // as written: may be a kind that only a newer host knows
  std::string id;
  std::string version;
  bool operator==(const StampedComponent&) const = default;
  auto operator<=>(const StampedComponent&) const = default;
};

struct Stamp {
  std::vector<StampedComponent> components;
  std::vector<std::string> sources;   // ids of data sets that say where their files can be had
  std::vector<std::string> services;  // ids of those that it offers to other plugins
  bool operator==(const Stamp&) const = default;
};

// Throws usage_error naming the file: no stamp, another ABI, an entry that cannot be read.
Stamp read_stamp(const ElfFile& file, const std::filesystem::path& path);
// The same from the section's bytes.
Stamp parse_stamp(std::string_view bytes, const std::filesystem::path& path);

// Letters, digits, '_', '-', '.': what can stand in a config and on a command line unquoted.
bool is_component_id(std::string_view id);

}  // namespace lathe
