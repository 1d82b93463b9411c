#include "core/base/words/near_path.hpp"

#include "core/base/words/suggest.hpp"

#include <algorithm>

namespace lathe {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostLookedAt = 2000;  // entries of a folder
constexpr std::size_t kMostNamed = 3;

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    names.push_back(at->path().filename().string());
    if (names.size() == kMostLookedAt) break;
  }
  std::ranges::sort(names);  // folders list them in any order
  return names;
}

// "'a.pt' and 'a.safetensors'"
std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    text += (i == 0 ? "'" : i + 1 == names.size() ? " and '" : ", '") + names[i] + "'";
  }
  return text;
}

// Files called alike but for the suffix.
std::vector<std::string> of_one_stem(const fs::path& file, const std::vector<std::string>& names) {
  std::vector<std::string> alike;
  for (const std::string& name : names) {
    if (fs::path(name).stem() == file.stem() && alike.size() < kMostNamed) alike.push_back(name);
  }
  return alike;
}

}  // namespace

std::string near_path(const fs::path& missing) {
  const fs::path file = missing.filename();
  if (file.empty()) return "";
  const fs::path folder = missing.parent_path();
  const fs::path here = folder.empty() ? fs::path(".") : folder;
  std::error_code error;
  if (!fs::is_directory(here, error)) {
    const std::string deeper = near_path(folder);
    return deeper.empty() ? "; there is no folder '" + folder.string() + "'" : deeper;
  }
  const std::vector<std::string> names = names_in(here);
  if (const auto alike = of_one_stem(file, names); !alike.empty()) {
    return "; " + listed(alike) + (alike.size() == 1 ? " lies" : " lie") + " beside it";
  }
  const auto near = nearest(file.string(), names);
  return near ? "; did you mean '" + (folder / *near).string() + "'?" : "";
}

}  // namespace lathe
