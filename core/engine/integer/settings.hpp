// Whether layers run on integers, and who remembers which did.
#pragma once

#include "core/run/codes/integer_layers.hpp"

namespace lathe::engine::integer {

struct Settings {
  bool on = false;
  run::IntegerLayers* log = nullptr;  // null: nobody asks
  // Kernels whose 16-bit intermediates could saturate too: the caller knows that they do not.
  bool inexact_too = false;
};

}  // namespace lathe::engine::integer
