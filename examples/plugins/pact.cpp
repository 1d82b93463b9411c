// A number format that learns: PACT (Choi et al., 2018) for activations. Values are 2^width - 1
// equal steps from 0 to a clipping level, which is trained with the weights.
#include <lathe/lathe.hpp>

#include <cmath>

class Pact {
 public:
  static constexpr lathe_option options[] = {
      lathe::int_option("width", "Bits of a value.").by_default("4").within("1..16").tunable(),
      lathe::float_option("start", "The level at first.").by_default("10").within("0<..1000"),
  };

  explicit Pact(lathe::options o) : width_(o.integer("width")), start_(o.real("start")) {}

  std::vector<lathe::state_spec> state(const lathe::site&) const {
    return {lathe::learned("alpha", start_)};
  }

  void quantize(const lathe::format_context& context, lathe::tensor<const float> x,
                lathe::tensor<float> y) const {
    const float alpha = context.state(0)[0];
    const float step = alpha / (std::ldexp(1.0F, static_cast<int>(width_)) - 1);
    for (std::uint64_t i = 0; i < x.size(); ++i)
      y[i] = std::nearbyint((x[i] < 0 ? 0 : x[i] > alpha ? alpha : x[i]) / step) * step;
  }

  // The level hears of what it clips, x of what lies between 0 and the level.
  void backward(const lathe::format_context& context, lathe::tensor<const float> x,
                const lathe::format_gradients& gradients) const {
    const float alpha = context.state(0)[0];
    for (std::uint64_t i = 0; i < x.size(); ++i) {
      gradients.dx()[i] = x[i] >= 0 && x[i] < alpha ? gradients.dy()[i] : 0;
      if (x[i] >= alpha) gradients.state(0)[0] += gradients.dy()[i];
    }
  }

  double bits() const { return static_cast<double>(width_); }

 private:
  std::int64_t width_;
  double start_;
};
LATHE_FORMAT(Pact, "example.pact", "1.0.0", "Steps up to a level that is learned (PACT).")
