// Kernels that pool, or only move elements: pools, view and its kin, cat, softmax. Also which ops
// keep rows apart.
#include "core/engine/kernel_rows.hpp"

#include <fmt/format.h>

#include <array>

namespace lathe::engine {

namespace {

using List = std::vector<std::int64_t>;

struct Window {
  List size, stride, padding, dilation;
  bool ceil = false, count_padding = true;
};

// Positions are those of torch.nn.functional: max_pool has dilation where avg_pool has ceil_mode.
Window window(const Settings& settings, std::size_t dims, bool max) {
  Window out;
  out.size = settings.integers("kernel_size", 1, dims, {});
  if (out.size.empty()) settings.refuse("it has no 'kernel_size'");
  out.stride = settings.integers("stride", 2, dims, out.size);
  out.padding = settings.integers("padding", 3, dims, List(dims, 0));
  out.dilation = max ? settings.integers("dilation", 4, dims, List(dims, 1)) : List(dims, 1);
  out.ceil = settings.flag("ceil_mode", max ? 5 : 4, false);
  if (!max) out.count_padding = settings.flag("count_include_pad", 5, true);
  return out;
}

Kernel max_pool1d(const Settings& settings) {
  return [w = window(settings, 1, true)](const KernelCall& call) {
    return at::max_pool1d(call.inputs[0], w.size, w.stride, w.padding, w.dilation, w.ceil);
  };
}
Kernel max_pool2d(const Settings& settings) {
  return [w = window(settings, 2, true)](const KernelCall& call) {
    return at::max_pool2d(call.inputs[0], w.size, w.stride, w.padding, w.dilation, w.ceil);
  };
}
Kernel avg_pool1d(const Settings& settings) {
  return [w = window(settings, 1, false)](const KernelCall& call) {
    return at::avg_pool1d(call.inputs[0], w.size, w.stride, w.padding, w.ceil, w.count_padding);
  };
}
Kernel avg_pool2d(const Settings& settings) {
  const Value* divisor = settings.find("divisor_override", 6);
  const c10::optional<std::int64_t> by =
      divisor == nullptr ? c10::nullopt : c10::make_optional(divisor->as_int());
  return [w = window(settings, 2, false), by](const KernelCall& call) {
    return at::avg_pool2d(call.inputs[0], w.size, w.stride, w.padding, w.ceil, w.count_padding, by);
  };
}

template <std::size_t kDims, bool kMax>
Kernel adaptive_pool(const Settings& settings) {
  const List size = settings.integers("output_size", 1, kDims, {});
  if (size.empty()) settings.refuse("it has no 'output_size'");
  return [size](const KernelCall& call) -> at::Tensor {
    const at::Tensor& x = call.inputs[0];
    if constexpr (kMax) {
      if constexpr (kDims == 1) return std::get<0>(at::adaptive_max_pool1d(x, size));
      return std::get<0>(at::adaptive_max_pool2d(x, size));
    } else {
      if constexpr (kDims == 1) return at::adaptive_avg_pool1d(x, size);
      return at::adaptive_avg_pool2d(x, size);
    }
  };
}

List resolve(const std::vector<Extent>& extents,
             std::span<const std::vector<std::int64_t>* const> values) {
  List out;
  for (const Extent& extent : extents) {
    if (extent.from < 0) {
      out.push_back(extent.literal);
    } else {
      const List& value = *values[static_cast<std::size_t>(extent.from)];
      out.insert(out.end(), value.begin(), value.end());
    }
  }
  return out;
}

// A view of a tensor whose layout does not allow one is copied, as reshape does.
Kernel reshape(const Settings& settings) {
  return [extents = settings.extents(settings.node().op == "view" ? "size" : "shape", 1)](
             const KernelCall& call) {
    return at::reshape(call.inputs[0], resolve(extents, call.values));
  };
}

Kernel flatten(const Settings& settings) {
  // nn.Flatten keeps the batch dimension; torch.flatten does not.
  const std::int64_t from = settings.integer("start_dim", 1, settings.is_module() ? 1 : 0);
  const std::int64_t to = settings.integer("end_dim", 2, -1);
  return [=](const KernelCall& call) { return at::flatten(call.inputs[0], from, to); };
}

Kernel cat(const Settings& settings) {
  const std::int64_t dim = settings.integer("dim", 1, 0);
  return [=](const KernelCall& call) {
    return at::cat(at::TensorList(call.inputs.data(), call.inputs.size()), dim);
  };
}

std::int64_t softmax_dim(const Settings& settings) {
  const Value* dim = settings.find("dim", 1);
  if (dim != nullptr) return dim->as_int();
  // torch.nn.functional's rule for a dim left out.
  const std::size_t rank = settings.input_rank(0);
  return rank == 0 || rank == 1 || rank == 3 ? 0 : 1;
}

Kernel softmax(const Settings& settings) {
  return [dim = softmax_dim(settings)](const KernelCall& call) {
    return at::softmax(call.inputs[0], dim);
  };
}
Kernel same(const Settings&) {
  return [](const KernelCall& call) { return call.inputs[0]; };
}

Kernel contiguous(const Settings&) {
  return [](const KernelCall& call) { return call.inputs[0].contiguous(); };
}

constexpr KernelRow kRows[] = {
    {"max_pool1d", max_pool1d},
    {"max_pool2d", max_pool2d},
    {"avg_pool1d", avg_pool1d},
    {"avg_pool2d", avg_pool2d},
    {"adaptive_avg_pool1d", adaptive_pool<1, false>},
    {"adaptive_avg_pool2d", adaptive_pool<2, false>},
    {"adaptive_max_pool1d", adaptive_pool<1, true>},
    {"adaptive_max_pool2d", adaptive_pool<2, true>},
    {"view", reshape},
    {"reshape", reshape},
    {"flatten", flatten},
    {"cat", cat},
    {"softmax", softmax},
    {"identity", same},
    {"contiguous", contiguous},
};

std::int64_t from_the_front(std::int64_t dim, std::size_t rank) {
  return dim < 0 ? dim + static_cast<std::int64_t>(rank) : dim;
}

}  // namespace

std::span<const KernelRow> shape_rows() { return kRows; }

std::vector<std::int64_t> value_of(const Settings& settings, const at::Tensor& input,
                                   std::span<const std::vector<std::int64_t>* const> values) {
  const std::string& op = settings.node().op;
  if (op == "size") {
    const Value* dim = settings.find("dim", 1);
    if (dim == nullptr) return input.sizes().vec();
    return {input.size(dim->as_int())};
  }
  if (op == "getitem") return item_of(settings, *values[0]);
  // Arithmetic on sizes, eg: x.size(1) * x.size(2).
  const List operands = resolve(settings.extents("input", 0), values);
  if (operands.size() != 2) settings.refuse("it needs two integers");
  if (op == "add") return {operands[0] + operands[1]};
  if (op == "sub") return {operands[0] - operands[1]};
  if (op == "mul") return {operands[0] * operands[1]};
  settings.refuse("its result is no tensor");
}

bool is_row_wise(const Graph& graph, const Settings& settings) {
  const std::string& op = settings.node().op;
  auto one_of = [&](std::initializer_list<std::string_view> ops) {
    return std::find(ops.begin(), ops.end(), op) != ops.end();
  };
  const auto& inputs = settings.tensor_inputs();
  if (op == "size") return true;
  if (inputs.empty()) return false;
  const std::size_t rank = settings.input_rank(0);
  // Functions whose weights are inputs, and unbatched images, are left to run batch by batch.
  if (one_of({"linear"})) return inputs.size() == 1 && rank >= 2;
  if (one_of(
          {"conv1d", "max_pool1d", "avg_pool1d", "adaptive_avg_pool1d", "adaptive_max_pool1d"})) {
    return inputs.size() == 1 && rank == 3;
  }
  if (one_of(
          {"conv2d", "max_pool2d", "avg_pool2d", "adaptive_avg_pool2d", "adaptive_max_pool2d"})) {
    return inputs.size() == 1 && rank == 4;
  }
  if (one_of({"batch_norm1d", "batch_norm2d"})) {
    return settings.parameter("running_mean").has_value();
  }
  if (one_of({"dropout", "dropout2d", "relu", "relu6", "hardswish", "hardsigmoid", "sigmoid",
              "tanh", "hardtanh", "leaky_relu", "gelu", "identity", "contiguous", "embedding"})) {
    return true;
  }
  if (one_of({"add", "sub", "mul"})) {
    // Broadcasting aligns the last dimensions: rows stay rows only if the shapes are equal.
    for (NodeId input : inputs) {
      if (graph.node(input).result.shape != settings.node().result.shape) return false;
    }
    return true;
  }
  if (one_of({"getitem", "pad", "mean"})) return index_keeps_rows(settings);
  if (op == "bmm") return inputs.size() == 2;
  if (op == "softmax") {
    return from_the_front(softmax_dim(settings), rank) > 0;
  }
  if (op == "cat") return from_the_front(settings.integer("dim", 1, 0), rank) > 0;
  if (op == "flatten") {
    return from_the_front(settings.integer("start_dim", 1, settings.is_module() ? 1 : 0), rank) > 0;
  }
  if (op == "view" || op == "reshape") {
    const auto extents = settings.extents(op == "view" ? "size" : "shape", 1);
    if (extents.empty() || extents[0].from < 0) {
      // view(-1, 8192): rows stay rows if the rest of the extents are those of one row.
      if (extents.empty() || extents[0].literal != -1) return false;
    } else {
      // view(x.size(0), ...)
      const Node& size =
          graph.node(settings.value_inputs()[static_cast<std::size_t>(extents[0].from)]);
      const Settings of_size(graph, size);
      const Value* dim = of_size.find("dim", 1);
      if (size.op != "size" || dim == nullptr || dim->as_int() != 0) return false;
    }
    const Shape& before = graph.node(inputs[0]).result.shape;
    const Shape& after = settings.node().result.shape;
    return before.rank() > 0 && after.rank() > 0 && before[0] == after[0];
  }
  return false;
}

}  // namespace lathe::engine
