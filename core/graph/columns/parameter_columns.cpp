#include "core/graph/columns/parameter_columns.hpp"

#include "core/graph/columns/node_rows.hpp"
#include "core/graph/operands.hpp"

namespace lathe {

ParameterColumns::ParameterColumns(const NodeTable& nodes) {
  begin.reserve(nodes.size() + 1);
  qualified_name.reserve(2 * nodes.size());
  storage_id.reserve(2 * nodes.size());
  for_each_row(nodes, [&](std::size_t, const Node* node) {
    begin.push_back(static_cast<std::uint32_t>(storage_id.size()));
    if (node == nullptr) return;
    for (const Parameter& parameter : node->parameters) {
      qualified_name.push_back({parameter.qualified_name.data(), parameter.qualified_name.size()});
      storage_id.push_back(lathe::storage_id(parameter));
    }
  });
  begin.push_back(static_cast<std::uint32_t>(storage_id.size()));
}

}  // namespace lathe
