// What nodes do not share with their like: the names and contents of their parameters, in the order
// of Node::parameters. Points into the nodes of every graph that has them. Immutable, so
// thread-safe.
#pragma once

#include "core/graph/node_table.hpp"

#include <lathe/abi.h>

namespace lathe {

struct ParameterColumns {
  std::vector<std::uint32_t> begin;  // by id; rows of i end where those of i + 1 begin
  std::vector<lathe_str> qualified_name;
  std::vector<std::uint64_t> storage_id;

  explicit ParameterColumns(const NodeTable& nodes);
};

}  // namespace lathe
