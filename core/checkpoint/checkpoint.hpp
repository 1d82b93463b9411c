// Named tensors in files. Reads safetensors and everything torch.save ever wrote (zip, legacy, tar;
// state dicts, Lightning .ckpt, whole modules) with a reader of our own that never executes a
// pickle and bounds every size before it allocates. Writes safetensors and .pt. Knows nothing about
// graphs but their parameter names. No LibTorch.
#pragma once

#include "core/checkpoint/load.hpp"
#include "core/checkpoint/torch/writer.hpp"
#include "core/tensor/tensor.hpp"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace lathe {

struct Checkpoint {
  std::map<std::string, Tensor> tensors;        // by name, as the file has it
  std::map<std::string, std::string> metadata;  // safetensors' __metadata__
  std::string type;  // "safetensors", "state_dict", "lightning", "module"
  // Tensors of kinds that Lathe lacks, by name: of which. They matter only to who needs them.
  std::map<std::string, std::string> lacking;
  std::string outer;  // what every name would begin with had the file's not been cut: "state_dict."
  // Classes and functions whose results the pickle holds beside its tensors. None was called.
  std::vector<std::string> unread;
};

// What kind of file it is follows from its contents, never from its name. Throws run_error naming
// the file, and the tensor or the offset; of other kinds of files, what they are. A file without
// tensors is an error that says what is in it.
Checkpoint read_checkpoint(const std::filesystem::path& path);

// Atomically: a reader sees the old file or the new one. Deterministic bytes.
void write_safetensors(const std::filesystem::path& path,
                       const std::map<std::string, Tensor>& tensors,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace lathe
