// The data sets that say where they can be had: addresses, sizes, licences, hashes, as their
// plugins state them; and the folder they go to. Knows no set by name and nothing about
// downloading.
#pragma once

#include "core/plugin/registry.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace lathe {

// One file to download. What is not known is 0 or empty, never guessed.
struct KnownFile {
  std::string name;  // as it is kept
  std::string url;
  std::uint64_t size = 0;   // bytes
  std::string sha256 = {};  // hex
  // An archive is unpacked; its own bytes are not kept. What it may unpack to at most.
  bool archive = false;
  std::uint64_t unpacked_limit = 0;
  // How it begins: where no hash is known, this tells it from a web page that says sorry.
  std::string begins = {};
};

// A file that a complete set has.
struct KnownContent {
  std::string path;        // within the set's folder
  std::uint64_t size = 0;  // 0: not known
};

struct KnownSet {
  std::string name;  // the data set's id and its folder
  std::string title;
  std::string licence;
  std::vector<KnownFile> files;
  std::vector<KnownContent> contents;

  std::uint64_t size() const;  // of all downloads; 0 if one is not known
};

// By name. Loads the plugins of these sets and no others.
std::vector<KnownSet> known_sets(const Registry& registry);
// Throws usage_error with the nearest name.
KnownSet known_set(const Registry& registry, std::string_view name);
// What the plugin `set` says. Throws usage_error naming the set, its plugin and what cannot be
// right.
KnownSet known_set_of(const Component& set);

// True if the folder of the set has every file, of the right size.
bool is_complete(const KnownSet& set, const std::filesystem::path& data_dir);

// The folder of data sets where neither --data-dir nor LATHE_DATA_DIR says one: lathe/data in the
// user's data folder, as the XDG base directory specification says. Empty if there is no home.
std::filesystem::path default_data_dir();
// `given` if it is not empty, else LATHE_DATA_DIR, else the default.
std::filesystem::path data_dir_from(const std::string& given);

}  // namespace lathe
