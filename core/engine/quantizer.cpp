// Calls of number formats, and their gradient. Knows nothing about graphs.
#include "core/engine/quantizer.hpp"

#include "core/tensor/random.hpp"

#include <fmt/format.h>
#include <torch/csrc/autograd/custom_function.h>

namespace lathe::engine {

namespace {

lathe_role role_of(std::string_view role) {
  if (role == "weight") return LATHE_WEIGHT;
  if (role == "bias") return LATHE_BIAS;
  if (role == "data_out") return LATHE_DATA_OUT;
  return LATHE_DATA_IN;
}

// What a kernel may be given: contiguous float32 on the CPU.
at::Tensor for_kernel(const at::Tensor& x) {
  if (x.scalar_type() == at::kFloat && x.is_cpu() && x.is_contiguous()) return x;
  return x.to(at::kCPU, at::kFloat).contiguous();
}

at::Tensor back_to(const at::Tensor& like, at::Tensor y) {
  return like.is_cpu() ? y : y.to(like.device());
}

// Forward is the format; backward is the format's own, or straight through (Bengio et al.,
// "Estimating or propagating gradients through stochastic neurons", 2013).
struct QuantizeFunction : torch::autograd::Function<QuantizeFunction> {
  static at::Tensor forward(torch::autograd::AutogradContext* ctx, const at::Tensor& x,
                            std::int64_t quantizer, bool training, std::int64_t seed,
                            std::int64_t counter) {
    const auto* self = reinterpret_cast<const Quantizer*>(quantizer);
    if (self->has_backward()) ctx->save_for_backward({x});
    ctx->saved_data["quantizer"] = quantizer;
    ctx->saved_data["training"] = training;
    ctx->saved_data["seed"] = seed;
    ctx->saved_data["counter"] = counter;
    const RandomPlace place{static_cast<std::uint64_t>(seed), static_cast<std::uint64_t>(counter)};
    return (*self)(x, training, place);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx,
                                                 torch::autograd::variable_list dy) {
    const auto* self = reinterpret_cast<const Quantizer*>(ctx->saved_data["quantizer"].toInt());
    at::Tensor dx = dy[0];
    if (self->has_backward()) {
      const RandomPlace place{static_cast<std::uint64_t>(ctx->saved_data["seed"].toInt()),
                              static_cast<std::uint64_t>(ctx->saved_data["counter"].toInt())};
      dx = self->backward(ctx->get_saved_variables()[0], dy[0],
                          ctx->saved_data["training"].toBool(), place);
    }
    return {dx, {}, {}, {}, {}};
  }
};

}  // namespace

Quantizer::Quantizer(const Registry& registry, const OperandFormat& format, std::string_view role,
                     std::uint32_t input_index, const OpRow& row, std::string_view node)
    : format_(&format_instance(registry, format.format, format.options)),
      role_(role_of(role)),
      input_index_(input_index),
      row_(&row) {
  stochastic_ = format_->component().has(LATHE_FLAG_STOCHASTIC);
  if (stochastic_) stream_ = stream_of(fmt::format("{}/{}/{}", node, role, input_index));
}

ContentHash Quantizer::identity() const {
  Hasher hasher;
  hasher.add(static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(format_)));
  hasher.add(std::int64_t{role_}).add(std::int64_t{input_index_}).add(std::string_view(row_->op));
  return hasher.finish();
}

lathe_format_context Quantizer::context(bool training, RandomPlace place) const {
  lathe_format_context out{};
  out.struct_size = sizeof out;
  out.role = role_;
  out.op = {row_->op.data(), row_->op.size()};
  out.is_unsigned = row_->is_unsigned ? 1 : 0;
  out.training = training ? 1 : 0;
  out.input_index = input_index_;
  out.seed = place.seed ^ stream_;
  out.counter = place.counter;
  return out;
}

void Quantizer::into(const at::Tensor& x, at::Tensor& y, bool training, RandomPlace place) const {
  const at::Tensor in = for_kernel(x);
  on_memory(in.data_ptr<float>(), y.data_ptr<float>(), in.sizes(), training, place);
}

void Quantizer::on_memory(const float* x, float* y, std::span<const std::int64_t> shape,
                          bool training, RandomPlace place) const {
  AbiView from(const_cast<float*>(x), shape);
  AbiView to(y, shape);
  format_->quantize(context(training, place), *from, *to);
}

at::Tensor Quantizer::operator()(const at::Tensor& x, bool training, RandomPlace place,
                                 std::int64_t rows) const {
  const at::Tensor in = for_kernel(x);
  at::Tensor out = at::empty(in.sizes(), in.options());
  const std::int64_t total = in.dim() > 0 ? in.size(0) : 0;
  if (rows <= 0 || total <= rows) {
    AbiView from(in);
    AbiView to(out);
    format_->quantize(context(training, place), *from, *to);
    return back_to(x, std::move(out));
  }
  const auto row_elements = static_cast<std::uint64_t>(in.numel() / total);
  for (std::int64_t first = 0; first < total; first += rows) {
    const std::int64_t count = std::min(rows, total - first);
    AbiView from(in, first, count);
    AbiView to(out, first, count);
    const RandomPlace here{place.seed,
                           place.counter + static_cast<std::uint64_t>(first) * row_elements};
    format_->quantize(context(training, here), *from, *to);
  }
  return back_to(x, std::move(out));
}

at::Tensor Quantizer::backward(const at::Tensor& x, const at::Tensor& dy, bool training,
                               RandomPlace place) const {
  const at::Tensor in = for_kernel(x);
  const at::Tensor upstream = for_kernel(dy);
  at::Tensor dx = at::empty(in.sizes(), in.options());
  AbiView from(in);
  AbiView given(upstream);
  AbiView to(dx);
  format_->backward(context(training, place), *from, *given, *to);
  return back_to(x, std::move(dx));
}

at::Tensor Quantizer::differentiable(const at::Tensor& x, bool training, RandomPlace place) const {
  return QuantizeFunction::apply(
      x, static_cast<std::int64_t>(reinterpret_cast<std::intptr_t>(this)), training,
      static_cast<std::int64_t>(place.seed), static_cast<std::int64_t>(place.counter));
}

bool is_stochastic(const Registry& registry, const Node& node) {
  for (const OperandFormat& format : node.formats) {
    if (registry.find(Kind::format, format.format).has(LATHE_FLAG_STOCHASTIC)) return true;
  }
  return false;
}

}  // namespace lathe::engine
