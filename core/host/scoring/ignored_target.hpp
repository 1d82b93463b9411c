// The target that neither a loss nor a metric counts.
#pragma once

#include <cstdint>

namespace lathe {

// PyTorch's ignore_index. Of the elements of targets of classes that have a shape: where a sequence
// has no next token, or is padding.
inline constexpr std::int64_t kIgnoredTarget = -100;

}  // namespace lathe
