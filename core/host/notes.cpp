#include "core/host/notes.hpp"

#include <algorithm>

namespace lathe {

void Notes::set(NodeId node, std::string_view key, Value value) {
  of_nodes_[node].insert_or_assign(std::string(key), std::move(value));
}

const Value* Notes::find(NodeId node, std::string_view key) const {
  const auto notes = of_nodes_.find(node);
  if (notes == of_nodes_.end()) return nullptr;
  const auto found = notes->second.find(key);
  return found == notes->second.end() ? nullptr : &found->second;
}

void Notes::erase(OfNode& notes, std::string_view key) {
  for (auto note = notes.lower_bound(key);
       note != notes.end() && std::string_view(note->first).starts_with(key);) {
    note = lies_in(note->first, key) ? notes.erase(note) : std::next(note);
  }
}

void Notes::erase(std::optional<NodeId> node, std::string_view key) {
  if (!node) {
    for (auto& [_, notes] : of_nodes_) erase(notes, key);
  } else if (const auto notes = of_nodes_.find(*node); notes != of_nodes_.end()) {
    erase(notes->second, key);
  }
  std::erase_if(of_nodes_, [](const auto& entry) { return entry.second.empty(); });
}

void Notes::publish(std::string_view pass, std::vector<std::pair<std::string, Value>> scalars) {
  scalars_.insert_or_assign(std::string(pass), std::move(scalars));
}

const Value* Notes::scalar(std::string_view pass, std::string_view name) const {
  const auto published = scalars_.find(pass);
  if (published == scalars_.end()) return nullptr;
  const auto found = std::ranges::find(published->second, name,
                                       [](const auto& s) { return std::string_view(s.first); });
  return found == published->second.end() ? nullptr : &found->second;
}

void Notes::clear() {
  drop_nodes();
  scalars_.clear();
}

void Notes::drop_nodes() { of_nodes_.clear(); }

}  // namespace lathe
