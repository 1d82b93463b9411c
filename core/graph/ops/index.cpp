// Rows of what takes parts of a tensor or adds a margin to it: getitem, pad; and of mean, sum and
// amax, which take dimensions away.

#include "core/graph/ops/index_items.hpp"
#include "core/graph/ops/rules.hpp"

#include <algorithm>

namespace lathe::rules {

namespace {

// Which of `count` items is indexed.
std::size_t only_position(const std::vector<IndexItem>& items, std::size_t count,
                          std::string_view of) {
  if (items.size() != 1 || items[0].kind != IndexItem::Kind::position)
    refuse(fmt::format("{} is indexed by one integer", of));
  const Shape extent{static_cast<std::int64_t>(count)};
  return static_cast<std::size_t>(index_steps(items, extent)[0].start);
}

// x[:, ::2] of a tensor, x.size()[1] of a list of sizes, or one of several results.
Result getitem_result(const OpInputs& in) {
  if (in.tensors.empty()) refuse("expected a tensor to index, found none");
  const std::vector<IndexItem> items = parse_index(*in.attributes.find("index"));
  const Result& x = in.tensors[0];
  if (x.is_tensor()) return {x.dtype, indexed_shape(index_steps(items, x.shape), x.shape), {}};
  if (x.is_several()) return x.items[only_position(items, x.items.size(), "a tuple of tensors")];
  if (!x.value.is_list()) refuse("expected a tensor, or a list of sizes, to index");
  const Value::List& sizes = x.value.as_list();
  return {DType::none, {}, sizes[only_position(items, sizes.size(), "a list of sizes")]};
}

bool index_keeps_rows(const Graph& graph, NodeId id) {
  const auto tensors = tensor_inputs(graph, id);
  if (tensors.empty()) return graph.node(id).result.is_tensor();  // of several, each of which has
  const std::vector<IndexItem> items = parse_index(*graph.attributes(id).find("index"));
  if (items.empty() || items[0].whole()) return true;
  // x[..., 1]: the dots stand for the rows, too, unless the rest uses every dimension.
  return items[0].kind == IndexItem::Kind::ellipsis &&
         static_cast<std::size_t>(
             std::count_if(items.begin() + 1, items.end(), [](const IndexItem& item) {
               return item.kind != IndexItem::Kind::new_axis;
             })) < tensors[0]->shape.rank();
}

OpRow getitem() {
  OpRow row;
  row.op = "getitem";
  row.mase_type = "implicit_func";
  row.operands = {"data_in_0"};
  Setting index = required_integer("index");
  index.kind = Setting::Kind::index;
  index.nullable = true;  // x[None]
  row.settings = {index};
  row.signature = {"input", "index"};
  row.tuple_arguments = true;
  row.shape = getitem_result;
  row.channels = LATHE_CHANNELS_PICKED;
  row.counting = LATHE_COUNT_NOTHING;
  row.rows_apart = index_keeps_rows;
  row.function = "operator.getitem";
  row.cost = no_cost;
  return row;
}

// torch.nn.functional.pad: pairs of margins, the last dimension's first. A negative one crops.
Result pad_result(const OpInputs& in) {
  const Result& x = tensor(in, 0);
  const std::vector<std::int64_t> margins = sizes(in.attributes, "pad", 1);
  const std::string& mode = in.attributes.find("mode")->as_string();
  if (mode != "constant") {
    refuse(fmt::format("'mode' is '{}'; only constant is supported", mode));
  }
  if (margins.size() % 2 != 0 || margins.size() > 2 * x.shape.rank()) {
    refuse(
        fmt::format("'pad' holds {} numbers; expected two for each of the last dimensions of "
                    "shape {}",
                    margins.size(), x.shape.text()));
  }
  Shape out = x.shape;
  for (std::size_t pair = 0; pair < margins.size() / 2; ++pair) {
    const std::size_t d = out.rank() - 1 - pair;
    out[d] += margins[2 * pair] + margins[2 * pair + 1];
    if (out[d] <= 0) {
      refuse(fmt::format("'pad' leaves nothing of dimension {} of shape {}", d, x.shape.text()));
    }
  }
  return {x.dtype, std::move(out), {}};
}

OpRow pad() {
  OpRow row;
  row.op = "pad";
  row.mase_type = "implicit_func";
  row.operands = {"data_in_0"};
  Setting value = number("value", 0.0);
  value.nullable = true;
  value.default_value = Value();
  Setting margins = extents("pad", 0, std::nullopt);
  margins.as_list = true;
  row.settings = {margins, text("mode", "constant"), value};
  row.signature = {"input", "pad", "mode", "value"};
  row.tuple_arguments = true;
  row.shape = pad_result;
  row.channels = LATHE_CHANNELS_PADDED;
  row.counting = LATHE_COUNT_NOTHING;
  row.rows_apart = [](const Graph& graph, NodeId id) {
    return sizes(graph.attributes(id), "pad", 1).size() <
           2 * tensor_inputs(graph, id).at(0)->shape.rank();
  };
  row.cost = no_cost;
  return row;
}

bool reduction_keeps_rows(const Graph& graph, NodeId id) {
  const Value& attributes = graph.attributes(id);
  if (attributes.find("dim")->is_none()) return false;
  const std::size_t rank = tensor_inputs(graph, id).at(0)->shape.rank();
  return std::ranges::none_of(sizes(attributes, "dim", 1),
                              [&](std::int64_t dim) { return axis_of(dim, rank, "dim") == 0; });
}

OpRow reduction(std::string op) {
  OpRow row;
  row.op = std::move(op);
  row.mase_type = "implicit_func";
  row.operands = {"data_in_0"};
  Setting dim = extents("dim", 0, Value());
  dim.nullable = true;  // over everything
  dim.as_list = true;
  row.settings = {dim, boolean("keepdim", false)};
  row.signature = {"input", "dim", "keepdim"};
  row.shape = [](const OpInputs& in) {
    const Result& x = tensor(in, 0);
    std::vector<std::int64_t> dims;
    if (in.attributes.find("dim")->is_none()) {
      for (std::size_t d = 0; d < x.shape.rank(); ++d) dims.push_back(static_cast<std::int64_t>(d));
    } else {
      dims = sizes(in.attributes, "dim", 1);
    }
    return Result{x.dtype, reduced(x.shape, dims, flag(in.attributes, "keepdim")), {}};
  };
  row.bits = LATHE_BITS_PASSING;
  row.channels = LATHE_CHANNELS_AVERAGED;
  row.counting = LATHE_COUNT_REDUCTION;
  row.rows_apart = reduction_keeps_rows;
  row.function = "torch." + row.op;
  // As adaptive_avg_pool, which computes the same over the last dimensions.
  row.cost = cost_per_input;
  return row;
}

}  // namespace

void add_index_rows(std::vector<OpRow>& rows) {
  rows.push_back(getitem());
  rows.push_back(pad());
  rows.push_back(reduction("mean"));
  rows.push_back(reduction("sum"));
  rows.push_back(reduction("amax"));
  for (std::size_t i = rows.size() - 2; i < rows.size(); ++i) {
    rows[i].channels = LATHE_CHANNELS_WALL;
    rows[i].counting = LATHE_COUNT_SUBTRACTION;
  }
}

}  // namespace lathe::rules
