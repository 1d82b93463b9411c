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

// getitem, pad, mean; what x.size()[1] gives; and whether one of them keeps rows apart.
std::span<const KernelRow> index_rows();
std::vector<std::int64_t> item_of(const Settings& settings, const std::vector<std::int64_t>& sizes);
bool index_keeps_rows(const Settings& settings);

}  // namespace lathe::engine
