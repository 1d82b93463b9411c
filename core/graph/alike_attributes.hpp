// Lets nodes with equal attributes share them: large networks repeat a few layers, and what is
// shared is read from the cache and edited at the cost of a pointer. Of one transaction.
#pragma once

#include "core/graph/node_table.hpp"

#include <array>
#include <unordered_map>

namespace lathe {

class AlikeAttributes {
 public:
  // Puts what was inferred for a node in the place of its attributes: those of the last node of
  // its op, if they are equal.
  void give(Shared<Attributes>& place, const OpRow& row, Value inferred);
  // set_inert_attribute of the node, which must be inferred; what the last edits made of shared
  // attributes serves the next node that shares them.
  bool set_inert(NodeTable& nodes, NodeId id, std::string_view key, const Value& value);

 private:
  struct Edit {
    std::string key;
    Value given;
    Shared<Attributes> before, after;
  };

  std::unordered_map<const OpRow*, Shared<Attributes>> last_;  // by op
  std::array<Edit, 8> edits_;                                  // the last ones
  std::size_t next_edit_ = 0;
};

}  // namespace lathe
