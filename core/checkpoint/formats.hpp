// The readers behind read_checkpoint, one per kind of file.
#pragma once

#include "core/checkpoint/checkpoint.hpp"
#include "core/checkpoint/input_file.hpp"

namespace lathe {

// The reference implementation's limit.
constexpr std::uint64_t kLargestSafetensorsHeader = 100'000'000;

// REQUIRES: the file begins as one of its kind does.
Checkpoint read_safetensors(const InputFile& file);
Checkpoint read_torch_zip(const InputFile& file);
Checkpoint read_torch_legacy(const InputFile& file);
Checkpoint read_torch_tar(const InputFile& file);

// No description of tensors is larger.
constexpr std::uint64_t kLargestPickle = std::uint64_t{32} << 20;

// PyTorch calls any byte but 0 true; memory that C++ reads as bool may hold only 0 and 1.
void normalise_booleans(std::span<std::byte> bytes);

}  // namespace lathe
