#include "core/engine/integer/layer.hpp"

#include "core/engine/weights.hpp"
#include "core/graph/ops/op_table.hpp"

#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>

namespace lathe::engine::integer {

namespace {

constexpr std::int64_t kSumLimit = std::int64_t{1} << 31;
constexpr std::int64_t kFloatLimit = std::int64_t{1} << 24;  // whole numbers are exact below
// Sums made at once: they shall be in the cache when results are made of them.
constexpr std::int64_t kSumsAtOnce = std::int64_t{1} << 17;

bool is_float32(double x) { return static_cast<double>(static_cast<float>(x)) == x; }

template <typename Make>
auto of_operand(std::string_view whose, const Make& make) {
  try {
    return make();
  } catch (const Unfit& unfit) {
    throw Unfit(fmt::format("codes of its {} {}", whose, unfit.what()));
  }
}

}  // namespace

Layer::Layer(const Plan& plan, std::uint32_t at, Weights& weights, const Settings& settings) {
  const Step& step = plan.steps()[at];
  const KernelNode node(plan.graph(), step.node);
  const std::string& op = node.node().op;
  const std::optional<std::size_t> data = node.tensor("input");
  data_input_ = static_cast<std::uint32_t>(data.value_or(0));
  if (step.input_formats.size() <= data_input_ || !step.input_formats[data_input_]) {
    throw Unfit("no number format sits on its data");
  }
  data_format_ = &step.input_formats[data_input_];
  const Shape seen = node.input_shapes()[data_input_];
  if (op == "linear") {
    if (seen.rank() == 0) throw Unfit("its data have no dimension");
  } else {
    read_convolution(node, op == "conv1d" ? 1 : 2);
  }
  read_weight(plan, step, node, weights);
  const LevelRange range = of_operand("data", [&] {
    if (!data_format_->elements_apart()) {
      return dynamic_range(*data_format_, seen.dims(), order_);
    }
    form_ = static_form(*data_format_);
    return LevelRange{form_->levels.low, form_->levels.high};
  });
  check_sums(range);
  for (std::int64_t o = 0; o < channels(); ++o) {
    const double scale = weight_->scale(static_cast<std::size_t>(o));
    scale_.push_back(form_ ? scale * form_->levels.scale : scale);
  }
  exact_in_float_ = form_ && weight_->heaviest() * range.magnitude() < kFloatLimit &&
                    std::ranges::all_of(scale_, is_float32);
  inexact_too_ = settings.inexact_too;
  if (seen.numel() == 0) throw Unfit("its data are empty");
  // oneDNN pads signed data wrongly at some shapes (onednn.hpp).
  if (range.low < 0) border_ = {shape_.padding_before, shape_.padding_after};
  const ByteConvolution convolution(shape_of(seen.dims(), 1, range.low < 0));
  kernel_ = convolution.kernel();
  if (!convolution.is_fast()) {
    throw Unfit(fmt::format("oneDNN has only '{}' for its shape", kernel_));
  }
  if (!takes(convolution)) {
    throw Unfit(fmt::format("'{}', which oneDNN takes for its shape, is not exact", kernel_));
  }
}

void Layer::read_convolution(const KernelNode& node, std::size_t dims) {
  if (node.input_shapes()[data_input_].rank() != dims + 2) throw Unfit("its data have no batch");
  const Value* mode = node.find("padding_mode");
  if (mode != nullptr && mode->as_string() != "zeros") throw Unfit("it pads with other than zeros");
  order_ = Order::channels_second;
  const auto lay = [&](std::array<std::int64_t, 2>& out, const std::vector<std::int64_t>& from) {
    std::copy(from.rbegin(), from.rend(), out.rbegin());
  };
  lay(shape_.stride, node.integers("stride", dims));
  lay(shape_.dilation, node.integers("dilation", dims));
  shape_.groups = node.integer("groups");
  const Value& padding = node.value("padding");
  if (padding.is_string()) {
    pads_to_same_ = padding.as_string() == "same";
  } else {
    lay(shape_.padding_before, node.integers("padding", dims));
    shape_.padding_after = shape_.padding_before;
  }
}

void Layer::read_weight(const Plan& plan, const Step& step, const KernelNode& node,
                        Weights& weights) {
  // Of the layer itself, or a tensor of the model that it reads.
  const auto source = [&](std::string_view name,
                          const run::Quantizer*& format) -> const Parameter* {
    if (const auto own = node.parameter(name)) {
      const std::size_t operand = step.first_operand + *own;
      (name == "weight" ? weight_operand_ : bias_operand_) = operand;
      format = &plan.operands()[operand].format;
      return plan.operands()[operand].parameter;
    }
    const auto input = node.tensor(name);
    if (!input) return nullptr;
    const Step& constant = plan.steps()[step.tensor_inputs[*input]];
    if (constant.kind != Step::Kind::constant) {
      throw Unfit(fmt::format("its {} is computed", name));
    }
    if (plan.operands()[constant.first_operand].format) {
      throw Unfit(fmt::format("its {} carries a second number format", name));
    }
    format = &step.input_formats[*input];
    return plan.operands()[constant.first_operand].parameter;
  };
  const run::Quantizer* format = nullptr;
  const Parameter* weight = source("weight", format);
  if (weight == nullptr || !*format) throw Unfit("no number format sits on its weight");
  if (weight->dtype != DType::float32) throw Unfit("its weight is not float32");
  of_operand("weight", [&] { weight_ = weights.levels(*weight, *format, plan.graph().seed()); });
  shape_.out_channels = weight->shape[0];
  shape_.channels = weight->shape[1] * shape_.groups;
  for (std::size_t d = 2; d < weight->shape.rank(); ++d) {
    shape_.kernel[d - weight->shape.rank() + 2] = weight->shape[d];
  }
  const run::Quantizer* bias_format = nullptr;
  const Parameter* bias = source("bias", bias_format);
  if (bias != nullptr && !bias_operand_) throw Unfit("its bias is an input");
  for (std::size_t d = 0; d < 2 && pads_to_same_; ++d) {
    const std::int64_t all = shape_.dilation[d] * (shape_.kernel[d] - 1);
    shape_.padding_before[d] = all / 2;
    shape_.padding_after[d] = all - all / 2;
  }
}

void Layer::check_sums(LevelRange data) const {
  const std::int64_t largest = data.magnitude_as_data();
  if (weight_->heaviest() < kSumLimit / largest) return;
  const std::int64_t products =
      shape_.channels / shape_.groups * shape_.kernel[0] * shape_.kernel[1];
  throw Unfit(fmt::format(
      "its sums could pass 2^31: {} products of data up to {} with weights that come to {}",
      products, largest, weight_->heaviest()));
}

void Layer::set_bias(const at::Tensor& bias) {
  if (!bias.defined()) return;
  const at::Tensor values = bias.to(at::kFloat).contiguous();
  bias_.assign(values.data_ptr<float>(), values.data_ptr<float>() + values.numel());
}

DataBytes Layer::bytes_of(const at::Tensor& x, run::RandomPlace place, std::int64_t rows) const {
  return dynamic_bytes(*data_format_, x.to(at::kFloat), order_, border_, place, rows);
}

ConvolutionShape Layer::shape_of(at::IntArrayRef sizes, std::int64_t rows, bool is_signed) const {
  ConvolutionShape shape = shape_;
  shape.is_signed = is_signed;
  shape.rows = on_images() ? rows : 1;
  shape.height = sizes.size() == 4 && on_images() ? sizes[2] : 1;
  shape.width = on_images() ? sizes.back() : rows;
  if (!border_.any()) return shape;
  shape.height += border_.before[0] + border_.after[0];
  shape.width += border_.before[1] + border_.after[1];
  shape.padding_before = shape.padding_after = {0, 0};
  return shape;
}

std::int64_t Layer::positions_of_row(const DataBytes& x) const {
  if (!on_images()) return 1;
  const ConvolutionShape shape = shape_of(x.sizes, 1, false);
  return shape.out_height() * shape.out_width();
}

at::DimVector Layer::result_sizes(const DataBytes& x) const {
  at::DimVector sizes = x.sizes;
  if (!on_images()) {
    sizes.back() = channels();
    return sizes;
  }
  const ConvolutionShape shape = shape_of(x.sizes, 1, false);
  sizes[1] = channels();
  if (sizes.size() == 4) sizes[2] = shape.out_height();
  sizes.back() = shape.out_width();
  return sizes;
}

std::int64_t Layer::rows_at_once(const DataBytes& x) const {
  const std::int64_t sums = std::max<std::int64_t>(positions_of_row(x) * channels(), 1);
  return std::max<std::int64_t>(kSumsAtOnce * at::get_num_threads() / sums, 1);
}

bool Layer::takes(const ByteConvolution& convolution) const {
  return convolution.is_exact() || inexact_too_;
}

const Layer::Prepared& Layer::prepared(const ConvolutionShape& shape, int largest) {
  const auto [at, is_new] = prepared_.try_emplace(
      {shape.rows, shape.height, shape.width, shape.is_signed ? 1 : 0, largest});
  Prepared& made = at->second;
  if (is_new) {
    made.convolution = std::make_unique<ByteConvolution>(shape);
    // oneDNN may take another kernel for more rows than one.
    made.is_exact = takes(*made.convolution);
    for (std::size_t part = 0; part < weight_->parts(); ++part) {
      made.weights.push_back(weight_->packed(part, *made.convolution, largest));
    }
  }
  if (!made.is_exact) {
    throw NoCode(fmt::format("'{}', which oneDNN takes for {} rows at once, is not exact",
                             made.convolution->kernel(), shape.rows));
  }
  return made;
}

void Layer::sums(const DataBytes& x, std::int64_t first, std::int64_t count, std::int32_t* out) {
  const std::int64_t row = x.parts[0].bytes.numel() / x.rows();
  bool is_first = true;
  for (const DataBytes::Part& part : x.parts) {
    const Prepared& with = prepared(shape_of(x.sizes, count, part.is_signed), part.largest);
    const auto* bytes = static_cast<const std::uint8_t*>(part.bytes.data_ptr()) + first * row;
    for (const auto& weights : with.weights) {
      if (is_first) {
        with.convolution->run(bytes, *weights, out);
      } else {
        with.convolution->add(bytes, *weights, out);
      }
      is_first = false;
    }
  }
}

void Layer::finish(const DataBytes& x, const std::int32_t* sums, std::int64_t first,
                   std::int64_t count, float* out) const {
  Finish how;
  how.scale = scale_.data();
  how.bias = bias_.empty() ? nullptr : bias_.data();
  how.in_float = exact_in_float_;
  std::vector<double> scales;
  if (!x.row_scale.empty()) {
    const std::int64_t each = positions_of_row(x);
    for (std::int64_t p = first; p < first + count; ++p) {
      scales.push_back(x.row_scale[static_cast<std::size_t>(p / each)]);
    }
    how.row_scale = scales.data();
  }
  integer::finish(sums, out, count, channels(), how);
}

}  // namespace lathe::engine::integer
