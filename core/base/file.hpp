// Files that appear whole or not at all: the one way in which the host writes; and what the system
// says of files, as sentences. Knows nothing about what is in them.
#pragma once

#include "core/base/error.hpp"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

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
// Throws what make_folders() would, or the first file written there, as far as that can be told
// without making anything.
void check_can_make_folders(const std::filesystem::path& path);

// Why `path` could not be written, or read, by errno: one code and one sentence per cause, with the
// way out.
Error write_failure(const std::filesystem::path& path, int error);
Error read_failure(const std::filesystem::path& path, int error);
// What an error of the C++ library says, as such a sentence; its file is named if it knows one.
Error system_failure(const std::system_error& error);
// What an errno means, as the end of a sentence: "you are not allowed to read it".
std::string system_text(int error);

// From the working folder. Throws run_error if that is gone and `path` is relative.
std::filesystem::path absolute_path(const std::filesystem::path& path);

// "~" and "~/..." in the user's home folder, as a shell has it; all else stays as it is. Throws
// usage_error without HOME.
std::string in_home(std::string_view path);

}  // namespace lathe
