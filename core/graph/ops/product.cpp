// Rows of the matrix products between two activations: matmul, bmm, and addmm, which adds a tensor
// to one. The second operand takes the role of a weight, as in MASE.

#include "core/graph/ops/rules.hpp"

namespace lathe::rules {

namespace {

Shape leading(const Shape& shape) {
  const std::size_t keep = shape.rank() > 2 ? shape.rank() - 2 : 0;
  return Shape(
      std::vector<std::int64_t>(shape.begin(), shape.begin() + static_cast<std::ptrdiff_t>(keep)));
}

// torch.matmul: a vector on the left is a row, on the right a column, and that extent goes away.
Result matmul_result(const OpInputs& in) {
  const Result& a = tensor(in, 0);
  const Result& b = tensor(in, 1);
  const std::size_t ra = a.shape.rank(), rb = b.shape.rank();
  if (ra == 0 || rb == 0) {
    refuse(fmt::format("expected operands of at least 1 dimension, found shapes {} and {}",
                       a.shape.text(), b.shape.text()));
  }
  const std::int64_t inner_a = a.shape[ra - 1];
  const std::int64_t inner_b = b.shape[rb == 1 ? 0 : rb - 2];
  if (inner_a != inner_b) {
    refuse(fmt::format("inner extents differ: shapes {} and {}", a.shape.text(), b.shape.text()));
  }
  std::vector<std::int64_t> out = broadcast(leading(a.shape), leading(b.shape)).dims();
  if (ra > 1) out.push_back(a.shape[ra - 2]);
  if (rb > 1) out.push_back(b.shape[rb - 1]);
  return {a.dtype, Shape(std::move(out)), {}};
}

OpRow product(std::string op) {
  OpRow row;
  row.op = std::move(op);
  row.mase_type = "builtin_func";
  row.operands = {"data_in_0", "data_in_1"};
  row.quantizable = {"data_in", "weight"};
  row.input_roles = {"data_in", "weight"};
  row.bits = LATHE_BITS_ACCUMULATING;
  row.counting = LATHE_COUNT_PRODUCT;
  row.function = "torch." + row.op;
  row.signature = {"input", "other"};
  row.shape = matmul_result;
  // As linear: one multiply-accumulate per output element and inner element, twice that backwards.
  row.cost = [](const OpInputs& in, const Result& out) {
    const Shape& a = in.tensors[0].shape;
    const double products = elements(out) * static_cast<double>(a[a.rank() - 1]);
    return Cost{products, 2 * products, 0, elements(in.tensors[0]), elements(out)};
  };
  return row;
}

// beta input + alpha mat1 mat2: a linear layer whose weight lies the other way round.
Result addmm_result(const OpInputs& in) {
  const Result& added = tensor_named(in, "input");
  const Result& a = tensor_named(in, "mat1");
  const Result& b = tensor_named(in, "mat2");
  for (const Result* x : {&a, &b})
    if (x->shape.rank() != 2)
      refuse(fmt::format("expected two matrices to multiply, found shape {}", x->shape.text()));
  if (a.shape[1] != b.shape[0])
    refuse(fmt::format("inner extents differ: shapes {} and {}", a.shape.text(), b.shape.text()));
  if (added.dtype != a.dtype || b.dtype != a.dtype)
    refuse(fmt::format("operands have the types {}, {} and {}; they must agree", name(added.dtype),
                       name(a.dtype), name(b.dtype)));
  const Shape out{a.shape[0], b.shape[1]};
  if (!spreads(added.shape, out))
    refuse(fmt::format("what is added has shape {}, which does not spread to {}",
                       added.shape.text(), out.text()));
  return {a.dtype, out, {}};
}

OpRow addmm() {
  OpRow row = product("addmm");
  row.operands = {"data_in_0", "data_in_1", "data_in_2"};
  row.quantizable = {"data_in", "weight", "bias"};
  row.input_roles = {"bias", "data_in", "weight"};
  row.counting = LATHE_COUNT_LINEAR;
  row.settings = {number("beta", 1.0), number("alpha", 1.0)};
  row.signature = {"input", "mat1", "mat2", "beta", "alpha"};
  row.shape = addmm_result;
  row.cost = [](const OpInputs& in, const Result& out) {
    const Result& a = tensor_named(in, "mat1");
    const Result& b = tensor_named(in, "mat2");
    const double products = elements(out) * static_cast<double>(a.shape[1]);
    return Cost{products, 2 * products, elements(b), elements(a), elements(out)};
  };
  return row;
}

}  // namespace

void add_product_rows(std::vector<OpRow>& rows) {
  rows.push_back(addmm());
  rows.push_back(product("matmul"));
  OpRow bmm = product("bmm");
  bmm.shape = [](const OpInputs& in) {
    const Result& a = tensor_of_rank(in, 0, 3, "[batch, rows, inner]");
    const Result& b = tensor_of_rank(in, 1, 3, "[batch, inner, columns]");
    if (a.shape[0] != b.shape[0]) {
      refuse(fmt::format("batch extents differ: shapes {} and {}", a.shape.text(), b.shape.text()));
    }
    return matmul_result(in);
  };
  bmm.rows_apart = [](const Graph& graph, NodeId id) {
    return tensor_inputs(graph, id).size() == 2;
  };
  rows.push_back(std::move(bmm));
}

}  // namespace lathe::rules
