// The reader of safetensors files behind read_checkpoint.
#pragma once

#include "core/checkpoint/checkpoint.hpp"
#include "core/checkpoint/input_file.hpp"

namespace lathe {

// The reference implementation's limit.
constexpr std::uint64_t kLargestSafetensorsHeader = 100'000'000;

// REQUIRES: the file begins with the length of a header.
Checkpoint read_safetensors(const InputFile& file);

}  // namespace lathe
