// A network in a folder of its own: graph.json, graph.txt and its weights, written and read back.
#pragma once

#include "core/cli/run/saved/network.hpp"
#include "core/plugin/registry.hpp"

namespace lathe {

// MASE's metadata of every node, as TOML: what tools of MASE's read.
constexpr const char* kMetadataFile = "node_meta_param.toml";

// What read_graph() reads again; a run that is killed in between leaves weights that say that they
// are of another graph. Gives the files, in the order in which they were written.
std::vector<std::filesystem::path> write_graph(const Graph& graph, const NetworkOrigin& origin,
                                               const std::filesystem::path& folder);

// `metadata`: by node.
void write_metadata(const Value& metadata, const std::filesystem::path& file);

// The graph as it was saved, for another batch size, with exactly its weights. `named`: the folder,
// a file of it, or what else find_saved_network() takes. Throws usage_error if that is none,
// run_error with the file for what is missing, damaged or of another version, and for ops and
// number formats that no plugin brings.
struct SavedGraph {
  Graph graph;
  NetworkOrigin origin;
};
SavedGraph read_graph(const std::filesystem::path& named, const Registry& registry,
                      const OpSet& ops, std::uint64_t seed, std::int64_t batch);

}  // namespace lathe
