// Rows of what chooses or hides elements by a mask: where, masked_fill, tril; and of arange, eq and
// ne, which such masks are made of.

#include "core/graph/ops/rules.hpp"

namespace lathe::rules {

namespace {

const Result& mask_named(const OpInputs& in, std::string_view name) {
  const Result& mask = tensor_named(in, name);
  if (mask.dtype != DType::boolean)
    refuse(fmt::format("'{}' must be of type bool, found {}", name, lathe::name(mask.dtype)));
  return mask;
}

// What is chosen from: a tensor, or null for a number.
const Result* chosen(const OpInputs& in, std::string_view name) {
  const std::optional<Resolved> given = argument_named(in, name);
  if (!given) refuse(fmt::format("its argument '{}' is missing", name));
  if (given->result != nullptr && given->result->is_tensor()) return given->result;
  if (given->literal == nullptr || !given->literal->is_number())
    refuse(fmt::format("its argument '{}' must be a tensor or a number", name));
  return nullptr;
}

OpRow where() {
  OpRow row = layout_row("where");
  row.mase_type = "builtin_func";
  row.operands = {"data_in_0", "data_in_1", "data_in_2"};
  row.function = "torch.where";
  row.signature = {"condition", "input", "other"};
  row.rows_apart = equal_shapes;
  row.shape = [](const OpInputs& in) {
    Result out{DType::float32, mask_named(in, "condition").shape, {}};
    const Result *a = chosen(in, "input"), *b = chosen(in, "other");
    if (a != nullptr && b != nullptr && a->dtype != b->dtype)
      refuse(fmt::format("it chooses between the types {} and {}; they must agree", name(a->dtype),
                         name(b->dtype)));
    for (const Result* from : {a, b}) {
      if (from == nullptr) continue;
      out.dtype = from->dtype;
      out.shape = broadcast(out.shape, from->shape);
    }
    return out;
  };
  return row;
}

OpRow masked_fill() {
  OpRow row = layout_row("masked_fill");
  row.operands = {"data_in_0", "data_in_1"};
  row.function = "torch.masked_fill";
  Setting value = number("value", 0.0);
  value.default_value.reset();
  row.settings = {value};
  row.signature = {"input", "mask", "value"};
  row.channels = LATHE_CHANNELS_BROADCAST;
  row.rows_apart = equal_shapes;
  row.shape = [](const OpInputs& in) {
    const Result& x = tensor_named(in, "input");
    return Result{x.dtype, broadcast(x.shape, mask_named(in, "mask").shape), {}};
  };
  return row;
}

OpRow tril() {
  OpRow row = layout_row("tril");
  row.function = "torch.tril";
  row.settings = {integer("diagonal", 0)};
  row.signature = {"input", "diagonal"};
  row.rows_apart = [](const Graph& graph, NodeId id) {
    return graph.node(id).result.shape.rank() > 2;
  };
  row.shape = [](const OpInputs& in) {
    if (tensor(in, 0).shape.rank() < 2)
      refuse(fmt::format("expected an input of at least 2 dimensions, found shape {}",
                         tensor(in, 0).shape.text()));
    return same_as_input(in);
  };
  return row;
}

// arange(end), arange(start, end), arange(start, end, step) of integers and sizes.
OpRow arange() {
  OpRow row = layout_row("arange");
  row.operands.clear();
  row.function = "torch.arange";
  row.signature = {"start", "end", "step"};
  row.shape = [](const OpInputs& in) {
    const std::vector<Resolved> args = resolved_args(in);
    if (args.empty() || args.size() > 3 || !in.node->kwargs.empty())
      refuse("expected arange(end), arange(start, end) or arange(start, end, step), by position");
    const std::int64_t start = args.size() > 1 ? resolved_integer(args[0]) : 0;
    const std::int64_t end = resolved_integer(args[args.size() > 1 ? 1 : 0]);
    const std::int64_t step = args.size() > 2 ? resolved_integer(args[2]) : 1;
    std::int64_t room = 0;
    if (__builtin_sub_overflow(end, start, &room) || step == 0 || room == 0 ||
        (room < 0) != (step < 0))
      refuse(fmt::format("nothing lies from {} to {} in steps of {}", start, end, step));
    return Result{DType::int64, Shape{room / step + (room % step != 0 ? 1 : 0)}, {}};
  };
  return row;
}

// Of a tensor and a number, or another tensor: where they are equal, or are not.
OpRow comparison(std::string op) {
  OpRow row = layout_row(std::move(op));
  row.mase_type = "builtin_func";
  row.operands = {"data_in_0", "data_in_1"};
  row.function = "torch." + row.op;
  row.signature = {"input", "other"};
  row.rows_apart = [](const Graph& graph, NodeId id) {
    const auto tensors = tensor_inputs(graph, id);
    return tensors.size() == 1 || tensors[0]->shape == tensors[1]->shape;
  };
  row.shape = [](const OpInputs& in) {
    const Result& x = tensor_named(in, "input");
    const Result* other = chosen(in, "other");
    if (other != nullptr && other->dtype != x.dtype)
      refuse(fmt::format("it compares the types {} and {}; they must agree", name(x.dtype),
                         name(other->dtype)));
    return Result{
        DType::boolean, other == nullptr ? x.shape : broadcast(x.shape, other->shape), {}};
  };
  return row;
}

}  // namespace

void add_choice_rows(std::vector<OpRow>& rows) {
  rows.push_back(where());
  rows.push_back(masked_fill());
  rows.push_back(tril());
  rows.push_back(arange());
  rows.push_back(comparison("eq"));
  rows.push_back(comparison("ne"));
}

}  // namespace lathe::rules
