// Names of modules with dots, as PyTorch has them, where a node is meant. Without quotes TOML and
// the text form read "seq_blocks.2.name = ..." as tables within tables, {seq_blocks: {2: {name:
// ...}}}.
#pragma once

#include "core/options/nodes/entry_keys.hpp"

namespace lathe {

// Throws usage_error that says the node's name if the entry of a node map is one. Knows no graph.
void refuse_dotted_name(const Value::Entry& entry, const NodeMapRules& rules);

}  // namespace lathe
