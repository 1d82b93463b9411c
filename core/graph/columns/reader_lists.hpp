// Who may read each node while a transaction changes it: the readers that the graph's columns say,
// and those that came since. A list may hold nodes that read no more, so whoever takes it looks at
// each; each is looked at once per edge it ever had.
#pragma once

#include "core/graph/columns/columns.hpp"

namespace lathe {

class ReaderLists {
 public:
  explicit ReaderLists(std::shared_ptr<const EdgeColumns> edges) : edges_(std::move(edges)) {}
  void add(NodeId node, NodeId reader);
  // All that may read the node, some of them twice. Its list is empty after that.
  std::vector<NodeId> take(NodeId node);

 private:
  static constexpr std::uint32_t kEnd = 0xffffffff;
  struct List {
    std::uint32_t first = kEnd;  // of entries_
    bool columns_taken = false;
  };
  struct Entry {
    NodeId reader;
    std::uint32_t next;
  };
  List& list(NodeId node);

  std::shared_ptr<const EdgeColumns> edges_;
  std::vector<List> lists_;
  std::vector<Entry> entries_;
};

}  // namespace lathe
