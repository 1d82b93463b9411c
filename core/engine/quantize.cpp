// Calls of number formats from LibTorch, and their gradient.
#include "core/engine/quantize.hpp"

#include <torch/csrc/autograd/custom_function.h>

namespace lathe::engine {

namespace {

// What a kernel may be given: contiguous float32 on the CPU.
at::Tensor for_kernel(const at::Tensor& x) {
  if (x.scalar_type() == at::kFloat && x.is_cpu() && x.is_contiguous()) return x;
  return x.to(at::kCPU, at::kFloat).contiguous();
}

at::Tensor back_to(const at::Tensor& like, at::Tensor y) {
  return like.is_cpu() ? y : y.to(like.device());
}

at::Tensor gradient(const run::Quantizer& format, const at::Tensor& x, const at::Tensor& dy,
                    bool training, run::RandomPlace place) {
  const at::Tensor in = for_kernel(x);
  const at::Tensor upstream = for_kernel(dy);
  at::Tensor dx = at::empty(in.sizes(), in.options());
  format.backward(in.data_ptr<float>(), upstream.data_ptr<float>(), dx.data_ptr<float>(),
                  in.sizes(), training, place);
  return back_to(x, std::move(dx));
}

// Forward is the format; backward is the format's own, or straight through (Bengio et al.,
// "Estimating or propagating gradients through stochastic neurons", 2013).
struct QuantizeFunction : torch::autograd::Function<QuantizeFunction> {
  // `anchor` makes autograd come back for the gradients of state where x needs none.
  static at::Tensor forward(torch::autograd::AutogradContext* ctx, const at::Tensor& x,
                            const c10::optional<at::Tensor>& /*anchor*/, std::int64_t quantizer,
                            bool training, std::int64_t seed, std::int64_t counter) {
    const auto& format = *reinterpret_cast<const run::Quantizer*>(quantizer);
    if (format.has_backward()) ctx->save_for_backward({x});
    ctx->saved_data["quantizer"] = quantizer;
    ctx->saved_data["training"] = training;
    ctx->saved_data["seed"] = seed;
    ctx->saved_data["counter"] = counter;
    return quantized(format, x, training,
                     {static_cast<std::uint64_t>(seed), static_cast<std::uint64_t>(counter)});
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx,
                                                 torch::autograd::variable_list dy) {
    const auto& format =
        *reinterpret_cast<const run::Quantizer*>(ctx->saved_data["quantizer"].toInt());
    at::Tensor dx = dy[0];
    if (format.has_backward()) {
      const run::RandomPlace place{static_cast<std::uint64_t>(ctx->saved_data["seed"].toInt()),
                                   static_cast<std::uint64_t>(ctx->saved_data["counter"].toInt())};
      dx = gradient(format, ctx->get_saved_variables()[0], dy[0],
                    ctx->saved_data["training"].toBool(), place);
    }
    return {dx, {}, {}, {}, {}, {}};
  }
};

}  // namespace

at::Tensor quantized(const run::Quantizer& format, const at::Tensor& x, bool training,
                     run::RandomPlace place, std::int64_t rows) {
  const at::Tensor in = for_kernel(x);
  at::Tensor out = at::empty(in.sizes(), in.options());
  const auto* from = in.data_ptr<float>();
  if (training) {
    format.quantize(from, out.data_ptr<float>(), in.sizes(), true, place);
  } else {
    format.quantize_rows(from, out.data_ptr<float>(), in.sizes(), place, rows);
  }
  return back_to(x, std::move(out));
}

void quantize_into(const run::Quantizer& format, const at::Tensor& x, at::Tensor& y, bool training,
                   run::RandomPlace place) {
  const at::Tensor in = for_kernel(x);
  format.quantize(in.data_ptr<float>(), y.data_ptr<float>(), in.sizes(), training, place);
}

at::Tensor differentiable(const run::Quantizer& format, const at::Tensor& x, bool training,
                          run::RandomPlace place) {
  c10::optional<at::Tensor> anchor;
  if (format.learns()) anchor = at::zeros({}).requires_grad_(true);
  return QuantizeFunction::apply(
      x, anchor, static_cast<std::int64_t>(reinterpret_cast<std::intptr_t>(&format)), training,
      static_cast<std::int64_t>(place.seed), static_cast<std::int64_t>(place.counter));
}

}  // namespace lathe::engine
