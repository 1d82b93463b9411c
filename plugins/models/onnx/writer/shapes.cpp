#include "shapes.hpp"

#include <optional>

namespace onnx_writer {

namespace {

using Rows = std::vector<std::vector<std::int64_t>>;  // extents by node

Rows rows_of(const lathe::graph& graph) {
  Rows rows;
  for (const lathe::node node : graph.nodes()) {
    if (node.id().index >= rows.size()) rows.resize(node.id().index + 1);
    rows[node.id().index] = node.shape().to_vector();
  }
  return rows;
}

// Nothing: the network cannot be run with that batch.
std::optional<Rows> rows_with_batch(const lathe::graph& graph, std::int64_t batch) {
  lathe::graph copy = graph.copy();
  std::optional<Rows> rows;
  try {
    lathe::edit edit = copy.edit();
    for (const lathe::node node : graph.nodes()) {
      if (node.is_placeholder()) edit.set_attribute(node, "batch", batch);
    }
    edit.commit();
    rows = rows_of(copy);
  } catch (const lathe::error&) {
  }
  copy.release();
  return rows;
}

std::vector<Extents> fixed(const Rows& rows) {
  std::vector<Extents> all;
  for (const auto& row : rows) {
    Extents extents;
    for (const std::int64_t extent : row) extents.push_back({extent, false});
    all.push_back(std::move(extents));
  }
  return all;
}

// Of shapes for batches of 2 and 3: what differs is a multiple of the batch. Nothing: it is not.
std::optional<std::vector<Extents>> opened(const Rows& two, const Rows& three) {
  if (two.size() != three.size()) return std::nullopt;
  std::vector<Extents> all;
  for (std::size_t i = 0; i < two.size(); ++i) {
    if (two[i].size() != three[i].size()) return std::nullopt;
    Extents extents;
    for (std::size_t d = 0; d < two[i].size(); ++d) {
      const std::int64_t a = two[i][d], b = three[i][d];
      if (a != b && (a % 2 != 0 || a / 2 * 3 != b)) return std::nullopt;
      extents.push_back(a == b ? Extent{a, false} : Extent{a / 2, true});
    }
    all.push_back(std::move(extents));
  }
  return all;
}

}  // namespace

Shapes::Shapes(const lathe::graph& graph, bool open) {
  if (open) {
    const std::optional<Rows> two = rows_with_batch(graph, 2);
    const std::optional<Rows> three = two ? rows_with_batch(graph, 3) : std::nullopt;
    if (auto found = three ? opened(*two, *three) : std::nullopt) {
      all_ = std::move(*found);
      open_ = true;
      return;
    }
  }
  const std::optional<Rows> one = open ? std::nullopt : rows_with_batch(graph, 1);
  all_ = fixed(one ? *one : rows_of(graph));
}

}  // namespace onnx_writer
