// How a row of the engine's op table looks. Internal to the table's files.
#pragma once

#include "core/engine/kernels.hpp"

namespace lathe::engine {

using KernelMaker = Kernel (*)(const Settings&);

struct KernelRow {
  std::string_view op;
  KernelMaker make;
};

// Pools, and ops that only move elements.
std::span<const KernelRow> shape_rows();

}  // namespace lathe::engine
