// The reader of torch.save's streams of pickles (PyTorch 0.1.10 to 1.5) behind read_checkpoint.
#pragma once

#include "core/checkpoint/checkpoint.hpp"
#include "core/checkpoint/input_file.hpp"

namespace lathe {

// REQUIRES: the file begins as one of its kind does.
Checkpoint read_torch_legacy(const InputFile& file);

}  // namespace lathe
