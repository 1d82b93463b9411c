// Rows of the pools: avg, max and their adaptive forms, in one and two dimensions.

#include "core/graph/ops/rules.hpp"

namespace lathe::rules {

namespace {

constexpr std::string_view layout(std::size_t dims) {
  return dims == 1 ? "[batch, channels, length]" : "[batch, channels, height, width]";
}

struct Window {
  std::int64_t kernel, stride, padding, dilation;
  bool ceil_mode;
};

// PyTorch's rule (pooling_output_shape): with ceil_mode the last window may hang over the end, but
// must start inside the input or its left padding.
std::int64_t pooled_extent(const Window& w, std::int64_t in) {
  if (w.kernel <= 0) refuse(fmt::format("'kernel_size' = {}; it must be positive", w.kernel));
  if (w.stride <= 0) refuse(fmt::format("'stride' = {}; it must be positive", w.stride));
  if (w.dilation <= 0) refuse(fmt::format("'dilation' = {}; it must be positive", w.dilation));
  if (w.padding < 0 || w.padding > w.kernel / 2) {
    refuse(fmt::format("'padding' = {}; it must lie between 0 and half of kernel_size = {}",
                       w.padding, w.kernel));
  }
  const std::int64_t room = in + 2 * w.padding - w.dilation * (w.kernel - 1) - 1;
  if (room < 0) {
    refuse(fmt::format("a window of {} (dilation {}) is larger than the padded input of {}",
                       w.kernel, w.dilation, in + 2 * w.padding));
  }
  std::int64_t out = (room + (w.ceil_mode ? w.stride - 1 : 0)) / w.stride + 1;
  if (w.ceil_mode && (out - 1) * w.stride >= in + w.padding) --out;
  return out;
}

Result pool_result(const OpInputs& in, std::size_t dims) {
  const Value& attributes = in.attributes;
  const Result& x = tensor_of_rank(in, 0, dims + 2, layout(dims));
  const bool dilated = attributes.find("dilation") != nullptr;
  std::vector<std::int64_t> out{x.shape[0], x.shape[1]};
  for (std::size_t d = 0; d < dims; ++d) {
    const Window window{sizes(attributes, "kernel_size", dims)[d],
                        sizes(attributes, "stride", dims)[d], sizes(attributes, "padding", dims)[d],
                        dilated ? sizes(attributes, "dilation", dims)[d] : 1,
                        flag(attributes, "ceil_mode")};
    out.push_back(pooled_extent(window, x.shape[d + 2]));
  }
  return {x.dtype, Shape(std::move(out)), {}};
}

Cost pool_cost(const OpInputs& in, const Result& out, std::size_t dims) {
  double window = 1;
  for (std::int64_t k : sizes(in.attributes, "kernel_size", dims)) window *= static_cast<double>(k);
  const double n = elements(in.tensors[0]);
  return {elements(out) * window, n * window, 0, n, elements(out)};
}

OpRow pool(const std::string& kind, const std::string& name, std::size_t dims) {
  const bool is_max = kind == "max";
  OpRow row;
  row.op = fmt::format("{}_pool{}d", kind, dims);
  row.mase_type = "module_related_func";
  row.module_class = fmt::format("{}Pool{}d", name, dims);
  row.operands = {"data_in_0"};
  row.tuple_arguments = true;
  // torch.nn keeps the numbers as they were given, except that AvgPool1d makes them tuples.
  auto per_dim = [&](std::string setting, std::optional<Value> default_value) {
    Setting s = extents(std::move(setting), dims, std::move(default_value));
    s.as_list = !is_max && dims == 1;
    return s;
  };
  Setting stride = per_dim("stride", std::nullopt);
  stride.default_from = "kernel_size";
  row.settings = {per_dim("kernel_size", std::nullopt), stride, per_dim("padding", Value(0))};
  if (is_max) {
    row.settings.push_back(extents("dilation", dims, Value(1)));
    row.settings.push_back(boolean("ceil_mode", false));
    row.signature = {"input", "kernel_size", "stride", "padding", "dilation", "ceil_mode"};
  } else {
    row.settings.push_back(boolean("ceil_mode", false));
    row.settings.push_back(inert(boolean("count_include_pad", true)));
    row.signature = {"input", "kernel_size", "stride", "padding", "ceil_mode", "count_include_pad"};
  }
  row.shape = [dims](const OpInputs& in) { return pool_result(in, dims); };
  row.bits = LATHE_BITS_PASSING;
  row.channels = LATHE_CHANNELS_WINDOW;
  row.counting = LATHE_COUNT_POOL;
  row.rows_apart = apart_at_rank(dims + 2);
  if (!is_max) row.quantizable = {"data_in"};
  if (!is_max) row.function = (dims == 1 ? "torch." : "torch._C._nn.") + row.op;
  row.cost = [dims](const OpInputs& in, const Result& out) { return pool_cost(in, out, dims); };
  row.module_text = [is_max, module_class = row.module_class](const Value& attributes) {
    std::string out = fmt::format("{}(kernel_size={}, stride={}, padding={}", module_class,
                                  shown(attributes, "kernel_size"), shown(attributes, "stride"),
                                  shown(attributes, "padding"));
    if (is_max) {
      out += ", dilation=" + shown(attributes, "dilation") +
             ", ceil_mode=" + shown(attributes, "ceil_mode");
    }
    return out + ")";
  };
  return row;
}

OpRow adaptive_pool(const std::string& kind, const std::string& name, std::size_t dims) {
  OpRow row;
  row.op = fmt::format("adaptive_{}_pool{}d", kind, dims);
  row.mase_type = "module_related_func";
  row.module_class = fmt::format("Adaptive{}Pool{}d", name, dims);
  row.operands = {"data_in_0"};
  row.tuple_arguments = true;
  row.settings = {extents("output_size", dims, std::nullopt)};
  row.signature = {"input", "output_size"};
  row.shape = [dims](const OpInputs& in) {
    const Result& x = tensor_of_rank(in, 0, dims + 2, layout(dims));
    std::vector<std::int64_t> out{x.shape[0], x.shape[1]};
    for (std::int64_t extent : sizes(in.attributes, "output_size", dims)) {
      if (extent <= 0) refuse(fmt::format("'output_size' = {}; it must be positive", extent));
      out.push_back(extent);
    }
    return Result{x.dtype, Shape(std::move(out)), {}};
  };
  if (kind == "avg") row.quantizable = {"data_in"};
  row.cost = cost_per_input;
  row.bits = LATHE_BITS_PASSING;
  row.channels = LATHE_CHANNELS_WINDOW;
  row.counting = kind == "avg" ? LATHE_COUNT_ADAPTIVE_AVG_POOL : LATHE_COUNT_POOL;
  row.rows_apart = apart_at_rank(dims + 2);
  row.module_text = [module_class = row.module_class](const Value& attributes) {
    return fmt::format("{}(output_size={})", module_class, shown(attributes, "output_size"));
  };
  return row;
}

}  // namespace

void add_pool_rows(std::vector<OpRow>& rows) {
  for (const std::size_t dims : {1U, 2U}) {
    rows.push_back(pool("avg", "Avg", dims));
    rows.push_back(pool("max", "Max", dims));
    rows.push_back(adaptive_pool("avg", "Avg", dims));
    rows.push_back(adaptive_pool("max", "Max", dims));
  }
}

}  // namespace lathe::rules
