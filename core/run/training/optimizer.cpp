// Flat optimizers. Knows nothing about LibTorch or graphs.
#include "core/run/training/optimizer.hpp"

#include "core/base/error.hpp"

#include <fmt/format.h>

#include <cmath>

namespace lathe::run {

namespace {

// The loops below are element-wise, so wider vectors give the same numbers on every machine: none
// of the targets contracts a*b+c. A sanitizer's runtime is not ready when the choice is made.
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define LATHE_VECTORISED __attribute__((target_clones("default", "avx2")))
#else
#define LATHE_VECTORISED
#endif

struct AdamConstants {
  float beta1, one_minus_beta1, beta2, one_minus_beta2;
  float step_size, root_correction2, eps, decay, shrink;
};

// Kingma and Ba, "Adam", 2015, algorithm 1 with PyTorch's order of operations; decoupled decay as
// Loshchilov and Hutter, "Decoupled weight decay regularization", 2019.
LATHE_VECTORISED void adam(float* __restrict p, const float* __restrict g, float* __restrict m,
                           float* __restrict v, std::size_t n, const AdamConstants& constants) {
  const AdamConstants c = constants;
  for (std::size_t i = 0; i < n; ++i) {
    const float x = p[i] * c.shrink;
    const float gradient = g[i] + c.decay * x;
    m[i] = m[i] * c.beta1 + gradient * c.one_minus_beta1;
    v[i] = v[i] * c.beta2 + gradient * gradient * c.one_minus_beta2;
    p[i] = x - c.step_size * (m[i] / (std::sqrt(v[i]) / c.root_correction2 + c.eps));
  }
}

// Nesterov's momentum as PyTorch has it (Sutskever et al., 2013, rearranged).
LATHE_VECTORISED void sgd(float* __restrict p, const float* __restrict g, float* __restrict m,
                          std::size_t n, float learning_rate, float momentum, float decay) {
  for (std::size_t i = 0; i < n; ++i) {
    const float gradient = g[i] + decay * p[i];
    m[i] = m[i] * momentum + gradient;
    p[i] -= learning_rate * (gradient + momentum * m[i]);
  }
}

constexpr double kBeta1 = 0.9, kBeta2 = 0.999, kEps = 1e-8, kMomentum = 0.9;

}  // namespace

OptimizerKind optimizer_from_name(std::string_view name) {
  if (name == "adam") return OptimizerKind::adam;
  if (name == "adamw") return OptimizerKind::adamw;
  if (name == "sgd") return OptimizerKind::sgd;
  throw usage_error(fmt::format("unknown optimizer '{}'; there are adam, adamw and sgd", name));
}

Optimizer::Optimizer(OptimizerKind kind, std::size_t size, double weight_decay)
    : kind_(kind), weight_decay_(weight_decay), first_(size) {
  if (kind != OptimizerKind::sgd) second_.resize(size);
}

void Optimizer::step(std::span<float> values, std::span<const float> gradients,
                     double learning_rate) {
  ++steps_;
  const auto decay = static_cast<float>(weight_decay_);
  if (kind_ == OptimizerKind::sgd) {
    sgd(values.data(), gradients.data(), first_.data(), values.size(),
        static_cast<float>(learning_rate), static_cast<float>(kMomentum), decay);
    return;
  }
  const auto t = static_cast<double>(steps_);
  AdamConstants c{};
  c.beta1 = static_cast<float>(kBeta1);
  c.one_minus_beta1 = static_cast<float>(1.0 - kBeta1);
  c.beta2 = static_cast<float>(kBeta2);
  c.one_minus_beta2 = static_cast<float>(1.0 - kBeta2);
  c.step_size = static_cast<float>(learning_rate / (1.0 - std::pow(kBeta1, t)));
  c.root_correction2 = static_cast<float>(std::sqrt(1.0 - std::pow(kBeta2, t)));
  c.eps = static_cast<float>(kEps);
  const bool decoupled = kind_ == OptimizerKind::adamw;
  c.decay = decoupled ? 0.0F : decay;
  c.shrink = decoupled ? static_cast<float>(1.0 - learning_rate * weight_decay_) : 1.0F;
  adam(values.data(), gradients.data(), first_.data(), second_.data(), values.size(), c);
}

}  // namespace lathe::run
