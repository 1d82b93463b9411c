// A path in the place of a model's name: a file of ONNX, the folder of a saved network, or one of
// Hugging Face's.
#pragma once

#include "core/cli/run/settings.hpp"

namespace lathe {

// "net.onnx" and a folder with config.json become the models that read them, the folder of a saved
// network what --load has. Other words stay. Throws usage_error for such a folder beside --load.
void settle_model_path(Settings& settings);

// Whether MODEL is a file or folder that has weights. REQUIRES: settled.
bool brings_weights(const Settings& settings);

}  // namespace lathe
