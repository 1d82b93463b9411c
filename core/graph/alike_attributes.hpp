// Lets nodes with equal attributes share them: large networks repeat a few layers, and what is
// shared is read from the cache and edited at the cost of a pointer. Of one transaction.
#pragma once

#include "core/graph/ops/op_table.hpp"

#include <array>
#include <unordered_map>

namespace lathe {

class AlikeAttributes {
 public:
  // Gives a node that was inferred the attributes of the last one of its op, if they are equal.
  void share(Node& node);
  // set_inert_attribute of the node, which must be inferred; what the last edits made of shared
  // attributes serves the next node that shares them.
  bool set_inert(Node& node, std::string_view key, const Value& value);

 private:
  struct Edit {
    const OpRow* row = nullptr;
    std::string key;
    Value given, before, after;
  };

  std::unordered_map<const OpRow*, Value> last_;  // by op
  std::array<Edit, 8> edits_;                     // the last ones
  std::size_t next_edit_ = 0;
};

}  // namespace lathe
