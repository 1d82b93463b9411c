// Files that people take for checkpoints: what they are, and what to do with them instead.
#pragma once

#include "core/checkpoint/input_file.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace lathe {

// A sentence about a file that begins so, or "" if it is nothing known.
std::string other_file(const InputFile& file, std::string_view begin);

// The same of a zip archive that is no file of torch.save, by the names of its entries.
std::string other_archive(const std::vector<std::string>& entries);

// "'a', 'b' and 3 more"
std::string quoted_names(const std::vector<std::string>& names);

// How a file begins that nobody knows: its first words if it is text, else its first bytes.
std::string beginning(std::string_view begin);

}  // namespace lathe
