// What passes of one run leave for later ones: values at nodes, by id (which edits never reuse),
// and scalars. A plain value; one thread at a time.
#pragma once

#include "core/graph/node.hpp"

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace lathe {

class Notes {
 public:
  void set(NodeId node, std::string_view key, Value value);
  const Value* find(NodeId node, std::string_view key) const;  // null: none
  // The note of that key and those below it: "hardware" takes "hardware/device_id" with it. Without
  // a node, at all nodes.
  void erase(std::optional<NodeId> node, std::string_view key);

  // Calls show(key, value) for the node's notes that show in its metadata (kSections), those of a
  // shorter key before those below it.
  template <typename Show>
  void for_each_shown(NodeId node, const Show& show) const;

  // What a key begins with that shows in metadata: the section itself, or it and '/'.
  static constexpr std::array<std::string_view, 3> kSections{"common", "software", "hardware"};
  static bool lies_in(std::string_view key, std::string_view section) {
    return key.starts_with(section) && (key.size() == section.size() || key[section.size()] == '/');
  }

  // In place of those of an earlier pass of that id.
  void publish(std::string_view pass, std::vector<std::pair<std::string, Value>> scalars);
  const Value* scalar(std::string_view pass, std::string_view name) const;  // null: none

  void clear();
  void drop_nodes();  // what was noted at nodes; scalars stay

 private:
  using OfNode = std::map<std::string, Value, std::less<>>;

  static void erase(OfNode& notes, std::string_view key);

  std::map<NodeId, OfNode> of_nodes_;
  std::map<std::string, std::vector<std::pair<std::string, Value>>, std::less<>> scalars_;
};

template <typename Show>
void Notes::for_each_shown(NodeId node, const Show& show) const {
  const auto notes = of_nodes_.find(node);
  if (notes == of_nodes_.end()) return;
  for (const std::string_view section : kSections) {
    for (auto note = notes->second.lower_bound(section);
         note != notes->second.end() && note->first.starts_with(section); ++note) {
      if (lies_in(note->first, section)) show(std::string_view(note->first), note->second);
    }
  }
}

}  // namespace lathe
