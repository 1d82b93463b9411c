// Calls of number formats from LibTorch, and their gradient.
#include "core/engine/quantize.hpp"

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

namespace lathe::engine {

namespace {

// Elements that are worth a thread.
constexpr std::int64_t kPiece = std::int64_t{1} << 16;

bool is_plain(const at::Tensor& x) { return x.scalar_type() == at::kFloat && x.is_cpu(); }

// What a kernel may be given: contiguous float32 on the CPU.
at::Tensor for_kernel(const at::Tensor& x) {
  if (is_plain(x) && x.is_contiguous()) return x;
  return x.to(at::kCPU, at::kFloat).contiguous();
}

// The same, in the layout of x where it does not matter: convolutions have their own.
at::Tensor for_format(const run::Quantizer& format, const at::Tensor& x) {
  const bool any_order = format.elements_apart() && is_plain(x);
  return any_order && x.is_non_overlapping_and_dense() ? x : for_kernel(x);
}

at::Tensor back_to(const at::Tensor& like, const at::Tensor& y) {
  return like.is_cpu() ? y : y.to(like.device());
}

// Calls run(first element, shape) for the whole tensor, or for parts of it on several threads where
// the format makes the same of them one by one: which parts changes no bit.
template <typename Run>
void in_pieces(const run::Quantizer& format, at::IntArrayRef shape, const Run& run) {
  const std::int64_t total = c10::multiply_integers(shape);
  if (total < 2 * kPiece) return run(0, shape);
  if (format.elements_apart()) {
    at::parallel_for(0, total, kPiece, [&](std::int64_t begin, std::int64_t end) {
      run(begin, at::IntArrayRef{end - begin});
    });
  } else if (format.rows_apart() && shape.size() > 1) {
    const std::int64_t row = total / shape[0];
    at::parallel_for(0, shape[0], std::max<std::int64_t>(kPiece / row, 1),
                     [&](std::int64_t begin, std::int64_t end) {
                       at::DimVector part(shape);
                       part[0] = end - begin;
                       run(begin * row, at::IntArrayRef(part));
                     });
  } else {
    run(0, shape);
  }
}

void quantize(const run::Quantizer& format, const float* from, float* to, at::IntArrayRef shape,
              bool training, run::RandomPlace place) {
  in_pieces(format, shape, [&](std::int64_t first, at::IntArrayRef part) {
    format.quantize(from + first, to + first, part, training, place);
  });
}

at::Tensor gradient(const run::Quantizer& format, const at::Tensor& x, const at::Tensor& dy,
                    bool training, run::RandomPlace place) {
  const at::Tensor in = for_format(format, x);
  at::Tensor dx = at::empty_like(in);
  const bool fits = is_plain(dy) && dy.strides() == dx.strides();
  const at::Tensor upstream = fits ? dy : at::empty_like(in).copy_(dy);
  in_pieces(format, in.sizes(), [&](std::int64_t first, at::IntArrayRef part) {
    format.backward(in.data_ptr<float>() + first, upstream.data_ptr<float>() + first,
                    dx.data_ptr<float>() + first, part, training, place);
  });
  return back_to(x, dx);
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
  const at::Tensor in = for_format(format, x);
  at::Tensor out = at::empty_like(in);
  const auto* from = in.data_ptr<float>();
  if (training || format.elements_apart() || format.rows_apart()) {
    quantize(format, from, out.data_ptr<float>(), in.sizes(), training, place);
  } else {
    format.quantize_rows(from, out.data_ptr<float>(), in.sizes(), place, rows);
  }
  return back_to(x, out);
}

void quantize_into(const run::Quantizer& format, const at::Tensor& x, at::Tensor& y, bool training,
                   run::RandomPlace place) {
  const at::Tensor in = for_kernel(x);
  quantize(format, in.data_ptr<float>(), y.data_ptr<float>(), in.sizes(), training, place);
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
