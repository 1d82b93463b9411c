#include "core/graph/columns/linked_order.hpp"

namespace lathe {

LinkedOrder::LinkedOrder(std::span<const NodeId> order, std::size_t slots)
    : next_(slots + 1, 0), previous_(slots + 1, 0) {
  for (NodeId id : order) insert_after(last(), id);
}

NodeId LinkedOrder::last() const { return id_at(previous_[0]); }

NodeId LinkedOrder::before(NodeId id) const { return id_at(previous_[place_of(id)]); }

void LinkedOrder::insert_after(NodeId place, NodeId id) {
  const std::uint32_t here = place_of(id), left = place_of(place), right = next_[left];
  if (here >= next_.size()) {
    next_.resize(here + 1, 0);
    previous_.resize(here + 1, 0);
  }
  next_[here] = right;
  previous_[here] = left;
  next_[left] = previous_[right] = here;
  ++size_;
}

void LinkedOrder::erase(NodeId id) {
  const std::uint32_t left = previous_[place_of(id)], right = next_[place_of(id)];
  next_[left] = right;
  previous_[right] = left;
  --size_;
}

std::vector<NodeId> LinkedOrder::list() const {
  std::vector<NodeId> out;
  out.reserve(size_);
  for (std::uint32_t at = next_[0]; at != 0; at = next_[at]) out.push_back(id_at(at));
  return out;
}

}  // namespace lathe
