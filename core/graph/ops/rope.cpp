// The row of rotary position embedding (Su et al., "RoFormer", 2021), which no function of PyTorch
// is: pairs of features of a head turn by an angle that grows with the position.

#include "core/graph/ops/rules.hpp"

namespace lathe::rules {

namespace {

Result rope_result(const OpInputs& in) {
  const Result& x = tensor(in, 0);
  const std::size_t rank = x.shape.rank();
  if (rank < 2 || x.dtype != DType::float32)
    refuse(fmt::format("expected float32 [..., length, width of a head], found {} of shape {}",
                       name(x.dtype), x.shape.text()));
  if (x.shape[rank - 1] % 2 != 0)
    refuse(
        fmt::format("its features turn in pairs: the width of a head must be even, found {} in "
                    "shape {}",
                    x.shape[rank - 1], x.shape.text()));
  const double theta = real(in.attributes, "theta");
  if (!(theta > 0.0)) refuse(fmt::format("'theta' = {}; it must be positive", theta));
  const std::string& pairing = in.attributes.find("pairing")->as_string();
  if (pairing != "half" && pairing != "interleaved")
    refuse(fmt::format("'pairing' is '{}'; it may be half or interleaved", pairing));
  return same_as_input(in);
}

// Of a head of n features, j turns with j + n/2 (half: Hugging Face's rotate_half) or 2 j with
// 2 j + 1 (interleaved: the paper), by position * theta ^ (-2 j / n). Positions count from 0 along
// the last dimension but one.
OpRow rope() {
  OpRow row;
  row.op = "rope";
  row.mase_type = "builtin_func";
  row.operands = {"data_in_0"};
  row.function = "lathe.rope";
  row.settings = {number("theta", 10000.0), text("pairing", "half")};
  row.signature = {"input", "theta", "pairing"};
  row.bits = LATHE_BITS_PASSING;
  row.counting = LATHE_COUNT_ARITHMETIC;
  row.shape = rope_result;
  row.rows_apart = apart_from_rank(3);
  // Two products and a sum.
  row.cost = [](const OpInputs& in, const Result& out) {
    const double n = elements(in.tensors[0]);
    return Cost{3 * n, 3 * n, 0, n, elements(out)};
  };
  return row;
}

}  // namespace

void add_rope_rows(std::vector<OpRow>& rows) { rows.push_back(rope()); }

}  // namespace lathe::rules
