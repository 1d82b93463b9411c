// The kernel of rotary position embedding.
#include "core/engine/kernels/kernel_rows.hpp"

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <cmath>
#include <map>
#include <mutex>
#include <tuple>

namespace lathe::engine {

namespace {

// Of each position and pair, [length, width / 2].
struct Angles {
  at::Tensor cosine, sine;
};

using AnglesOf = std::tuple<double, std::int64_t, std::int64_t>;  // theta, length, width

Angles made(const AnglesOf& of) {
  const auto& [theta, length, width] = of;
  const at::Tensor angle = at::empty({length, width / 2}, at::kDouble);
  auto* out = angle.data_ptr<double>();
  for (std::int64_t position = 0; position < length; ++position) {
    for (std::int64_t j = 0; j < width / 2; ++j) {
      const double turn =
          std::pow(theta, -2.0 * static_cast<double>(j) / static_cast<double>(width));
      *out++ = static_cast<double>(position) * turn;
    }
  }
  return {angle.cos().to(at::kFloat), angle.sin().to(at::kFloat)};
}

// The same for all nodes that are alike, as long as one of them lives.
std::shared_ptr<const Angles> angles(const AnglesOf& of) {
  static std::mutex mutex;
  static std::map<AnglesOf, std::weak_ptr<const Angles>> known;
  const std::lock_guard lock(mutex);
  std::shared_ptr<const Angles> found = known[of].lock();
  if (!found) known[of] = found = std::make_shared<const Angles>(made(of));
  return found;
}

// Numbers that are worth a thread.
constexpr std::int64_t kPiece = std::int64_t{1} << 15;

// One head: rows of `width` numbers, whose halves turn with each other.
void turn_halves(const float* x, std::int64_t stride, float* y, const Angles& by,
                 std::int64_t length, std::int64_t width) {
  const std::int64_t half = width / 2;
  const float *cosine = by.cosine.data_ptr<float>(), *sine = by.sine.data_ptr<float>();
  for (std::int64_t i = 0; i < length; ++i, x += stride, cosine += half, sine += half) {
    float* __restrict out = y + i * width;
    for (std::int64_t j = 0; j < half; ++j) {
      out[j] = x[j] * cosine[j] - x[half + j] * sine[j];
      out[half + j] = x[half + j] * cosine[j] + x[j] * sine[j];
    }
  }
}

// In one pass over [batch, heads, length, width], without the eight of LibTorch's operators; the
// same bits.
bool turns_in_one_pass(const at::Tensor& x) {
  return c10::InferenceMode::is_enabled() && x.is_cpu() && x.scalar_type() == at::kFloat &&
         x.dim() == 4 && x.stride(3) == 1;
}

at::Tensor turned_halves(const at::Tensor& x, const Angles& by) {
  const std::int64_t heads = x.size(1), length = x.size(2), width = x.size(3);
  const std::int64_t of_head = length * width;
  at::Tensor y = at::empty(x.sizes(), x.options());
  const auto* from = x.data_ptr<float>();
  auto* to = y.data_ptr<float>();
  const std::int64_t grain = std::max<std::int64_t>(kPiece / std::max<std::int64_t>(of_head, 1), 1);
  at::parallel_for(0, x.size(0) * heads, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const float* head = from + i / heads * x.stride(0) + i % heads * x.stride(1);
      turn_halves(head, x.stride(2), to + i * of_head, by, length, width);
    }
  });
  return y;
}

Kernel rope(const KernelNode& node) {
  const Shape shape = node.input_shapes().at(0);
  const std::int64_t length = shape[shape.rank() - 2], width = shape[shape.rank() - 1];
  const bool halves = node.value("pairing").as_string() == "half";
  return [=, of = angles({node.number("theta"), length, width})](const KernelCall& call) {
    const at::Tensor& x = call.inputs[0];
    if (halves && turns_in_one_pass(x)) return turned_halves(x, *of);
    const at::Tensor cosine = of->cosine.to(x.device()), sine = of->sine.to(x.device());
    if (halves) {
      const at::Tensor a = x.narrow(-1, 0, width / 2), b = x.narrow(-1, width / 2, width / 2);
      return at::cat({a * cosine - b * sine, b * cosine + a * sine}, -1);
    }
    at::DimVector pairs(x.sizes());
    pairs.back() /= 2;
    pairs.push_back(2);
    const at::Tensor apart = x.reshape(pairs);
    const at::Tensor a = apart.select(-1, 0), b = apart.select(-1, 1);
    return at::stack({a * cosine - b * sine, b * cosine + a * sine}, -1).reshape(x.sizes());
  };
}

constexpr KernelRow kRows[] = {
    {"rope", rope},
};

}  // namespace

std::span<const KernelRow> rope_kernels() { return kRows; }

}  // namespace lathe::engine
