// The options of `lathe export` for files of ONNX.
#pragma once

#include "core/options/command_option.hpp"

namespace lathe {

inline constexpr OptionKey<std::string> kQuantization{"quantization"};
inline constexpr OptionKey<std::int64_t> kOpset{"opset"};
inline constexpr OptionKey<bool> kExternalData{"external_data"};

std::vector<CommandOption> export_options();

}  // namespace lathe
