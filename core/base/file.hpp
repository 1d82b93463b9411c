// Files that appear whole or not at all: the one way in which the host writes. Knows nothing about
// what is in them.
#pragma once

#include "core/base/error.hpp"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <string_view>

namespace lathe {

// Appends bytes to a file that is being written.
using ByteSink = std::function<void(std::span<const std::byte>)>;

// Whether to wait until the disk has it. Without, a power cut (not a kill) may leave an empty file.
enum class Sync { wait, no_wait };

// Writes <path>.part and renames it over `path`, so that a reader sees the file of before or the
// new one. On any failure, also of `write`, `path` is as it was and the part is gone; what a killed
// process left, the next writer of `path` takes over. Makes no folders. Throws write_failure().
void write_atomically(const std::filesystem::path& path,
                      const std::function<void(const ByteSink&)>& write, Sync sync = Sync::wait);
void write_atomically(const std::filesystem::path& path, std::string_view contents,
                      Sync sync = Sync::wait);

// With those above it. A folder that is there already is fine. Throws run_error.
void make_folders(const std::filesystem::path& path);

// Why `path` could not be written, by errno: one code and one sentence per cause, with the way out.
Error write_failure(const std::filesystem::path& path, int error);

}  // namespace lathe
