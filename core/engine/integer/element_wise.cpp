#include "core/engine/integer/element_wise.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lathe::engine::integer {

namespace {

using Kind = Operation::Kind;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

const Shape& shape_of(const Plan& plan, std::uint32_t step) {
  return plan.graph().node(plan.steps()[step].node).result.shape;
}
bool is_float(const Plan& plan, std::uint32_t step) {
  return plan.graph().node(plan.steps()[step].node).result.dtype == DType::float32;
}

std::optional<Operation> batch_norm(const KernelNode& node, const Step& step, std::size_t rank) {
  const auto mean = node.parameter("running_mean");
  const auto variance = node.parameter("running_var");
  if (!mean || !variance || (rank != 2 && rank != 4)) return std::nullopt;
  const auto operand = [&](const std::optional<std::size_t>& parameter) {
    return parameter ? std::optional<std::size_t>(step.first_operand + *parameter) : std::nullopt;
  };
  Operation out{.kind = Kind::scale_shift};
  out.norm = BatchNorm{operand(node.parameter("weight")), operand(node.parameter("bias")),
                       *operand(mean), *operand(variance), node.number("eps")};
  return out;
}

Operation clamped(double low, double high) {
  return {.kind = Kind::clamp, .low = static_cast<float>(low), .high = static_cast<float>(high)};
}

std::optional<Operation> max_pool(const KernelNode& node, const Shape& in) {
  const std::vector<std::int64_t> size = node.integers("kernel_size", 2);
  const auto all = [&](const char* name, std::int64_t value) {
    return std::ranges::all_of(node.integers(name, 2), [&](std::int64_t v) { return v == value; });
  };
  const bool plain = in.rank() == 4 && size[0] == size[1] && size[0] > 1 &&
                     all("stride", size[0]) && all("padding", 0) && all("dilation", 1) &&
                     !node.flag("ceil_mode") && in[2] >= size[0] && in[3] >= size[0];
  if (!plain) return std::nullopt;
  return Operation{.kind = Kind::max_pool, .size = size[0]};
}

}  // namespace

std::optional<ElementWise> element_wise(const Plan& plan, std::uint32_t at, std::uint32_t main) {
  const Step& step = plan.steps()[at];
  if (step.kind != Step::Kind::compute || step.tensor_inputs.empty()) return std::nullopt;
  if (!is_float(plan, at) || !is_float(plan, main)) return std::nullopt;
  const KernelNode node(plan.graph(), step.node);
  const std::string& op = node.node().op;
  const Shape& in = shape_of(plan, main);
  if (in.numel() == 0) return std::nullopt;
  const auto input = static_cast<std::size_t>(std::ranges::find(step.tensor_inputs, main) -
                                              step.tensor_inputs.begin());
  ElementWise out;
  out.main = main;
  const auto format = [&](std::size_t i) -> const run::Quantizer* {
    return step.input_formats.empty() || !step.input_formats[i] ? nullptr : &step.input_formats[i];
  };
  const auto add_format = [&](const run::Quantizer* with) {
    if (with == nullptr) return true;
    out.operations.push_back({.kind = Kind::format, .format = with});
    return with->elements_apart();
  };
  if (!add_format(format(input))) return std::nullopt;
  std::optional<Operation> does;
  if (op == "batch_norm2d" || op == "batch_norm1d") {
    does = batch_norm(node, step, in.rank());
    out.is_batch_norm = true;
  } else if (op == "relu") {
    does = clamped(0, static_cast<double>(kInfinity));
  } else if (op == "relu6") {
    does = clamped(0, 6);
  } else if (op == "hardtanh") {
    does = clamped(node.number("min_val"), node.number("max_val"));
  } else if (op == "max_pool2d") {
    does = max_pool(node, in);
    out.pools = true;
  } else if (op == "add") {
    const auto a = node.operand("input").tensor, b = node.operand("other").tensor;
    if (!a || !b || node.number("alpha") != 1.0) return std::nullopt;
    const std::size_t second = *a == input ? *b : *a;
    out.other = step.tensor_inputs[second];
    if (*out.other == main || shape_of(plan, *out.other) != in || !is_float(plan, *out.other)) {
      return std::nullopt;
    }
    const run::Quantizer* with = format(second);
    if (with != nullptr && !with->elements_apart()) return std::nullopt;
    does = Operation{.kind = Kind::add, .format = with, .other = *out.other};
  }
  const bool does_nothing = op == "dropout" || op == "dropout2d" || op == "identity";
  if (!does && !does_nothing) return std::nullopt;
  if (does) {
    does->step = at;
    out.operations.push_back(std::move(*does));
  }
  if (!add_format(step.output_format ? &step.output_format : nullptr)) return std::nullopt;
  return out;
}

void fill_in(Operation& operation, std::span<const at::Tensor> operands) {
  if (!operation.norm) return;
  const BatchNorm& norm = *operation.norm;
  const auto values = [&](std::optional<std::size_t> of, std::size_t count, float otherwise) {
    if (!of) return std::vector<float>(count, otherwise);
    const at::Tensor tensor = operands[*of].to(at::kFloat).contiguous();
    return std::vector<float>(tensor.data_ptr<float>(), tensor.data_ptr<float>() + tensor.numel());
  };
  const std::vector<float> mean = values(norm.mean, 0, 0), variance = values(norm.variance, 0, 0);
  const std::vector<float> weight = values(norm.weight, mean.size(), 1);
  const std::vector<float> bias = values(norm.bias, mean.size(), 0);
  operation.scale.resize(mean.size());
  operation.shift.resize(mean.size());
  for (std::size_t c = 0; c < mean.size(); ++c) {
    const double scale =
        static_cast<double>(weight[c]) / std::sqrt(static_cast<double>(variance[c]) + norm.eps);
    operation.scale[c] = static_cast<float>(scale);
    operation.shift[c] =
        static_cast<float>(static_cast<double>(bias[c]) - static_cast<double>(mean[c]) * scale);
  }
}

}  // namespace lathe::engine::integer
