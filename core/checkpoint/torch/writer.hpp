// Writes tensors as torch.save does.
#pragma once

#include "core/tensor/tensor.hpp"

#include <filesystem>
#include <map>
#include <string>

namespace lathe {

// What torch.load of any version takes, with weights_only or without: an OrderedDict of tensors in
// a zip file. Atomically; deterministic bytes. Tensors that are one stay one.
void write_torch(const std::filesystem::path& path, const std::map<std::string, Tensor>& tensors);

}  // namespace lathe
