#include "core/engine/kernels/values.hpp"

#include "core/graph/ops/index_items.hpp"

namespace lathe::engine {

namespace {

using Numbers = std::vector<std::int64_t>;

// Python's: towards minus infinity.
std::int64_t floor_divided(std::int64_t a, std::int64_t b) {
  return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}

// x.size()[1]
Numbers item_of(const KernelNode& node, const Numbers& sizes) {
  const Shape extent{static_cast<std::int64_t>(sizes.size())};
  const auto steps = index_steps(parse_index(node.value("index")), extent);
  return {sizes[static_cast<std::size_t>(steps.at(0).start)]};
}

}  // namespace

Numbers resolve(const std::vector<Extent>& extents, std::span<const Numbers* const> values) {
  Numbers out;
  for (const Extent& extent : extents) {
    if (extent.from < 0) {
      out.push_back(extent.literal);
    } else {
      const Numbers& value = *values[static_cast<std::size_t>(extent.from)];
      out.insert(out.end(), value.begin(), value.end());
    }
  }
  return out;
}

Numbers value_of(const KernelNode& node, const at::Tensor& input,
                 std::span<const Numbers* const> values) {
  const std::string& op = node.node().op;
  if (op == "size") {
    const Value& dim = node.value("dim");
    return dim.is_none() ? input.sizes().vec() : Numbers{input.size(dim.as_int())};
  }
  if (op == "getitem") return item_of(node, *values[0]);
  // Arithmetic on sizes, eg: x.size(1) * x.size(2).
  const Numbers operands = resolve(node.extents(0), values);
  if (operands.size() != 2) node.refuse("it needs two integers");
  if (op == "add") return {operands[0] + operands[1]};
  if (op == "sub") return {operands[0] - operands[1]};
  if (op == "mul") return {operands[0] * operands[1]};
  if (op == "floordiv") return {floor_divided(operands[0], operands[1])};
  node.refuse("its result is no tensor");
}

}  // namespace lathe::engine
