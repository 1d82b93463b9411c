// Rows of what moves no numbers or only copies them: view, reshape, flatten, contiguous, size, cat.

#include "core/graph/ops/rules.hpp"

#include <algorithm>

namespace lathe::rules {

namespace {

Result view_result(const OpInputs& in) {
  const Result& x = tensor(in, 0);
  std::vector<std::int64_t> dims = integers_after_first(in);
  const Shape wanted(dims);
  const std::int64_t total = x.shape.numel();
  auto impossible = [&]() {
    refuse(fmt::format("cannot view shape {} ({} elements) as {}", x.shape.text(), total,
                       wanted.text()));
  };
  if (dims.empty()) refuse("expected extents after the tensor, found none");
  if (std::count(dims.begin(), dims.end(), -1) > 1) {
    refuse(fmt::format("only one extent of {} can be inferred", wanted.text()));
  }
  std::int64_t known = 1;
  for (std::int64_t dim : dims) {
    if (dim < -1 || (dim != -1 && __builtin_mul_overflow(known, dim, &known))) impossible();
  }
  const auto inferred = std::find(dims.begin(), dims.end(), -1);
  if (inferred != dims.end()) {
    if (known == 0 || total % known != 0) impossible();
    *inferred = total / known;
  } else if (known != total) {
    impossible();
  }
  return {x.dtype, Shape(std::move(dims)), {}};
}

// view(x.size(0), ...) keeps rows, and view(-1, 8192) if the rest of the extents are those of one
// row.
bool view_keeps_rows(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  const Argument* first = node.args.size() < 2 ? nullptr : &node.args[1];
  const auto* listed =
      first == nullptr ? nullptr : std::get_if<std::vector<Argument>>(&first->data);
  if (listed != nullptr) first = listed->empty() ? nullptr : &(*listed)[0];
  if (first == nullptr) return false;
  if (const auto* read = std::get_if<NodeId>(&first->data)) {
    const bool first_extent =
        graph.node(*read).op == "size" && *graph.attributes(*read).find("dim") == Value(0);
    if (!first_extent) return false;
  } else {
    const Value& extent = std::get<Value>(first->data);
    const Value& literal = extent.is_list() ? extent.as_list().at(0) : extent;
    if (literal != Value(-1)) return false;
  }
  const auto tensors = tensor_inputs(graph, id);
  if (tensors.empty()) return false;
  const Shape& before = tensors[0]->shape;
  const Shape& after = node.result.shape;
  return before.rank() > 0 && after.rank() > 0 && before[0] == after[0];
}

OpRow view(std::string op) {
  OpRow row = layout_row(std::move(op));
  row.signature.push_back("...");
  row.shape = view_result;
  row.channels = LATHE_CHANNELS_RESHAPED;
  row.rows_apart = view_keeps_rows;
  if (row.op == "reshape") row.function = "torch.reshape";
  return row;
}

OpRow flatten() {
  OpRow row = layout_row("flatten");
  row.module_class = "Flatten";
  row.function = "torch.flatten";
  row.channels = LATHE_CHANNELS_FLATTENED;
  row.rows_apart = apart_along("start_dim");
  row.settings = {of_form(integer("start_dim", 1), Setting::Form::module),
                  of_form(integer("start_dim", 0), Setting::Form::function),
                  integer("end_dim", -1)};
  row.signature = {"input", "start_dim", "end_dim"};
  row.shape = [](const OpInputs& in) {
    const Result& x = tensor(in, 0);
    const std::size_t rank = x.shape.rank();
    if (rank == 0) return Result{x.dtype, Shape{1}, {}};
    const std::size_t first = axis_of(whole(in.attributes, "start_dim"), rank, "start_dim");
    const std::size_t last = axis_of(whole(in.attributes, "end_dim"), rank, "end_dim");
    if (first > last) {
      refuse(fmt::format("'start_dim' comes after 'end_dim' for shape {}", x.shape.text()));
    }
    std::vector<std::int64_t> out;
    for (std::size_t d = 0; d < rank; ++d) {
      if (d > first && d <= last) {
        out.back() *= x.shape[d];
      } else {
        out.push_back(x.shape[d]);
      }
    }
    return Result{x.dtype, Shape(std::move(out)), {}};
  };
  row.module_text = [](const Value& attributes) {
    return fmt::format("Flatten(start_dim={}, end_dim={})", whole(attributes, "start_dim"),
                       whole(attributes, "end_dim"));
  };
  return row;
}

// x.size(0) gives a number, x.size() a list of them.
OpRow size() {
  OpRow row = layout_row("size");
  Setting dim = required_integer("dim");
  dim.default_value = Value();
  dim.nullable = true;
  row.settings = {dim};
  row.channels = LATHE_CHANNELS_CONSTANT;  // the number of them belongs to nobody
  row.rows_apart = always_apart;
  row.signature = {"input", "dim"};
  row.shape = [](const OpInputs& in) {
    const Shape& shape = tensor(in, 0).shape;
    if (in.attributes.find("dim")->is_none()) {
      Value::List all(shape.begin(), shape.end());
      return Result{DType::none, {}, Value(std::move(all))};
    }
    return Result{
        DType::none, {}, Value(shape[axis_of(whole(in.attributes, "dim"), shape.rank(), "dim")])};
  };
  return row;
}

OpRow cat() {
  OpRow row = layout_row("cat");
  row.operands.clear();
  row.settings = {integer("dim", 0)};
  row.function = "torch.cat";
  row.channels = LATHE_CHANNELS_JOINED;
  row.rows_apart = apart_along("dim");
  row.signature = {"tensors", "dim"};
  row.shape = [](const OpInputs& in) {
    const Result& first = tensor(in, 0);
    const std::size_t axis = axis_of(whole(in.attributes, "dim"), first.shape.rank(), "dim");
    Shape out = first.shape;
    for (std::size_t i = 1; i < in.tensors.size(); ++i) {
      const Shape& next = tensor(in, i).shape;
      bool fits = next.rank() == out.rank() && in.tensors[i].dtype == first.dtype;
      for (std::size_t d = 0; fits && d < out.rank(); ++d) fits = d == axis || next[d] == out[d];
      if (!fits) {
        refuse(fmt::format("shapes {} and {} cannot be joined along dimension {}",
                           first.shape.text(), next.text(), axis));
      }
      out[axis] += next[axis];
    }
    return Result{first.dtype, std::move(out), {}};
  };
  return row;
}

}  // namespace

void add_layout_rows(std::vector<OpRow>& rows) {
  rows.push_back(view("view"));
  rows.push_back(view("reshape"));
  rows.push_back(flatten());
  rows.push_back(layout_row("contiguous"));
  rows.back().shape = same_as_input;
  rows.back().channels = LATHE_CHANNELS_SAME;
  rows.back().rows_apart = always_apart;
  rows.push_back(size());
  rows.push_back(cat());
}

}  // namespace lathe::rules
