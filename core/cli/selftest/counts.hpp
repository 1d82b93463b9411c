// Published counts of well-known networks against what the passes `flops` and `bitops` say of them.
#pragma once

#include "core/base/json.hpp"
#include "core/plugin/registry.hpp"

#include <filesystem>
#include <optional>

namespace lathe {

struct CountCheck {
  std::string network, figure;
  double ours = 0, published = 0;
  bool derived = false;  // from a reading of a tool's rules, not from what it printed
  std::string source;    // of the published figure

  bool same() const;  // to the unit: Baskin's sums of logarithms are not whole
};

// One file per network in `folder`, by name: docs/counting.md, "The self-test". Throws usage_error
// for a file that cannot be used, and what building or counting throws, with the file's name.
std::vector<CountCheck> replay_counts(const Registry& registry,
                                      const std::filesystem::path& folder);

}  // namespace lathe
