// Nodes that a user names: "seq_blocks_2", or "seq_blocks.2" as PyTorch has it.
#pragma once

#include <lathe/lathe.hpp>

#include <algorithm>
#include <string>
#include <vector>

namespace node_names {

inline std::string with_underscores(std::string_view name) {
  std::string plain = lathe::to_string(name);
  std::replace(plain.begin(), plain.end(), '.', '_');
  return plain;
}

// Letters to insert, remove or replace.
inline std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({above + 1, row[j - 1] + 1, replaced});
      diagonal = above;
    }
  }
  return row[b.size()];
}

// The node of that name; an unknown one is an error that knows the nearest.
inline lathe::node find(const lathe::graph& graph, std::string_view name, std::string_view option) {
  const std::string plain = with_underscores(name);
  if (const lathe::node found = graph.find(plain)) return found;
  std::string_view nearest;
  std::size_t least = 1 + plain.size() / 3;  // further away, nothing is meant
  for (const lathe::node node : graph.nodes()) {
    const std::size_t far = distance(plain, node.name());
    if (far > least || (far == least && !nearest.empty())) continue;
    least = far;
    nearest = node.name();
  }
  throw lathe::invalid_argument(
      lathe::join({"the graph has no node '", name, "'", nearest.empty() ? "" : "; did you mean '",
                   nearest, nearest.empty() ? "; report_graph prints their names" : "'?"}))
      .at_option(option);
}

}  // namespace node_names
