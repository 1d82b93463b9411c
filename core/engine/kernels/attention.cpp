// Kernels of attention, written out in its products: a number format can sit between them, and the
// weights of the attention are a result.
#include "core/engine/kernels/causal_attention.hpp"
#include "core/engine/kernels/kernel_rows.hpp"

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <cmath>
#include <limits>

namespace lathe::engine {

namespace {

constexpr double kHidden = -std::numeric_limits<double>::infinity();

at::Tensor transposed(const at::Tensor& x) { return x.transpose(-2, -1); }

// Of one input: where it stands among the node's tensors; nothing if it is not given.
at::Tensor given(const KernelCall& call, const std::optional<std::size_t>& input) {
  return input ? call.inputs[*input] : at::Tensor();
}

// Heads that share keys and values as the rows of one, and back.
at::Tensor in_groups(const at::Tensor& x, std::int64_t shared) {
  at::DimVector extents(x.sizes());
  const std::size_t heads = extents.size() - 3, rows = extents.size() - 2;
  extents[rows] *= extents[heads] / shared;
  extents[heads] = shared;
  return x.reshape(extents);
}

at::Tensor out_of_groups(const at::Tensor& x, std::int64_t heads) {
  at::DimVector extents(x.sizes());
  const std::size_t shared = extents.size() - 3, rows = extents.size() - 2;
  extents[rows] /= heads / extents[shared];
  extents[shared] = heads;
  return x.reshape(extents);
}

// x y, where y may have fewer heads.
at::Tensor product(const at::Tensor& x, const at::Tensor& y, bool grouped) {
  if (!grouped || x.size(-3) == y.size(-3)) return at::matmul(x, y);
  return out_of_groups(at::matmul(in_groups(x, y.size(-3)), y), x.size(-3));
}

// Rows of heads, [batch, heads, length, width], that causal_attention() takes.
bool has_head_rows(const at::Tensor& x) {
  return x.is_cpu() && x.scalar_type() == at::kFloat && x.dim() == 4 && x.stride(3) == 1 &&
         x.numel() > 0;
}

HeadRows head_of(const at::Tensor& x, std::int64_t row, std::int64_t head) {
  return {x.data_ptr<float>() + row * x.stride(0) + head * x.stride(1), x.stride(2), x.size(2),
          x.size(3)};
}

// Whether that computes them: as they lie, without gradients.
bool takes_causal(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v) {
  return c10::InferenceMode::is_enabled() && causal_attention_runs_here() && has_head_rows(q) &&
         has_head_rows(k) && has_head_rows(v) && k.size(1) == v.size(1) &&
         q.size(1) % k.size(1) == 0 && q.size(0) == k.size(0) && q.size(0) == v.size(0);
}

// [batch, heads, length, width of a value], in memory [batch, length, heads, width], as the layer
// behind it reads it.
at::Tensor attended(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, double scale) {
  const std::int64_t heads = q.size(1), shared = heads / k.size(1);
  at::Tensor y = at::empty({q.size(0), q.size(2), heads, v.size(3)}, q.options());
  auto* out = y.data_ptr<float>();
  at::parallel_for(0, q.size(0) * heads, 1, [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> scratch(
        static_cast<std::size_t>(causal_attention_scratch(head_of(k, 0, 0))));
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t row = i / heads, head = i % heads;
      causal_attention(head_of(q, row, head), head_of(k, row, head / shared),
                       head_of(v, row, head / shared), static_cast<float>(scale),
                       out + row * y.stride(0) + head * y.stride(2), y.stride(1), scratch.data());
    }
  });
  return y.transpose(1, 2);
}

Kernel scaled_dot_product_attention(const KernelNode& node) {
  const std::size_t query = *node.tensor("query"), key = *node.tensor("key"),
                    value = *node.tensor("value");
  const auto mask = node.tensor("attn_mask");
  const Value& scale = node.value("scale");
  const double given_scale = scale.is_none() ? 0.0 : scale.as_float();
  return [=, scaled = !scale.is_none(), causal = node.flag("is_causal"),
          grouped = node.flag("enable_gqa")](const KernelCall& call) {
    const at::Tensor &q = call.inputs[query], &k = call.inputs[key];
    const double by = scaled ? given_scale : 1.0 / std::sqrt(static_cast<double>(q.size(-1)));
    const at::Tensor& v = call.inputs[value];
    if (causal && !mask && !call.inner_format && (grouped || q.size(-3) == k.size(-3)) &&
        takes_causal(q, k, v))
      return attended(q, k, v, by);
    at::Tensor scores = product(q * by, transposed(k), grouped);
    at::Tensor shown = given(call, mask);
    if (causal) shown = at::ones({q.size(-2), k.size(-2)}, q.options().dtype(at::kBool)).tril();
    // True stands for what takes part.
    if (shown.defined() && shown.scalar_type() == at::kBool) {
      scores = scores.masked_fill(shown.logical_not(), kHidden);
    } else if (shown.defined()) {
      scores = scores + shown;
    }
    return product(call.inner(at::softmax(scores, -1)), v, grouped);
  };
}

// The module: projections of query, key and value, attention in heads, a projection of what they
// give (Vaswani et al., "Attention is all you need", 2017).
class MultiHead {
 public:
  explicit MultiHead(const KernelNode& node);
  Parts operator()(const KernelCall& call) const;

 private:
  // Scores [batch, heads, queries, keys] without what masks hide; true stands for what is hidden.
  at::Tensor masked(at::Tensor scores, const KernelCall& call) const;
  at::Tensor projected(const KernelCall& call, std::size_t which) const;
  at::Tensor in_heads(const at::Tensor& x) const;  // [batch, heads, length, width of a head]

  std::size_t inputs_[3];
  std::optional<std::size_t> padding_, mask_;
  Source joined_, weights_[3], bias_, bias_k_, bias_v_, out_weight_, out_bias_;
  std::int64_t heads_, width_;
  double dropout_;
  bool batch_first_, adds_zero_, gives_weights_, averages_;
};

bool said(const KernelNode& node, std::string_view name, bool otherwise) {
  const Value* given = node.literal(name);
  return given == nullptr || given->is_none() ? otherwise : given->as_bool();
}

MultiHead::MultiHead(const KernelNode& node)
    : inputs_{*node.tensor("query"), *node.tensor("key"), *node.tensor("value")},
      padding_(node.tensor("key_padding_mask")),
      mask_(node.tensor("attn_mask")),
      joined_(source(node, "in_proj_weight")),
      weights_{source(node, "q_proj_weight"), source(node, "k_proj_weight"),
               source(node, "v_proj_weight")},
      bias_(source(node, "in_proj_bias")),
      bias_k_(source(node, "bias_k")),
      bias_v_(source(node, "bias_v")),
      out_weight_(needed(node, "out_proj.weight")),
      out_bias_(source(node, "out_proj.bias")),
      heads_(node.integer("num_heads")),
      width_(node.integer("embed_dim")),
      dropout_(node.number("dropout")),
      batch_first_(node.flag("batch_first")),
      adds_zero_(node.flag("add_zero_attn")),
      gives_weights_(said(node, "need_weights", true)),
      averages_(said(node, "average_attn_weights", true)) {}

at::Tensor MultiHead::projected(const KernelCall& call, std::size_t which) const {
  const auto part = static_cast<std::int64_t>(which) * width_;
  at::Tensor x = call.inputs[inputs_[which]];
  if (!batch_first_) x = x.transpose(0, 1);
  const at::Tensor joined = joined_(call), bias = bias_(call);
  const at::Tensor weight =
      joined.defined() ? joined.narrow(0, part, width_) : weights_[which](call);
  x = at::linear(x, weight, bias.defined() ? bias.narrow(0, part, width_) : bias);
  const at::Tensor more = which == 1 ? bias_k_(call) : which == 2 ? bias_v_(call) : at::Tensor();
  return more.defined() ? at::cat({x, more.expand({x.size(0), 1, width_})}, 1) : x;
}

at::Tensor MultiHead::in_heads(const at::Tensor& x) const {
  return x.reshape({x.size(0), x.size(1), heads_, width_ / heads_}).transpose(1, 2);
}

// Keys that the module adds are hidden by no mask.
at::Tensor MultiHead::masked(at::Tensor scores, const KernelCall& call) const {
  const auto hide = [&](at::Tensor mask) {
    const std::int64_t added = scores.size(-1) - mask.size(-1);
    if (added > 0) mask = at::constant_pad_nd(mask, {0, added}, 0);
    scores = mask.scalar_type() == at::kBool ? scores.masked_fill(mask, kHidden) : scores + mask;
  };
  const at::Tensor mask = given(call, mask_), padding = given(call, padding_);
  if (mask.defined())
    hide(mask.dim() == 2 ? mask
                         : mask.reshape({scores.size(0), heads_, mask.size(1), mask.size(2)}));
  if (padding.defined()) hide(padding.unsqueeze(1).unsqueeze(1));
  return scores;
}

Parts MultiHead::operator()(const KernelCall& call) const {
  const double scale = 1.0 / std::sqrt(static_cast<double>(width_ / heads_));
  const at::Tensor q = in_heads(projected(call, 0));
  at::Tensor k = in_heads(projected(call, 1)), v = in_heads(projected(call, 2));
  if (adds_zero_) {
    k = at::constant_pad_nd(k, {0, 0, 0, 1}, 0);
    v = at::constant_pad_nd(v, {0, 0, 0, 1}, 0);
  }
  at::Tensor scores = at::matmul(call.inner(q) * scale, transposed(call.inner(k)));
  at::Tensor weights = at::softmax(masked(std::move(scores), call), -1);
  if (call.training && dropout_ > 0.0) weights = dropped(weights, dropout_, call);
  at::Tensor y = at::matmul(call.inner(weights), call.inner(v)).transpose(1, 2).flatten(2);
  y = at::linear(call.inner(y), out_weight_(call), out_bias_(call));
  if (!batch_first_) y = y.transpose(0, 1);
  if (!gives_weights_) return {y, at::Tensor()};
  return {y, averages_ ? weights.mean(1) : weights};
}

PartsKernel multi_head_attention(const KernelNode& node) { return MultiHead(node); }

constexpr KernelRow kRows[] = {
    {"scaled_dot_product_attention", scaled_dot_product_attention},
};
constexpr PartsKernelRow kPartsRows[] = {
    {"multi_head_attention", multi_head_attention},
};

}  // namespace

std::span<const KernelRow> attention_kernels() { return kRows; }
std::span<const PartsKernelRow> attention_parts_kernels() { return kPartsRows; }

}  // namespace lathe::engine
