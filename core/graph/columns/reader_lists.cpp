#include "core/graph/columns/reader_lists.hpp"

#include <algorithm>

namespace lathe {

ReaderLists::List& ReaderLists::list(NodeId node) {
  if (index_of(node) >= lists_.size()) {
    lists_.resize(std::max<std::size_t>(
        {index_of(node) + 1, edges_->alive.size(), lists_.size() + lists_.size() / 2}));
  }
  return lists_[index_of(node)];
}

void ReaderLists::add(NodeId node, NodeId reader) {
  List& readers = list(node);
  entries_.push_back({reader, readers.first});
  readers.first = static_cast<std::uint32_t>(entries_.size() - 1);
}

std::vector<NodeId> ReaderLists::take(NodeId node) {
  List& readers = list(node);
  std::vector<NodeId> out;
  if (!readers.columns_taken && index_of(node) < edges_->alive.size()) {
    for (const std::uint32_t reader : edges_->uses_of(node)) out.push_back(NodeId{reader});
  }
  readers.columns_taken = true;
  for (std::uint32_t at = readers.first; at != kEnd; at = entries_[at].next) {
    out.push_back(entries_[at].reader);
  }
  readers.first = kEnd;
  return out;
}

}  // namespace lathe
