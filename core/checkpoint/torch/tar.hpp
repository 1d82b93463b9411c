// The reader of torch.save's tar archives (PyTorch before 0.1.10) behind read_checkpoint.
#pragma once

#include "core/checkpoint/checkpoint.hpp"
#include "core/checkpoint/input_file.hpp"

namespace lathe {

// REQUIRES: the file begins as one of its kind does.
Checkpoint read_torch_tar(const InputFile& file);

}  // namespace lathe
