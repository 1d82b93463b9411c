// A number format: signed powers of two and zero, so that a multiplication is a shift. With `width`
// bits there are 2^(width-1) - 1 exponents, the largest being `top`. Gradients pass straight
// through.
#include <lathe/lathe.hpp>

#include <cmath>

class PowerOfTwo {
 public:
  static constexpr lathe_option options[] = {
      lathe::int_option("width", "Bits of a value, sign included.")
          .by_default("4")
          .within("2..8")
          .in("bits")
          .tunable(),
      lathe::int_option("top", "Exponent of the largest value.").by_default("1").within("-60..60"),
  };

  explicit PowerOfTwo(lathe::options o)
      : width_(o.integer("width")),
        top_(static_cast<int>(o.integer("top"))),
        bottom_(top_ - (1 << (width_ - 1)) + 2) {}

  std::vector<lathe::value> precision() const { return {width_, top_}; }
  double bits() const { return static_cast<double>(width_); }
  float nearest(float x) const {
    if (std::isnan(x)) return x;
    const float size = std::fabs(x), least = std::ldexp(1.0F, bottom_);
    if (size < least / 2) return std::copysign(0.0F, x);
    if (size <= least) return std::copysign(least, x);
    if (size >= std::ldexp(1.0F, top_)) return std::copysign(std::ldexp(1.0F, top_), x);
    int exponent = 0;
    const float fraction = std::frexp(size, &exponent);  // in [0.5, 1)
    return std::copysign(std::ldexp(1.0F, fraction < 0.75F ? exponent - 1 : exponent), x);
  }

 private:
  std::int64_t width_;
  int top_, bottom_;
};
LATHE_FORMAT(PowerOfTwo, "power_of_two", "1.0.0", "Signed powers of two and zero.")
