// Content hashes of nodes: what the evaluation cache goes by. Names and the batch size do not
// count.
#pragma once

#include "core/graph/node.hpp"

namespace lathe {

// Of a node without its inputs and attributes: op, formats, parameters and buffers.
ContentHash own_hash(const Node& node);
ContentHash attributes_hash(const Node& node, const Value& attributes);
ContentHash hash_of(const Value& value);

// Hashes of all nodes of a graph by id, made on first read, shared by copies. Thread-safe.
class HashMemo {
 public:
  using Hashes = std::shared_ptr<const std::vector<ContentHash>>;
  HashMemo() = default;
  HashMemo(const HashMemo& other) : hashes_(other.get()) {}
  HashMemo& operator=(const HashMemo& other) {
    if (this != &other) set(other.get());
    return *this;
  }
  Hashes get() const;  // null: nobody has asked
  void set(Hashes hashes) const;

 private:
  mutable std::mutex mutex_;
  mutable Hashes hashes_;
};

}  // namespace lathe
