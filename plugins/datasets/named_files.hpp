// Files as options name them and as official sets name them: where they are looked for, and what is
// said if they are not there. Knows no format.
#pragma once

#include <lathe/lathe.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace datasets {

// A set that `lathe data fetch` knows, and where its files may be.
struct known_set {
  const char* name;  // also the folder in the data folder
  std::vector<const char*>
      subfolders;  // besides the folder itself, eg: where an archive unpacks to
  // The folders in which other libraries keep the set, below their own data folder.
  std::vector<const char*> others = {};
  // A file that holds all of the set, in the data folder itself or in the set's.
  const char* whole_file = nullptr;
};

class named_files {
 public:
  named_files(known_set set, std::string_view data_dir);

  // The files of one option: one name or a list.
  static std::vector<std::string> from_option(lathe::value_view value, const char* option);

  // A file that an option names: as it is written, else in one of the set's folders.
  std::string find(const std::string& name) const;

  // A file of the official set, under the first of its names that is there, else the whole one.
  std::string find_official(const std::vector<std::string>& names) const;

 private:
  std::vector<std::string> folders() const;

  known_set set_;
  std::string data_dir_;
};

}  // namespace datasets
