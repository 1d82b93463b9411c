// The contents of a checkpoint become the parameters of a graph, by name.
#pragma once

#include "core/graph/graph.hpp"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace lathe {

struct Checkpoint;

struct LoadOptions {
  // What the names of the weights begin with in the file, with or without the last dot; unset: what
  // fits is found, and must be one.
  std::optional<std::string> prefix;
  // Whether every parameter must be in the file, of its shape. What does not fit stays fresh
  // otherwise; something must fit.
  bool strict = true;
};

// How the names of a file met those of a graph.
struct LoadReport {
  std::string prefix;       // what the file puts before every name: "", "model.", ...
  std::size_t matched = 0;  // parameters and buffers that got their contents
  // What the file lacks and nobody minds: counters of batches, masks, state of number formats that
  // the file knows nothing of.
  std::vector<std::string> missing;
  // Parameters that stay as they are because the file does not have them, or has another shape:
  // "head.weight of shape [10, 8] (the file has [100, 8])". Only where loading is not strict.
  std::vector<std::string> fresh;
  std::vector<std::string> unused;  // tensors of the file that nothing takes
  // Those of them that Lathe has no type for, with their kinds: "'table' is of type U16".
  std::vector<std::string> lacking;
};
struct Loaded {
  Graph graph;
  LoadReport report;
};

// The graph with the contents of the file. Prefixes ("model.", "module.") are recognised; two that
// fit alike, as of a model and its moving average, are an error that lists them. A tensor the graph
// needs and the file lacks, and a shape that disagrees, are errors that name the tensor, the
// expected and the found shape, and what the file has besides. State of number formats that the
// graph does not have yet stays with it for when it has (Graph::spare_state). State that the file
// lacks for a whole operand stays as it is; a part of it is missing as any tensor is. A mask that
// the file has for a parameter becomes that parameter's; one that the file lacks stays as it is.
Loaded load_parameters(const Graph& graph, const Checkpoint& checkpoint,
                       const std::filesystem::path& path, const LoadOptions& options = {});

// Every parameter and buffer of the graph by its qualified name.
std::map<std::string, Tensor> parameters_of(const Graph& graph);

}  // namespace lathe
