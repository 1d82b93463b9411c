// Kernels that take parts of a tensor, add a margin to it or average over dimensions: getitem, pad,
// mean. Also which of them keep rows apart.
#include "core/engine/kernel_rows.hpp"
#include "core/graph/ops/index_items.hpp"

#include <algorithm>

namespace lathe::engine {

namespace {

// A view of the tensor: bounds follow the batch that is run.
Kernel getitem(const Settings& settings) {
  const Value* index = settings.node().attributes.find("index");
  return [items = parse_index(*index)](const KernelCall& call) {
    at::Tensor x = call.inputs[0];
    const Shape shape(x.sizes().vec());
    std::int64_t dimension = 0;
    for (const IndexStep& step : index_steps(items, shape)) {
      if (step.kind == IndexItem::Kind::new_axis) {
        x = x.unsqueeze(dimension++);
      } else if (step.kind == IndexItem::Kind::position) {
        x = x.select(dimension, step.start);
      } else {
        const std::int64_t here = dimension++;
        if (step.start == 0 && step.stop == x.size(here) && step.step == 1) continue;
        x = x.slice(here, step.start, step.stop, step.step);
      }
    }
    return x;
  };
}

std::vector<std::int64_t> numbers_of(const Settings& settings, std::string_view name) {
  const Value* value = settings.node().attributes.find(name);
  std::vector<std::int64_t> out;
  if (value == nullptr || value->is_none()) return out;
  for (const Value& item : value->as_list()) out.push_back(item.as_int());
  return out;
}

Kernel pad(const Settings& settings) {
  return [margins = numbers_of(settings, "pad"),
          value = settings.number("value", 3, 0.0)](const KernelCall& call) {
    return at::constant_pad_nd(call.inputs[0], margins, value);
  };
}

Kernel mean(const Settings& settings) {
  return [dims = numbers_of(settings, "dim"), keep = settings.flag("keepdim", 2, false)](
             const KernelCall& call) { return at::mean(call.inputs[0], dims, keep); };
}

constexpr KernelRow kRows[] = {{"getitem", getitem}, {"pad", pad}, {"mean", mean}};

}  // namespace

std::span<const KernelRow> index_rows() { return kRows; }

std::vector<std::int64_t> item_of(const Settings& settings,
                                  const std::vector<std::int64_t>& sizes) {
  const auto items = parse_index(*settings.node().attributes.find("index"));
  const Shape extent{static_cast<std::int64_t>(sizes.size())};
  return {sizes[static_cast<std::size_t>(index_steps(items, extent).at(0).start)]};
}

bool index_keeps_rows(const Settings& settings) {
  const std::string& op = settings.node().op;
  const std::size_t rank = settings.input_rank(0);
  if (op == "getitem") {
    const auto items = parse_index(*settings.node().attributes.find("index"));
    if (items.empty() || items[0].whole()) return true;
    // x[..., 1]: the dots stand for the rows, too, unless the rest uses every dimension.
    return items[0].kind == IndexItem::Kind::ellipsis &&
           static_cast<std::size_t>(
               std::count_if(items.begin() + 1, items.end(), [](const IndexItem& item) {
                 return item.kind != IndexItem::Kind::new_axis;
               })) < rank;
  }
  if (op == "pad") return numbers_of(settings, "pad").size() < 2 * rank;
  const auto dims = numbers_of(settings, "dim");
  return !dims.empty() && std::none_of(dims.begin(), dims.end(), [&](std::int64_t dim) {
    return dim == 0 || dim == -static_cast<std::int64_t>(rank);
  });
}

}  // namespace lathe::engine
