// A graph as JSON, which round-trips together with the parameters (safetensors).
#pragma once

#include "core/graph/graph.hpp"

namespace lathe {

Value graph_to_json(const Graph& graph);
// `ops`: null for the built-in ones. Throws usage_error; for an op that they lack, one that names
// the plugin that brought it.
Graph graph_from_json(const Value& json, std::uint64_t seed, const OpSet* ops = nullptr);

// Throws usage_error for a form or a dialect of the graph that this version does not read.
void require_readable_form(const Value& json);

// What a saved graph says of an op that a plugin brought.
struct SavedOp {
  std::string op, file, sha256;  // of the file, whose folder is left out
};
std::vector<SavedOp> saved_ops(const Value& json);
// Throws usage_error for an op that `ops` lack, naming the plugin that brought it.
void require_saved_ops(const Value& json, const OpSet& ops);

}  // namespace lathe
