// The files of a set that are on this machine already, in a folder of the user's. Nothing there is
// changed. Knows no set.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace lathe {

class LocalFolder {
 public:
  // Looks at the names of all files in a folder and below it; or `path` is the one file itself.
  // Throws usage_error if there is neither.
  explicit LocalFolder(const std::filesystem::path& path);

  // The file of that name, which may begin with folders, eg: "bin/a.bin"; empty if there is none.
  // Of several the one with the fewest folders above it, then the first by letter.
  std::filesystem::path find(const std::filesystem::path& name) const;

  // True if `path` was one file, which then stands for a file of any name.
  bool is_one_file() const { return one_file_; }
  const std::filesystem::path& path() const { return path_; }

 private:
  void list();

  std::filesystem::path path_;
  bool one_file_ = false;
  std::map<std::string, std::vector<std::filesystem::path>> files_;  // by their last name
};

// Throws run_error; a cancelled copy is LATHE_CANCELLED.
void copy_file(const std::filesystem::path& from, const std::filesystem::path& to,
               const std::atomic<bool>& cancelled);

}  // namespace lathe
