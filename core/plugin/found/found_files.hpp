// Finds plugin files and reads their stamps, without running any of their code. Knows nothing about
// what is loaded from them.
#pragma once

#include "core/plugin/registry.hpp"
#include "core/plugin/stamp.hpp"

#include <sys/types.h>

#include <memory>
#include <set>
#include <utility>
#include <vector>

namespace lathe {

struct FoundFile {
  std::filesystem::path path;  // real, without links
  std::string source;          // as Listed has it
  Stamp stamp;
};

// The source of a file that the user names.
constexpr std::string_view kExplicit = "explicit";

// Which file a component or a service is taken from.
struct ChosenFile {
  const FoundFile* file = nullptr;
  std::string rival;  // why it cannot be said which file is meant; empty: it can
};
// Another file, later in the search, brings the same, eg: "pass 'prune'". The first stays if the
// user named it and not the other, which a warning says. Throws usage_error if the user named both.
void meet_rival(ChosenFile& first, const FoundFile& other, const std::string& what);

class FoundFiles {
 public:
  // The same file in two folders, or by two names, is one plugin: null for one that is there
  // already. Throws usage_error naming a file that cannot be used.
  const FoundFile* add(const std::filesystem::path& path, std::string_view source);
  // Every *.so; a missing folder is fine, what cannot be used is among broken().
  void add_folder(const PluginFolder& folder);

  std::span<const std::unique_ptr<FoundFile>> files() const { return files_; }  // in search order
  std::span<const BrokenPlugin> broken() const { return broken_; }
  // For the error about an id that nobody brings; empty if nothing is broken.
  std::string about_broken() const;

 private:
  void add_file_of_folder(const std::filesystem::path& path, const std::filesystem::path& folder,
                          std::string_view source);

  std::vector<std::unique_ptr<FoundFile>> files_;
  std::vector<BrokenPlugin> broken_;
  std::set<std::pair<dev_t, ino_t>> seen_;
};

}  // namespace lathe
