// Functions that a pickle names only to attack whoever loads it with Python.
#pragma once

#include "core/checkpoint/torch/pickle/pickle.hpp"

namespace lathe::pickle {

// Throws std::runtime_error that names the function if anything in the pickle calls one of those
// that run programs, evaluate text, or touch files or the network, or hands one on. By exact names:
// classes of a user's own that are called alike are none.
void refuse_attacks(const Pickle& pickle);

}  // namespace lathe::pickle
