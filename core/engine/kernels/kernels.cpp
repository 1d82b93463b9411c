#include "core/engine/kernels/kernels.hpp"

#include "core/engine/kernels/kernel_rows.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <unordered_map>

namespace lathe::engine {

namespace {

const std::unordered_map<std::string_view, KernelMaker>& table() {
  static const auto rows = [] {
    std::unordered_map<std::string_view, KernelMaker> out;
    for (const auto family :
         {weighted_kernels(), norm_kernels(), pool_kernels(), elementwise_kernels(),
          product_kernels(), layout_kernels(), axes_kernels(), index_kernels(),
          arithmetic_kernels(), choice_kernels(), attention_kernels(), rope_kernels(),
          resample_kernels()}) {
      for (const KernelRow& row : family) {
        if (builtin_ops().find(row.op) == nullptr || !out.emplace(row.op, row.make).second) {
          throw std::logic_error(fmt::format("op '{}': no row, or a second kernel", row.op));
        }
      }
    }
    return out;
  }();
  return rows;
}

const PartsKernelRow* parts_row(std::string_view op) {
  for (const auto family : {parts_kernels(), attention_parts_kernels()}) {
    for (const PartsKernelRow& row : family) {
      if (row.op == op) return &row;
    }
  }
  return nullptr;
}

}  // namespace

at::Tensor Source::operator()(const KernelCall& call) const {
  if (parameter) return call.parameters[*parameter];
  if (input) return call.inputs[*input];
  return {};
}

Source source(const KernelNode& node, std::string_view name) {
  Source out;
  out.parameter = node.parameter(name);
  if (!out.parameter) out.input = node.tensor(name);
  return out;
}

Source needed(const KernelNode& node, std::string_view name) {
  Source out = source(node, name);
  if (!out.parameter && !out.input) node.refuse(fmt::format("it has no '{}'", name));
  return out;
}

Kernel make_kernel(const KernelNode& node) {
  auto row = table().find(node.node().op);
  if (row == table().end()) node.refuse("the engine has no kernel for this op");
  return row->second(node);
}

PartsKernel make_parts_kernel(const KernelNode& node) {
  const PartsKernelRow* row = parts_row(node.node().op);
  if (row == nullptr) node.refuse("the engine has no kernel for several results of this op");
  return row->make(node);
}

}  // namespace lathe::engine
