// A number format that learns: LSQ (Esser et al., "Learned step size quantization", ICLR 2020).
// Values are integers of `width` bits times a step, which is trained with the weights. It begins as
// the first tensor suggests that training brings; before any training, each tensor goes by its own.
#include <lathe/lathe.hpp>

#include <cmath>

class Lsq {
 public:
  static constexpr lathe_option options[] = {
      lathe::int_option("width", "Bits of a value; signed, unless the operand has no sign.")
          .by_default("4")
          .within("1..16")
          .in("bits")
          .tunable(),
  };

  explicit Lsq(lathe::options o) : width_(o.integer("width")) {}

  std::vector<lathe::state_spec> state(const lathe::site&) const {
    return {lathe::learned("step", 1.0), lathe::buffer("initialised")};
  }

  void quantize(const lathe::format_context& context, lathe::tensor<const float> x,
                lathe::tensor<float> y) const {
    const Codes codes = codes_of(context);
    const float step = step_of(context, codes, x);
    if (context.training()) {
      context.state_to_write(kStep)[0] = step;
      context.state_to_write(kInitialised)[0] = 1.0F;
    }
    for (std::uint64_t i = 0; i < x.size(); ++i) {
      y[i] = std::nearbyint(clipped(x[i] / step, codes)) * step;
    }
  }

  // Straight through where nothing is clipped; the gradient of the step is the paper's equation 3
  // times its gradient scale, 1 / sqrt(N Qp).
  void backward(const lathe::format_context& context, lathe::tensor<const float> x,
                const lathe::format_gradients& gradients) const {
    const Codes codes = codes_of(context);
    const float step = step_of(context, codes, x);
    const lathe::tensor<const float> dy = gradients.dy();
    double of_step = 0;
    for (std::uint64_t i = 0; i < x.size(); ++i) {
      const float code = x[i] / step;
      const bool inside = code > codes.low && code < codes.high;
      const float slope = inside ? std::nearbyint(code) - code : clipped(code, codes);
      gradients.dx()[i] = inside ? dy[i] : 0.0F;
      of_step += static_cast<double>(slope) * static_cast<double>(dy[i]);
    }
    // Of a batch of activations the paper counts the features of one sample.
    const bool rows = context.is_activation() && x.shape().size() > 1;
    const std::uint64_t count =
        rows ? x.size() / static_cast<std::uint64_t>(x.shape()[0]) : x.size();
    const double scale = std::sqrt(static_cast<double>(count) * positive(codes));
    gradients.state(kStep)[0] = static_cast<float>(of_step / scale);
  }

  double bits() const { return static_cast<double>(width_); }

 private:
  static constexpr std::uint64_t kStep = 0, kInitialised = 1;  // in the order of state()
  static constexpr float kSmallest = 1e-8F;                    // a step is never less

  struct Codes {
    float low, high;
  };
  Codes codes_of(const lathe::format_context& context) const {
    const int bits = static_cast<int>(width_);
    if (context.is_unsigned()) return {0.0F, std::ldexp(1.0F, bits) - 1.0F};
    return {-std::ldexp(1.0F, bits - 1), std::ldexp(1.0F, bits - 1) - 1.0F};
  }
  static float clipped(float code, const Codes& codes) {
    return code < codes.low ? codes.low : code > codes.high ? codes.high : code;
  }
  // Qp; one signed bit has none above zero, and stands for 1.
  static double positive(const Codes& codes) {
    return codes.high < 1.0F ? 1.0 : static_cast<double>(codes.high);
  }

  // The learned step, or before there is one 2 mean|x| / sqrt(Qp).
  static float step_of(const lathe::format_context& context, const Codes& codes,
                       lathe::tensor<const float> x) {
    float step = context.state(kStep)[0];
    if (context.state(kInitialised)[0] == 0.0F) {
      double sum = 0;
      for (const float value : x) sum += std::fabs(static_cast<double>(value));
      const double mean = x.size() == 0 ? 0 : sum / static_cast<double>(x.size());
      step = static_cast<float>(2 * mean / std::sqrt(positive(codes)));
    }
    return step > kSmallest ? step : kSmallest;
  }

  std::int64_t width_;
};
LATHE_FORMAT(Lsq, "example.lsq", "1.0.0", "Integers times a step that is learned (LSQ).")
