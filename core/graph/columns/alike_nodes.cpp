#include "core/graph/columns/alike_nodes.hpp"

#include "core/graph/graph.hpp"

#include <algorithm>
#include <bit>

namespace lathe {

namespace {

void mix(std::uint64_t& hash, std::uint64_t number) {
  hash = (hash ^ number) * 0x9e3779b97f4a7c15U;
  hash ^= hash >> 32;
}

void mix(std::uint64_t& hash, const void* address) {
  mix(hash, std::bit_cast<std::uintptr_t>(address));
}

std::span<const std::int64_t> shape_of(const ResultColumns& results, std::uint32_t node) {
  const std::uint32_t begin = results.shape_begin[node];
  return std::span(results.shape).subspan(begin, results.shape_begin[node + 1] - begin);
}

void mix_result(std::uint64_t& hash, const ResultColumns& results, std::uint32_t node) {
  const std::span<const std::int64_t> shape = shape_of(results, node);
  mix(hash, results.dtype[node] + (shape.size() << 8));
  for (const std::int64_t extent : shape) mix(hash, static_cast<std::uint64_t>(extent));
}

}  // namespace

AlikeNodes::AlikeNodes(const Graph& graph)
    : nodes_(graph.nodes()), edges_(graph.edges()), results_(graph.results()), places_(64) {}

std::uint32_t& AlikeNodes::number_of(NodeId id) {
  std::uint32_t& recent = recent_[edges_->op[index_of(id)] % recent_.size()];
  if (places_[recent].node != NodeId::none && alike(places_[recent].node, id)) {
    return places_[recent].number;
  }
  if (2 * taken_ >= places_.size()) grow();
  const std::uint64_t hash = hash_of(id);
  Place& place = place_of(hash, id);
  if (place.node == NodeId::none) {
    place = {hash, id, 0};
    ++taken_;
  }
  recent = static_cast<std::uint32_t>(&place - places_.data());
  return place.number;
}

AlikeNodes::Place& AlikeNodes::place_of(std::uint64_t hash, NodeId id) {
  const std::size_t mask = places_.size() - 1;
  for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
    Place& place = places_[at];
    if (place.node == NodeId::none) return place;
    if (place.hash == hash && alike(place.node, id)) return place;
  }
}

void AlikeNodes::grow() {
  std::vector<Place> before(4 * places_.size());
  std::swap(before, places_);
  for (const Place& place : before) {
    if (place.node == NodeId::none) continue;
    const std::size_t mask = places_.size() - 1;
    std::size_t at = place.hash & mask;
    while (places_[at].node != NodeId::none) at = (at + 1) & mask;
    places_[at] = place;
  }
}

const void* AlikeNodes::formats_of(NodeId id) const {
  const SharedList<OperandFormat>& formats = nodes_.find(id)->formats;
  return formats.empty() ? nullptr : formats.data();
}

std::uint64_t AlikeNodes::hash_of(NodeId id) const {
  const std::uint32_t i = index_of(id);
  std::uint64_t hash = edges_->op[i] + (std::uint64_t{edges_->opcode[i]} << 32);
  mix(hash, &nodes_.attributes(id));
  mix(hash, formats_of(id));
  mix_result(hash, *results_, i);
  for (const std::uint32_t input : edges_->inputs_of(id)) mix_result(hash, *results_, input);
  return hash;
}

bool AlikeNodes::same_result(std::uint32_t a, std::uint32_t b) const {
  return results_->dtype[a] == results_->dtype[b] &&
         std::ranges::equal(shape_of(*results_, a), shape_of(*results_, b));
}

bool AlikeNodes::alike(NodeId a, NodeId b) const {
  const std::uint32_t i = index_of(a), j = index_of(b);
  return edges_->op[i] == edges_->op[j] && edges_->opcode[i] == edges_->opcode[j] &&
         &nodes_.attributes(a) == &nodes_.attributes(b) && formats_of(a) == formats_of(b) &&
         nodes_.find(a)->masks == nodes_.find(b)->masks && same_result(i, j) &&
         std::ranges::equal(edges_->inputs_of(a), edges_->inputs_of(b),
                            [this](std::uint32_t x, std::uint32_t y) { return same_result(x, y); });
}

}  // namespace lathe
