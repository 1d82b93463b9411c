// Rows of what gives several tensors, of which getitem takes one: split, chunk, and max along a
// dimension.

#include "core/graph/ops/rules.hpp"

#include <algorithm>

namespace lathe::rules {

namespace {

// The parts of `x` along a dimension.
Result parts_of(const Result& x, std::size_t axis, const std::vector<std::int64_t>& extents) {
  std::vector<Result> items;
  for (const std::int64_t extent : extents) {
    Shape shape = x.shape;
    shape[axis] = extent;
    items.push_back({x.dtype, std::move(shape), {}});
  }
  return {DType::none, {}, {}, std::move(items)};
}

// Extents of so many elements each, and the rest.
std::vector<std::int64_t> equal_parts(std::int64_t extent, std::int64_t each) {
  // Each of them is a result that is kept.
  constexpr std::int64_t kMost = 1 << 16;
  if (extent / each >= kMost)
    refuse(fmt::format("it makes {} parts; at most {} are possible", extent / each, kMost));
  std::vector<std::int64_t> out(static_cast<std::size_t>(extent / each), each);
  if (extent % each != 0) out.push_back(extent % each);
  return out;
}

OpRow parts_row(std::string op) {
  OpRow row = layout_row(std::move(op));
  row.function = "torch." + row.op;
  row.rows_apart = apart_along("dim");
  return row;
}

OpRow split() {
  OpRow row = parts_row("split");
  row.settings = {extents("split_size_or_sections", 0, std::nullopt), integer("dim", 0)};
  row.signature = {"input", "split_size_or_sections", "dim"};
  row.shape = [](const OpInputs& in) {
    const Result& x = tensor(in, 0);
    const std::size_t axis = axis_of(whole(in.attributes, "dim"), x.shape.rank(), "dim");
    const Value& said = *in.attributes.find("split_size_or_sections");
    if (said.is_int()) {
      if (said.as_int() < 1)
        refuse(fmt::format("parts of {} elements; they must hold at least 1", said.as_int()));
      return parts_of(x, axis, equal_parts(x.shape[axis], said.as_int()));
    }
    const std::vector<std::int64_t> sections = sizes(in.attributes, "split_size_or_sections", 1);
    std::int64_t left = x.shape[axis];
    for (const std::int64_t section : sections) {
      if (section < 1 || section > left) left = -1;
      if (left < 0) break;
      left -= section;
    }
    if (left != 0)
      refuse(fmt::format("the parts {} are not those of dimension {} of shape {}", said.text(),
                         axis, x.shape.text()));
    return parts_of(x, axis, sections);
  };
  return row;
}

OpRow chunk() {
  OpRow row = parts_row("chunk");
  row.settings = {required_integer("chunks"), integer("dim", 0)};
  row.signature = {"input", "chunks", "dim"};
  row.shape = [](const OpInputs& in) {
    const Result& x = tensor(in, 0);
    const std::size_t axis = axis_of(whole(in.attributes, "dim"), x.shape.rank(), "dim");
    const std::int64_t chunks = whole(in.attributes, "chunks"), extent = x.shape[axis];
    if (chunks < 1) refuse(fmt::format("'chunks' = {}; it must be positive", chunks));
    return parts_of(x, axis, equal_parts(extent, extent / chunks + (extent % chunks ? 1 : 0)));
  };
  return row;
}

// The largest element; along a dimension (values, indices).
OpRow max() {
  OpRow row = parts_row("max");
  row.settings = {nullable(integer("dim", 0)), boolean("keepdim", false)};
  row.signature = {"input", "dim", "keepdim"};
  row.bits = LATHE_BITS_PASSING;
  row.counting = LATHE_COUNT_SUBTRACTION;
  row.cost = [](const OpInputs& in, const Result& out) {
    const double n = elements(in.tensors.at(0));
    return Cost{n, n, 0, n, all_elements(out)};
  };
  row.rows_apart = [](const Graph& graph, NodeId id) {
    return !graph.attributes(id).find("dim")->is_none() && apart_along("dim")(graph, id);
  };
  row.shape = [](const OpInputs& in) {
    const Result& x = tensor(in, 0);
    const bool keep = flag(in.attributes, "keepdim");
    if (in.attributes.find("dim")->is_none()) {
      if (keep) refuse("'keepdim' is given without 'dim'");
      return Result{x.dtype, {}, {}};
    }
    const Shape shape = reduced(x.shape, {whole(in.attributes, "dim")}, keep);
    return Result{DType::none, {}, {}, {{x.dtype, shape, {}}, {DType::int64, shape, {}}}};
  };
  return row;
}

}  // namespace

void add_parts_rows(std::vector<OpRow>& rows) {
  rows.push_back(split());
  rows.push_back(chunk());
  rows.push_back(max());
}

}  // namespace lathe::rules
