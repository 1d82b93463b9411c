// Operators that choose between tensors, and what masks are made of.
#include "shapes.hpp"

namespace onnx_reader {

namespace {

constexpr std::int64_t kLongestRange = 1 << 20;

void range(Network& net, const Node& node) {
  std::int64_t bound[3] = {};
  for (std::size_t i = 0; i < 3; ++i) {
    const Extents one = integers_of(net.input(node, i));
    if (one.size() != 1 || one[0].of_batch) {
      throw lathe::error(LATHE_UNIMPLEMENTED, "it counts to a number that the file does not have");
    }
    bound[i] = one[0].number;
  }
  std::int64_t room = 0;
  if (bound[2] < 1 || __builtin_sub_overflow(bound[1], bound[0], &room) || room < 1 ||
      room > kLongestRange) {
    throw lathe::invalid_argument("its bounds count nothing, or too much");
  }
  std::vector<std::int64_t> numbers;
  for (std::int64_t i = 0; i < room; i += bound[2]) numbers.push_back(bound[0] + i);
  const auto count = static_cast<std::int64_t>(numbers.size());
  Value out;
  out.type = onnx::TensorProto::INT64;
  out.constant = integers_constant(std::move(numbers), {count});
  net.set(node, std::move(out));
}

void where(Network& net, const Node& node) {
  const Value &condition = net.input(node, 0), &x = net.input(node, 1), &y = net.input(node, 2);
  const auto argument = [&](const Value& value) -> lathe::value {
    const bool number = value.constant && value.constant->count() == 1 && value.rank() == 0;
    if (number) return value.constant->number();
    return net.node_of(value);
  };
  if (!x.is_tensor() && !y.is_tensor() && !condition.is_tensor()) {
    throw lathe::error(LATHE_UNIMPLEMENTED, "it chooses between constants");
  }
  Value out;
  out.extents = broadcast(extents_of(condition), broadcast(extents_of(x), extents_of(y)));
  out.type = x.type;
  out.node = net.function("where", {net.node_of(condition), argument(x), argument(y)},
                          Names::of_function(node));
  net.set(node, std::move(out));
}

ConstantPtr lower_triangle(const ConstantPtr& from, std::int64_t diagonal) {
  const std::vector<std::int64_t> dims = from->dims();
  return derived(from->type(), dims,
                 [from, dims, diagonal] {
                   Contents all = from->contents();
                   const std::int64_t rows = dims[dims.size() - 2], columns = dims.back();
                   const auto clear = [&](auto& numbers) {
                     for (std::size_t i = 0; i < numbers.size(); ++i) {
                       const auto at = static_cast<std::int64_t>(i);
                       if (at % columns - at / columns % rows > diagonal) numbers[i] = 0;
                     }
                   };
                   clear(all.reals);
                   clear(all.integers);
                   return all;
                 },
                 {from});
}

// Of matrices in the last two dimensions.
void lower(Network& net, const Node& node) {
  const Value& x = net.input(node, 0);
  if (node.integer("upper", 1) != 0) {
    throw lathe::error(LATHE_UNIMPLEMENTED, "it keeps what lies above; Lathe has tril alone");
  }
  const std::vector<std::int64_t> k =
      node.has_input(1) ? net.small_integers(node, 1) : std::vector<std::int64_t>{0};
  if (k.size() != 1 || x.integers || x.rank() < 2) {
    throw lathe::invalid_argument("its diagonal is no number, or it reads no matrix");
  }
  Value out = x;
  if (x.constant) {
    out.constant = lower_triangle(plain_constant(x), k[0]);
    out.format = nullptr;
    return net.set(node, std::move(out));
  }
  out.node = net.function("tril", {net.plain(x), k[0]}, Names::of_function(node));
  out.order.clear();
  out.format = nullptr;
  net.set(node, std::move(out));
}

}  // namespace

void add_choice(std::vector<Operator>& rows) {
  const Domain onnx = Domain::onnx;
  const auto none = Takes::nothing;
  rows.push_back({onnx, "Where", 3, 3, none, {}, where});
  rows.push_back({onnx, "Trilu", 1, 2, none, {"upper"}, lower});
  rows.push_back({onnx, "Range", 3, 3, none, {}, range});
}

}  // namespace onnx_reader
