// A network as a file of ONNX, for `lathe export`: builds it as `lathe transform` would, and has
// the pass that writes such files write it.
#pragma once

#include "core/cli/run/session.hpp"

namespace lathe {

// The call with the options that `lathe transform` has, too, and no words: whatever a network needs
// to be built, transform has.
Invocation as_transform(const Invocation& call);

bool is_onnx(const std::filesystem::path& file);

// The model, run or saved network of the call's word, or the network of --trial, into `output`.
void export_onnx(const Invocation& call, const std::filesystem::path& output);

}  // namespace lathe
