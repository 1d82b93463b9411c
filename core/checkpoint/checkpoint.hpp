// Named tensors in files. Reads safetensors and everything torch.save ever wrote (zip, legacy, tar;
// state dicts, Lightning .ckpt, whole modules) with a reader of our own that never executes a
// pickle and bounds every size before it allocates. Writes safetensors and .pt. Knows nothing about
// graphs but their parameter names. No LibTorch.
#pragma once

#include "core/graph/graph.hpp"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace lathe {

struct Checkpoint {
  std::map<std::string, Tensor> tensors;        // by name, as the file has it
  std::map<std::string, std::string> metadata;  // safetensors' __metadata__
  std::string type;  // "safetensors", "state_dict", "lightning", "module"
  // Classes and functions whose results the pickle holds beside its tensors. None was called.
  std::vector<std::string> unread;
};

// What kind of file it is follows from its contents, never from its name. Throws run_error naming
// the file, and the tensor or the offset.
Checkpoint read_checkpoint(const std::filesystem::path& path);

// Atomically: a reader sees the old file or the new one. Deterministic bytes.
void write_safetensors(const std::filesystem::path& path,
                       const std::map<std::string, Tensor>& tensors,
                       const std::map<std::string, std::string>& metadata = {});

// What torch.load of any version takes, with weights_only or without: an OrderedDict of tensors in
// a zip file. Atomically; deterministic bytes. Tensors that are one stay one.
void write_torch(const std::filesystem::path& path, const std::map<std::string, Tensor>& tensors);

// How the names of a file met those of a graph.
struct LoadReport {
  std::string prefix;                // what the file puts before every name: "", "model.", ...
  std::size_t matched = 0;           // parameters and buffers that got their contents
  std::vector<std::string> missing;  // buffers the file lacks and nobody minds: counters of batches
  std::vector<std::string> unused;   // tensors of the file that nothing takes
};
struct Loaded {
  Graph graph;
  LoadReport report;
};

// The graph with the contents of the file. Prefixes ("model.", "module.") are recognised; a tensor
// the graph needs and the file lacks, and a shape that disagrees, are errors that name the tensor,
// the expected and the found shape, and what the file has besides.
Loaded load_parameters(const Graph& graph, const Checkpoint& checkpoint,
                       const std::filesystem::path& path);

// Every parameter and buffer of the graph by its qualified name.
std::map<std::string, Tensor> parameters_of(const Graph& graph);

}  // namespace lathe
