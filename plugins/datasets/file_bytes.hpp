// Files as bytes, whole or their beginning, with errors that name them. Knows no format.
#pragma once

#include <cstdint>
#include <string>

namespace datasets {

bool is_file(const std::string& path);

// "~/..." in the user's home folder, as the host has it for options that take one path. Throws
// without HOME.
std::string in_home(const std::string& path);

// Of a file that is_file().
std::uint64_t file_size(const std::string& path);

// At most `limit` bytes of a file, from its beginning.
std::string file_bytes(const std::string& path, std::uint64_t limit = UINT64_MAX);

// `size` bytes of a file from `offset` on, which have to be there.
std::string file_part(const std::string& path, std::uint64_t offset, std::uint64_t size);

}  // namespace datasets
