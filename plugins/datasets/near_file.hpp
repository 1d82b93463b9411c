// For a data file that is not there: one beside it whose name is nearly the same.
#pragma once

#include <lathe/lathe.hpp>

#include <dirent.h>

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

namespace datasets {

namespace detail {

// Letters to change, insert or leave out; case does not count.
inline std::size_t distance(const std::string& a, const std::string& b) {
  const auto small = [](char c) { return std::tolower(static_cast<unsigned char>(c)); };
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = diagonal + (small(a[i - 1]) == small(b[j - 1]) ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
    }
  }
  return row[b.size()];
}

}  // namespace detail

// "; 'train.csv.gz' lies beside it" or empty: a name that goes on where this one ends, that has
// another suffix, or that differs in at most two letters.
inline std::string near_file(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const std::string wanted = slash == std::string::npos ? path : path.substr(slash + 1);
  constexpr std::size_t kLongestName = 255;
  if (wanted.empty() || wanted.size() > kLongestName) return "";
  DIR* opened = opendir(folder.c_str());
  if (opened == nullptr) return lathe::join({"; there is no folder '", folder, "'"});
  const std::string stem = wanted.substr(0, wanted.find('.', 1));
  std::string best;
  std::size_t best_distance = std::min<std::size_t>(2, wanted.size() / 3) + 1;
  while (const dirent* entry = readdir(opened)) {
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    const bool same_stem = name.substr(0, name.find('.', 1)) == stem;
    const std::size_t apart = same_stem ? 0 : detail::distance(wanted, name);
    // Folders list their entries in any order: of several the first by name.
    const bool nearer = apart < best_distance || (apart == best_distance && name < best);
    if (!nearer) continue;
    best = name;
    best_distance = apart;
  }
  closedir(opened);
  return best.empty() ? "" : lathe::join({"; '", best, "' lies beside it"});
}

}  // namespace datasets
