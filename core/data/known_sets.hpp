// The data sets that Lathe knows where to get: addresses, sizes, licences, hashes; and the folder
// they go to. Knows nothing about downloading.
#pragma once

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

const std::vector<KnownSet>& known_sets();
// Throws usage_error with the nearest name.
const KnownSet& known_set(std::string_view name);

// True if the folder of the set has every file, of the right size.
bool is_complete(const KnownSet& set, const std::filesystem::path& data_dir);

// The folder of data sets where neither --data-dir nor LATHE_DATA_DIR says one: lathe/data in the
// user's data folder, as the XDG base directory specification says. Empty if there is no home.
std::filesystem::path default_data_dir();
// `given` if it is not empty, else LATHE_DATA_DIR, else the default.
std::filesystem::path data_dir_from(const std::string& given);

}  // namespace lathe
