// A path in the place of a model's name: a file of ONNX, or the folder of a saved network.
#pragma once

#include "core/cli/run/settings.hpp"

namespace lathe {

// "net.onnx" becomes the model that reads it, the folder of a saved network what --load has. Other
// words stay. Throws usage_error for such a folder beside --load.
void settle_model_path(Settings& settings);

// Whether MODEL is a file that has weights. REQUIRES: settled.
bool brings_weights(const Settings& settings);

}  // namespace lathe
