// Rows of the nodes that frame a graph: placeholder, get_attr, output.

#include "core/graph/ops/rules.hpp"

namespace lathe::rules {

namespace {

DType dtype_attribute(const Value& attributes) {
  const std::string& text = attributes.find("dtype")->as_string();
  const std::optional<DType> dtype = dtype_from_name(text);
  if (!dtype) refuse(fmt::format("unknown element type '{}'; eg: float32, int64", text));
  return *dtype;
}

Shape shape_attribute(const Value& attributes) {
  std::vector<std::int64_t> dims = sizes(attributes, "shape", 1);
  for (std::int64_t dim : dims) {
    if (dim <= 0) refuse(fmt::format("'shape' has the extent {}; extents are positive", dim));
  }
  return Shape(std::move(dims));
}

// [] is a single number.
Setting shape_setting() {
  Setting shape = extents("shape", 0, std::nullopt);
  shape.may_be_empty = true;
  return shape;
}

OpRow placeholder() {
  OpRow row;
  row.op = row.mase_type = "placeholder";
  row.channels = LATHE_CHANNELS_INPUT;
  row.counting = LATHE_COUNT_NOTHING;
  Setting type = text("type", "");
  type.default_value = Value();
  type.nullable = true;
  // Shape of one sample; the batch stands in front of it.
  row.settings = {shape_setting(), integer("batch", 1), text("dtype", "float32"), type};
  row.shape = [](const OpInputs& in) {
    const std::int64_t batch = whole(in.attributes, "batch");
    if (batch <= 0) refuse(fmt::format("a batch of {} samples; at least 1 is needed", batch));
    std::vector<std::int64_t> dims{batch};
    const Shape sample = shape_attribute(in.attributes);
    dims.insert(dims.end(), sample.begin(), sample.end());
    return Result{dtype_attribute(in.attributes), Shape(std::move(dims)), {}};
  };
  row.cost = no_cost;
  return row;
}

OpRow constant() {
  OpRow row;
  row.op = "constant";
  row.channels = LATHE_CHANNELS_CONSTANT;
  row.counting = LATHE_COUNT_NOTHING;
  row.mase_type = "implicit_func";
  row.settings = {shape_setting(), text("dtype", "float32"), boolean("buffer", true)};
  row.shape = [](const OpInputs& in) {
    return Result{dtype_attribute(in.attributes), shape_attribute(in.attributes), {}};
  };
  // The target is the whole name, eg: "scale" or "fc.weight".
  row.parameters = [](const Value& attributes) {
    Parameter p = parameter("value", shape_attribute(attributes), {});
    p.dtype = dtype_attribute(attributes);
    p.is_buffer = flag(attributes, "buffer");
    return std::vector<Parameter>{p};
  };
  row.cost = no_cost;
  return row;
}

OpRow output() {
  OpRow row;
  row.op = row.mase_type = "output";
  row.channels = LATHE_CHANNELS_OUTPUT;
  row.counting = LATHE_COUNT_NOTHING;
  row.operands = {"data_in_0"};
  row.shape = same_as_input;
  row.cost = no_cost;
  return row;
}

}  // namespace

void add_graph_rows(std::vector<OpRow>& rows) {
  rows.push_back(placeholder());
  rows.push_back(constant());
  rows.push_back(output());
}

}  // namespace lathe::rules
