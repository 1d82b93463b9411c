#include "core/graph/ops/rules.hpp"

#include "core/graph/io/python_text.hpp"

#include <algorithm>

namespace lathe::rules {

namespace {

Setting setting(std::string name, Setting::Kind kind, std::optional<Value> default_value) {
  Setting s;
  s.name = std::move(name);
  s.kind = kind;
  s.default_value = std::move(default_value);
  return s;
}

const Value& attribute(const Value& attributes, std::string_view name) {
  const Value* value = attributes.find(name);
  if (value == nullptr) refuse(fmt::format("attribute '{}' is missing", name));
  return *value;
}

}  // namespace

Setting boolean(std::string name, bool default_value) {
  return setting(std::move(name), Setting::Kind::boolean, Value(default_value));
}

Setting integer(std::string name, std::int64_t default_value) {
  return setting(std::move(name), Setting::Kind::integer, Value(default_value));
}

Setting number(std::string name, double default_value) {
  return setting(std::move(name), Setting::Kind::number, Value(default_value));
}

Setting text(std::string name, std::string default_value) {
  return setting(std::move(name), Setting::Kind::text, Value(std::move(default_value)));
}

Setting integer_from_axis(std::string name, int axis) {
  Setting s = required_integer(std::move(name));
  s.form = Setting::Form::module;
  s.default_axis = axis;
  return s;
}

Setting required_integer(std::string name) {
  return setting(std::move(name), Setting::Kind::integer, std::nullopt);
}

Setting extents(std::string name, std::size_t dims, std::optional<Value> default_value) {
  Setting s = setting(std::move(name), Setting::Kind::extents, std::move(default_value));
  s.dims = dims;
  return s;
}

Setting nullable(Setting s) {
  s.nullable = true;
  s.default_value = Value();
  return s;
}

Setting inert(Setting s) {
  s.inert = true;
  return s;
}

Setting of_form(Setting s, Setting::Form form) {
  s.form = form;
  return s;
}

bool flag(const Value& attributes, std::string_view name) {
  return attribute(attributes, name).as_bool();
}

std::int64_t whole(const Value& attributes, std::string_view name) {
  return attribute(attributes, name).as_int();
}

double real(const Value& attributes, std::string_view name) {
  return attribute(attributes, name).as_float();
}

std::string shown(const Value& attributes, std::string_view name) {
  return python_text(attribute(attributes, name), true);
}

std::vector<std::int64_t> sizes(const Value& attributes, std::string_view name, std::size_t dims) {
  const Value& value = attribute(attributes, name);
  if (value.is_int()) return std::vector<std::int64_t>(dims, value.as_int());
  std::vector<std::int64_t> out;
  for (const Value& item : value.as_list()) out.push_back(item.as_int());
  if (out.size() == 1) out.resize(dims, out[0]);
  return out;
}

void refuse(const std::string& message) { throw usage_error(message); }

const Result& tensor(const OpInputs& in, std::size_t i) {
  if (i >= in.tensors.size()) {
    refuse(fmt::format("expected at least {} tensor input{}, found {}", i + 1, i == 0 ? "" : "s",
                       in.tensors.size()));
  }
  if (!in.tensors[i].is_tensor()) refuse(fmt::format("input {} is not a tensor", i));
  return in.tensors[i];
}

const Result& tensor_of_rank(const OpInputs& in, std::size_t i, std::size_t rank,
                             std::string_view layout) {
  const Result& result = tensor(in, i);
  if (result.shape.rank() != rank) {
    refuse(fmt::format("expected an input of {} dimensions {}, found shape {}", rank, layout,
                       result.shape.text()));
  }
  return result;
}

double elements(const Result& result) {
  return result.is_tensor() ? static_cast<double>(result.shape.numel()) : 0.0;
}

double all_elements(const Result& result) {
  double n = elements(result);
  for (const Result& item : result.items) n += elements(item);
  return n;
}

Shape reduced(const Shape& shape, const std::vector<std::int64_t>& dims, bool keep) {
  std::vector<bool> gone(shape.rank());
  for (const std::int64_t dim : dims) {
    const std::size_t axis = axis_of(dim, shape.rank(), "dim");
    if (gone[axis]) refuse(fmt::format("'dim' names dimension {} twice", axis));
    gone[axis] = true;
  }
  std::vector<std::int64_t> out;
  for (std::size_t d = 0; d < gone.size(); ++d) {
    if (!gone[d]) out.push_back(shape[d]);
    if (gone[d] && keep) out.push_back(1);
  }
  return Shape(std::move(out));
}

std::size_t axis_of(std::int64_t axis, std::size_t rank, std::string_view setting) {
  const auto n = static_cast<std::int64_t>(rank);
  if (axis < -n || axis >= n) {
    refuse(fmt::format("'{}' = {} is no dimension of an input with {}", setting, axis, rank));
  }
  return static_cast<std::size_t>(axis < 0 ? axis + n : axis);
}

Shape broadcast(const Shape& a, const Shape& b) {
  std::vector<std::int64_t> out(std::max(a.rank(), b.rank()), 1);
  for (std::size_t i = 0; i < out.size(); ++i) {  // i-th from the right
    const std::int64_t x = i < a.rank() ? a[a.rank() - 1 - i] : 1;
    const std::int64_t y = i < b.rank() ? b[b.rank() - 1 - i] : 1;
    if (x != y && x != 1 && y != 1) {
      refuse(fmt::format("shapes {} and {} do not broadcast", a.text(), b.text()));
    }
    out[out.size() - 1 - i] = x == 1 ? y : x;
  }
  return Shape(std::move(out));
}

bool spreads(const Shape& a, const Shape& to) {
  if (a.rank() > to.rank()) return false;
  for (std::size_t d = 0; d < a.rank(); ++d) {
    const std::int64_t wanted = to[to.rank() - a.rank() + d];
    if (a[d] != 1 && a[d] != wanted) return false;
  }
  return true;
}

Result same_as_input(const OpInputs& in) {
  const Result& x = tensor(in, 0);
  return Result{x.dtype, x.shape, {}};
}

Cost no_cost(const OpInputs&, const Result&) { return {}; }

Cost cost_per_input(const OpInputs& in, const Result& out) {
  const double n = elements(in.tensors.at(0));
  return {n, n, 0, n, elements(out)};
}

OpRow layout_row(std::string op) {
  OpRow row;
  row.op = std::move(op);
  row.mase_type = "implicit_func";
  row.operands = {"data_in_0"};
  row.signature = {"input"};
  row.cost = no_cost;
  row.counting = LATHE_COUNT_NOTHING;
  return row;
}

std::vector<const Result*> tensor_inputs(const Graph& graph, NodeId id) {
  std::vector<const Result*> tensors;
  for (NodeId input : graph.node(id).inputs()) {
    const Result& result = graph.node(input).result;
    if (result.is_tensor()) tensors.push_back(&result);
  }
  return tensors;
}

bool always_apart(const Graph&, NodeId) { return true; }

bool equal_shapes(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  const auto tensors = tensor_inputs(graph, id);
  return !tensors.empty() && std::ranges::all_of(tensors, [&](const Result* input) {
    return input->shape == node.result.shape;
  });
}

RowsApart apart_from_rank(std::size_t rank) {
  return [rank](const Graph& graph, NodeId id) {
    const auto tensors = tensor_inputs(graph, id);
    return tensors.size() == 1 && tensors[0]->shape.rank() >= rank;
  };
}

RowsApart apart_at_rank(std::size_t rank) {
  return [rank](const Graph& graph, NodeId id) {
    const auto tensors = tensor_inputs(graph, id);
    return tensors.size() == 1 && tensors[0]->shape.rank() == rank;
  };
}

RowsApart apart_along(std::string_view setting) {
  return [setting](const Graph& graph, NodeId id) {
    const std::size_t rank = tensor_inputs(graph, id).at(0)->shape.rank();
    return axis_of(whole(graph.attributes(id), setting), rank, setting) > 0;
  };
}

Parameter parameter(std::string name, Shape shape, Initialiser initialiser) {
  Parameter p;
  p.name = std::move(name);
  p.shape = std::move(shape);
  p.initialiser = initialiser;
  return p;
}

Parameter buffer(std::string name, DType dtype, Shape shape, double value) {
  Parameter p = parameter(std::move(name), std::move(shape), {Initialiser::Kind::constant, value});
  p.dtype = dtype;
  p.is_buffer = true;
  return p;
}

namespace {

Resolved resolve(const Argument& argument, const OpInputs& in, std::size_t& next) {
  Resolved out;
  if (std::holds_alternative<NodeId>(argument.data)) {
    out.result = &in.tensors.at(next++);
  } else if (const Value* value = std::get_if<Value>(&argument.data)) {
    out.literal = value;
  } else {
    out.is_list = true;
    for (const Argument& item : std::get<std::vector<Argument>>(argument.data)) {
      out.items.push_back(resolve(item, in, next));
    }
  }
  return out;
}

}  // namespace

std::vector<Resolved> resolved_args(const OpInputs& in) {
  std::vector<Resolved> out;
  std::size_t next = 0;
  for (const Argument& argument : in.node->args) out.push_back(resolve(argument, in, next));
  return out;
}

std::optional<Resolved> argument_named(const OpInputs& in, std::string_view name) {
  const std::vector<std::string>& names = signature_of(*in.node->row, *in.node);
  std::size_t next = 0;
  const auto given = [&](const Argument& argument) -> std::optional<Resolved> {
    Resolved out = resolve(argument, in, next);
    if (out.literal != nullptr && out.literal->is_none()) return std::nullopt;
    return out;
  };
  for (std::size_t i = 0; i < in.node->args.size(); ++i) {
    std::optional<Resolved> out = given(in.node->args[i]);
    if (i < names.size() && names[i] == name) return out;
  }
  for (const auto& [key, argument] : in.node->kwargs) {
    std::optional<Resolved> out = given(argument);
    if (key == name) return out;
  }
  return std::nullopt;
}

const Result& tensor_named(const OpInputs& in, std::string_view name) {
  const std::optional<Resolved> given = argument_named(in, name);
  if (!given) refuse(fmt::format("its argument '{}' is missing; a tensor is expected", name));
  if (given->result == nullptr || !given->result->is_tensor())
    refuse(fmt::format("its argument '{}' is no tensor", name));
  return *given->result;
}

std::int64_t resolved_integer(const Resolved& argument) {
  if (argument.literal != nullptr) return argument.literal->as_int();
  if (argument.result == nullptr || !argument.result->value.is_int()) {
    refuse("expected an integer, or a node that gives one, as an extent");
  }
  return argument.result->value.as_int();
}

std::vector<std::int64_t> integers_after_first(const OpInputs& in) {
  std::vector<Resolved> args = resolved_args(in);
  args.erase(args.begin());
  if (args.size() == 1 && args[0].is_list) args = std::vector<Resolved>(args[0].items);
  if (args.size() == 1 && args[0].literal != nullptr && args[0].literal->is_list()) {
    std::vector<std::int64_t> out;
    for (const Value& item : args[0].literal->as_list()) out.push_back(item.as_int());
    return out;
  }
  std::vector<std::int64_t> out;
  for (const Resolved& argument : args) out.push_back(resolved_integer(argument));
  return out;
}

}  // namespace lathe::rules
