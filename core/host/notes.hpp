// What passes of one run leave for later ones: values at nodes, by id (which edits never reuse),
// and scalars. A plain value; one thread at a time.
#pragma once

#include "core/graph/node.hpp"

#include <map>
#include <string>
#include <vector>

namespace lathe {

class Notes {
 public:
  void set(NodeId node, std::string_view key, Value value);
  const Value* find(NodeId node, std::string_view key) const;  // null: none

  // In place of those of an earlier pass of that id.
  void publish(std::string_view pass, std::vector<std::pair<std::string, Value>> scalars);
  const Value* scalar(std::string_view pass, std::string_view name) const;  // null: none

  void clear();

 private:
  std::map<NodeId, std::map<std::string, Value, std::less<>>> of_nodes_;
  std::map<std::string, std::vector<std::pair<std::string, Value>>, std::less<>> scalars_;
};

}  // namespace lathe
