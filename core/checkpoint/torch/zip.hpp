// The reader of torch.save's zip archives (PyTorch 1.6 and later) behind read_checkpoint.
#pragma once

#include "core/checkpoint/checkpoint.hpp"
#include "core/checkpoint/input_file.hpp"

namespace lathe {

// REQUIRES: the file begins as one of its kind does.
Checkpoint read_torch_zip(const InputFile& file);

}  // namespace lathe
