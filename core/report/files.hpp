// Result files: CSV as RFC 4180 has it, and text files that a reader sees whole or not at all.
#pragma once

#include "core/report/table.hpp"

#include <filesystem>
#include <string_view>

namespace lathe {

// Cells with a comma, a quote or a line break are quoted.
std::string csv_text(const TextTable& table);

// Whether to wait until the disk has it. Without, a power cut (not a kill) may leave an empty file.
enum class Sync { wait, no_wait };

// Written beside its place and renamed; folders are made. Throws run_error naming the file.
void write_text_file(const std::filesystem::path& path, std::string_view text,
                     Sync sync = Sync::wait);

}  // namespace lathe
