// Rows of the convolutions: conv1d, conv2d, and transposed ones.

#include "core/graph/ops/weights.hpp"

namespace lathe::rules {

namespace {

// [out channels, in channels / groups, kernel...]; transposed: [in, out / groups, kernel...].
Shape conv_weight(const Value& attributes, std::size_t dims, bool transposed = false) {
  for (const char* name : {"in_channels", "out_channels", "groups"}) {
    expect_positive(attributes, name);
  }
  const std::int64_t in_channels = whole(attributes, "in_channels");
  const std::int64_t out_channels = whole(attributes, "out_channels");
  const std::int64_t groups = whole(attributes, "groups");
  for (const auto& [name, channels] :
       {std::pair{"in_channels", in_channels}, std::pair{"out_channels", out_channels}}) {
    if (channels % groups != 0) {
      refuse(fmt::format("'groups' = {} does not divide '{}' = {}", groups, name, channels));
    }
  }
  std::vector<std::int64_t> shape{out_channels, in_channels / groups};
  if (transposed) shape = {in_channels, out_channels / groups};
  for (std::int64_t k : sizes(attributes, "kernel_size", dims)) {
    if (k <= 0) refuse(fmt::format("'kernel_size' has the extent {}; it must be positive", k));
    shape.push_back(k);
  }
  return Shape(std::move(shape));
}

Shape conv_weight(const OpInputs& in, std::size_t dims) {
  if (is_module(*in.node)) return conv_weight(in.attributes, dims);
  return tensor_of_rank(in, 1, dims + 2, "[out_channels, in_channels / groups, kernel...]").shape;
}

std::int64_t conv_extent(const Value& attributes, std::size_t d, std::size_t dims, std::int64_t in,
                         std::int64_t kernel) {
  const std::int64_t stride = sizes(attributes, "stride", dims)[d];
  const std::int64_t dilation = sizes(attributes, "dilation", dims)[d];
  if (stride <= 0) refuse(fmt::format("'stride' = {}; it must be positive", stride));
  if (dilation <= 0) refuse(fmt::format("'dilation' = {}; it must be positive", dilation));
  const Value& padding = *attributes.find("padding");
  std::int64_t around = 0;  // both sides together
  if (padding.is_string() && padding.as_string() == "same") {
    if (stride != 1) refuse("padding 'same' needs stride 1");
    around = dilation * (kernel - 1);
  } else if (!padding.is_string()) {
    const std::int64_t side = sizes(attributes, "padding", dims)[d];
    if (side < 0) refuse(fmt::format("'padding' = {}; it must not be negative", side));
    around = 2 * side;
  }
  const std::int64_t reach = dilation * (kernel - 1) + 1;
  if (in + around < reach) {
    refuse(fmt::format("a kernel of {} (dilation {}) is larger than the padded input of {}", kernel,
                       dilation, in + around));
  }
  return (in + around - reach) / stride + 1;
}

constexpr std::string_view layout(std::size_t dims) {
  return dims == 1 ? "[batch, channels, length]" : "[batch, channels, height, width]";
}

Result conv_result(const OpInputs& in, std::size_t dims) {
  const Shape weight = conv_weight(in, dims);
  const Result& x = tensor_of_rank(in, 0, dims + 2, layout(dims));
  const std::int64_t channels = weight[1] * whole(in.attributes, "groups");
  if (x.shape[1] != channels) {
    refuse(fmt::format("expected an input with in_channels = {} channels, found shape {}", channels,
                       x.shape.text()));
  }
  check_function_bias(in, weight[0]);
  std::vector<std::int64_t> out{x.shape[0], weight[0]};
  for (std::size_t d = 0; d < dims; ++d) {
    out.push_back(conv_extent(in.attributes, d, dims, x.shape[d + 2], weight[d + 2]));
  }
  return Result{x.dtype, Shape(std::move(out)), {}};
}

// A window covers the channels of its group only: MASE counts all of them, which is a defect
// (docs/mase.md, Costs).
Cost conv_cost(const OpInputs& in, const Result& out, std::size_t dims) {
  const Shape weight = conv_weight(in, dims);
  const double window = static_cast<double>(weight.numel()) / static_cast<double>(weight[0]);
  const double n = elements(in.tensors[0]);
  return {elements(out) * window, 2 * n * window, static_cast<double>(weight.numel()), n,
          elements(out)};
}

bool all_are(const std::vector<std::int64_t>& values, std::int64_t x) {
  for (std::int64_t value : values) {
    if (value != x) return false;
  }
  return true;
}

std::string conv_text(const Value& attributes, std::string_view name, std::size_t dims) {
  auto text = [&](const char* setting) { return shown(attributes, setting); };
  std::string out =
      fmt::format("{}({}, {}, kernel_size={}, stride={}", name, whole(attributes, "in_channels"),
                  whole(attributes, "out_channels"), text("kernel_size"), text("stride"));
  if (attributes.find("padding")->is_string() || !all_are(sizes(attributes, "padding", dims), 0)) {
    out += ", padding=" + text("padding");
  }
  if (!all_are(sizes(attributes, "dilation", dims), 1)) out += ", dilation=" + text("dilation");
  if (attributes.find("output_padding") != nullptr &&
      !all_are(sizes(attributes, "output_padding", dims), 0)) {
    out += ", output_padding=" + text("output_padding");
  }
  if (whole(attributes, "groups") != 1) out += ", groups=" + text("groups");
  if (!flag(attributes, "bias")) out += ", bias=False";
  if (text("padding_mode") != "zeros") out += ", padding_mode=" + text("padding_mode");
  return out + ")";
}

Setting list_of(std::string name, std::size_t dims, std::optional<Value> default_value) {
  Setting s = extents(std::move(name), dims, std::move(default_value));
  s.as_list = true;
  return s;
}

OpRow conv(std::string op, const std::string& module_class, std::size_t dims) {
  auto per_dim = [&](std::string name, std::optional<Value> default_value) {
    return list_of(std::move(name), dims, std::move(default_value));
  };
  OpRow row;
  row.op = std::move(op);
  row.mase_type = "module_related_func";
  row.module_class = module_class;
  row.operands = {"data_in_0"};
  row.quantizable = row.input_roles = {"data_in", "weight", "bias"};
  row.bits = LATHE_BITS_ACCUMULATING;
  row.counting = LATHE_COUNT_CONV;
  row.channels = LATHE_CHANNELS_CONV;
  row.rows_apart = apart_at_rank(dims + 2);
  row.function = "torch." + row.op;
  Setting padding = per_dim("padding", Value(0));
  padding.kind = Setting::Kind::padding;
  row.settings = {integer_from_axis("in_channels", 1),
                  of_form(required_integer("out_channels"), Setting::Form::module),
                  of_form(per_dim("kernel_size", std::nullopt), Setting::Form::module),
                  per_dim("stride", Value(1)),
                  padding,
                  per_dim("dilation", Value(1)),
                  integer("groups", 1),
                  of_form(boolean("bias", true), Setting::Form::module),
                  of_form(text("padding_mode", "zeros"), Setting::Form::module)};
  row.signature = {"input", "weight", "bias", "stride", "padding", "dilation", "groups"};
  row.shape = [dims](const OpInputs& in) { return conv_result(in, dims); };
  row.parameters = [dims](const Value& attributes) -> std::vector<Parameter> {
    return weight_and_bias(conv_weight(attributes, dims), whole(attributes, "out_channels"),
                           flag(attributes, "bias"));
  };
  row.cost = [dims](const OpInputs& in, const Result& out) { return conv_cost(in, out, dims); };
  row.module_text = [module_class, dims](const Value& attributes) {
    return conv_text(attributes, module_class, dims);
  };
  return row;
}

Shape transposed_weight(const OpInputs& in, std::size_t dims) {
  if (is_module(*in.node)) return conv_weight(in.attributes, dims, true);
  return tensor_of_rank(in, 1, dims + 2, "[in_channels, out_channels / groups, kernel...]").shape;
}

// The size of an input that a convolution with these settings takes to `in`: the smallest of them,
// and output_padding more.
std::int64_t transposed_extent(const Value& attributes, std::size_t d, std::size_t dims,
                               std::int64_t in, std::int64_t kernel) {
  auto at = [&](const char* name) { return sizes(attributes, name, dims)[d]; };
  const std::int64_t stride = at("stride"), padding = at("padding"), dilation = at("dilation");
  const std::int64_t more = at("output_padding");
  if (stride <= 0) refuse(fmt::format("'stride' = {}; it must be positive", stride));
  if (dilation <= 0) refuse(fmt::format("'dilation' = {}; it must be positive", dilation));
  if (padding < 0) refuse(fmt::format("'padding' = {}; it must not be negative", padding));
  if (more < 0 || (more >= stride && more >= dilation)) {
    refuse(fmt::format("'output_padding' = {}; it must lie below stride = {} or dilation = {}",
                       more, stride, dilation));
  }
  const std::int64_t out = (in - 1) * stride - 2 * padding + dilation * (kernel - 1) + more + 1;
  if (out <= 0)
    refuse(fmt::format("'padding' = {} leaves nothing of dimension {}", padding, d + 2));
  return out;
}

Result transposed_result(const OpInputs& in, std::size_t dims) {
  const Shape weight = transposed_weight(in, dims);
  const Result& x = tensor_of_rank(in, 0, dims + 2, layout(dims));
  const std::int64_t groups = whole(in.attributes, "groups");
  if (groups <= 0 || weight[0] % groups != 0) {
    refuse(fmt::format("'groups' = {} does not divide 'in_channels' = {}", groups, weight[0]));
  }
  if (x.shape[1] != weight[0]) {
    refuse(fmt::format("expected an input with in_channels = {} channels, found shape {}",
                       weight[0], x.shape.text()));
  }
  const std::int64_t channels = weight[1] * groups;
  check_function_bias(in, channels);
  std::vector<std::int64_t> out{x.shape[0], channels};
  for (std::size_t d = 0; d < dims; ++d)
    out.push_back(transposed_extent(in.attributes, d, dims, x.shape[d + 2], weight[d + 2]));
  return {x.dtype, Shape(std::move(out)), {}};
}

// Each input element is multiplied by a window of its group's filters; twice that backwards. MASE's
// estimator does not know the op.
Cost transposed_cost(const OpInputs& in, const Result& out, std::size_t dims) {
  const Shape weight = transposed_weight(in, dims);
  const double n = elements(in.tensors[0]);
  const double products = n * static_cast<double>(weight.numel()) / static_cast<double>(weight[0]);
  return {products, 2 * products, static_cast<double>(weight.numel()), n, elements(out)};
}

OpRow conv_transpose(std::string op, const std::string& module_class, std::size_t dims) {
  OpRow row = conv(std::move(op), module_class, dims);
  row.weight_channels = 1;
  row.counting = LATHE_COUNT_CONV_TRANSPOSE;
  row.settings = {integer_from_axis("in_channels", 1),
                  of_form(required_integer("out_channels"), Setting::Form::module),
                  of_form(list_of("kernel_size", dims, std::nullopt), Setting::Form::module),
                  list_of("stride", dims, Value(1)),
                  list_of("padding", dims, Value(0)),
                  list_of("output_padding", dims, Value(0)),
                  integer("groups", 1),
                  of_form(boolean("bias", true), Setting::Form::module),
                  list_of("dilation", dims, Value(1)),
                  of_form(text("padding_mode", "zeros"), Setting::Form::module)};
  row.signature = {"input",   "weight",         "bias",   "stride",
                   "padding", "output_padding", "groups", "dilation"};
  row.shape = [dims](const OpInputs& in) { return transposed_result(in, dims); };
  row.parameters = [dims](const Value& attributes) -> std::vector<Parameter> {
    return weight_and_bias(conv_weight(attributes, dims, true), whole(attributes, "out_channels"),
                           flag(attributes, "bias"));
  };
  row.cost = [dims](const OpInputs& in, const Result& out) {
    return transposed_cost(in, out, dims);
  };
  return row;
}

}  // namespace

void add_conv_rows(std::vector<OpRow>& rows) {
  rows.push_back(conv("conv1d", "Conv1d", 1));
  rows.push_back(conv("conv2d", "Conv2d", 2));
  rows.push_back(conv_transpose("conv_transpose1d", "ConvTranspose1d", 1));
  rows.push_back(conv_transpose("conv_transpose2d", "ConvTranspose2d", 2));
}

}  // namespace lathe::rules
