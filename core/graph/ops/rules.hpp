// Words that the rows of the op table are written in. Only the op table's own files include this.
#pragma once

#include "core/base/error.hpp"
#include "core/graph/graph.hpp"
#include "core/graph/ops/op_table.hpp"

#include <fmt/format.h>

namespace lathe::rules {

// Each adds its rows.
void add_graph_rows(std::vector<OpRow>& rows);
void add_weighted_rows(std::vector<OpRow>& rows);
void add_conv_rows(std::vector<OpRow>& rows);
void add_norm_rows(std::vector<OpRow>& rows);
void add_pool_rows(std::vector<OpRow>& rows);
void add_elementwise_rows(std::vector<OpRow>& rows);
void add_arithmetic_rows(std::vector<OpRow>& rows);
void add_product_rows(std::vector<OpRow>& rows);
void add_layout_rows(std::vector<OpRow>& rows);
void add_axes_rows(std::vector<OpRow>& rows);
void add_index_rows(std::vector<OpRow>& rows);
void add_choice_rows(std::vector<OpRow>& rows);
void add_parts_rows(std::vector<OpRow>& rows);
void add_attention_rows(std::vector<OpRow>& rows);
void add_resample_rows(std::vector<OpRow>& rows);

Setting boolean(std::string name, bool default_value);
Setting integer(std::string name, std::int64_t default_value);
Setting number(std::string name, double default_value);
Setting text(std::string name, std::string default_value);
// Required unless the first input tells it: `axis` is the extent that does.
Setting integer_from_axis(std::string name, int axis);
Setting required_integer(std::string name);
Setting nullable(Setting setting);  // and none where it is not given
Setting extents(std::string name, std::size_t dims, std::optional<Value> default_value);
Setting of_form(Setting setting, Setting::Form form);
Setting inert(Setting setting);

// REQUIRES: complete attributes.
bool flag(const Value& attributes, std::string_view name);
std::int64_t whole(const Value& attributes, std::string_view name);
double real(const Value& attributes, std::string_view name);
// One number per dimension; a single one stands for all.
std::vector<std::int64_t> sizes(const Value& attributes, std::string_view name, std::size_t dims);
// As torch prints it: "(3, 3)", "0.5".
std::string shown(const Value& attributes, std::string_view name);

[[noreturn]] void refuse(const std::string& message);

// The i-th input, which must be a tensor.
const Result& tensor(const OpInputs& in, std::size_t i);
// The same, which must have that rank; `layout` is what a message shows.
const Result& tensor_of_rank(const OpInputs& in, std::size_t i, std::size_t rank,
                             std::string_view layout);
double elements(const Result& result);

// -3 .. 2 for rank 3 becomes 0 .. 2.
std::size_t axis_of(std::int64_t axis, std::size_t rank, std::string_view setting);
// NumPy's rule, from the right.
Shape broadcast(const Shape& a, const Shape& b);
// Whether `a` broadcasts to `to`, as it is.
bool spreads(const Shape& a, const Shape& to);

Result same_as_input(const OpInputs& in);
Cost no_cost(const OpInputs& in, const Result& out);
// A row of what moves no numbers or only copies them.
OpRow layout_row(std::string op);
// One computation per input element, forwards and backwards.
Cost cost_per_input(const OpInputs& in, const Result& out);
// A tensor of several results, or any other: its elements, or those of all of them.
double all_elements(const Result& result);
// The shape without those of the dimensions `dim`, or with one element along them.
Shape reduced(const Shape& shape, const std::vector<std::int64_t>& dims, bool keep);

// Tensors the node reads, in order.
std::vector<const Result*> tensor_inputs(const Graph& graph, NodeId id);

// Of OpRow::rows_apart.
using RowsApart = std::function<bool(const Graph&, NodeId)>;
bool always_apart(const Graph& graph, NodeId id);
// Broadcasting aligns the last dimensions: rows stay rows only if the shapes are equal.
bool equal_shapes(const Graph& graph, NodeId id);
// A layer over batches of that rank at least (or exactly). Functions whose weights are inputs, and
// unbatched images, are left to run batch by batch.
RowsApart apart_from_rank(std::size_t rank);
RowsApart apart_at_rank(std::size_t rank);
// What works along the setting `dim` of its first input, which must not be that of the rows.
RowsApart apart_along(std::string_view setting);

Parameter parameter(std::string name, Shape shape, Initialiser initialiser);
Parameter buffer(std::string name, DType dtype, Shape shape, double value);

// An argument with nodes replaced by their results.
struct Resolved {
  const Result* result = nullptr;  // of a node
  const Value* literal = nullptr;
  std::vector<Resolved> items;  // of a list
  bool is_list = false;
};
std::vector<Resolved> resolved_args(const OpInputs& in);
// The argument of that name; nothing if it is not given, or is None.
std::optional<Resolved> argument_named(const OpInputs& in, std::string_view name);
// The same, which must be a tensor.
const Result& tensor_named(const OpInputs& in, std::string_view name);
// An integer: a literal, or what a size node gives.
std::int64_t resolved_integer(const Resolved& argument);
// The integers after the first argument: x.view(2, -1) and x.view([2, -1]) alike.
std::vector<std::int64_t> integers_after_first(const OpInputs& in);

}  // namespace lathe::rules
