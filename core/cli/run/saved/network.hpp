// graph.json: a network, and what it is the network of. Weights that are saved with it carry its
// SHA-256, so that neither is taken for another's. Knows no command and no registry.
#pragma once

#include "core/cli/run/saved/fields.hpp"
#include "core/graph/graph.hpp"
#include "core/options/training_options.hpp"

#include <filesystem>

namespace lathe {

// A saved graph: two files of one folder, or graph.json beside the weights of a training.
constexpr const char* kGraphFile = "graph.json";
constexpr const char* kWeightsFile = "model.safetensors";
constexpr const char* kBestFile = "best.safetensors";
constexpr const char* kLastFile = "last.safetensors";

// Metadata of weights: which network they are of.
constexpr const char* kNetworkHash = "lathe.graph";  // SHA-256 of the network in graph.json
constexpr const char* kNetworkModel = "lathe.model";
constexpr const char* kNetworkPasses = "lathe.passes";  // left out: none

// A component that a plugin of the user's brought, if it is missed later.
struct SavedComponent {
  std::string kind, id, file, sha256;  // of the file, whose folder is left out
};

// Where a network comes from. Empty: not known.
struct NetworkOrigin {
  std::string model;                          // as MODEL names it, every path as it was resolved
  std::string passes;                         // that changed it since, as --passes names them
  std::string dataset;                        // as DATASET names it, likewise resolved
  std::string loss;                           // that was minimised
  std::vector<Field> fields;                  // of the data
  std::vector<std::string> untrained;         // layers whose weights nothing has trained
  std::filesystem::path directory, data_dir;  // that relative names of data files were found from
  std::vector<SavedComponent> components;     // model, data set and formats
};

struct SavedNetwork {
  std::filesystem::path file;
  Value graph;         // for graph_from_json()
  std::string sha256;  // of that
  NetworkOrigin origin;
};

// graph.json and graph.txt, and the metadata that weights of that network carry.
WeightsOrigin describe_network(const Graph& graph, const NetworkOrigin& origin);

// Throws run_error naming the file: missing, no JSON, no graph, of another version.
SavedNetwork read_network(const std::filesystem::path& file);

}  // namespace lathe
