// "did you mean", for files that are not there: what lies in their place.
#pragma once

#include <filesystem>
#include <string>

namespace lathe {

// For a path that does not exist: "; 'best.safetensors' lies beside it" where a file of that name
// with another suffix is there; "; did you mean 'runs/a/best.pt'?" where a name is near; which of
// its folders is missing; else empty. Looks at the folder, opens no file.
std::string near_path(const std::filesystem::path& missing);

}  // namespace lathe
