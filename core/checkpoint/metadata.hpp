// What a safetensors file says of itself, without its tensors.
#pragma once

#include <filesystem>
#include <map>
#include <string>

namespace lathe {

// The __metadata__ of a safetensors file; empty for any other file, for one that cannot be read and
// for a damaged header: reading the tensors says what is wrong.
std::map<std::string, std::string> metadata_of(const std::filesystem::path& path);

}  // namespace lathe
