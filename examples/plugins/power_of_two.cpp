// A number format: signed powers of two and zero, so that a multiplication is a shift. `width` bits
// hold 2^(width-1) - 1 exponents, the largest being `top`. Gradients pass straight through.
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
      : width_(static_cast<int>(o.integer("width"))),
        largest_(std::ldexp(1.0F, static_cast<int>(o.integer("top")))),
        least_(std::ldexp(largest_, 2 - (1 << (width_ - 1)))) {}

  double bits() const { return width_; }
  float nearest(float x) const {
    if (std::isnan(x)) return x;
    const float size = std::fmin(std::fabs(x), largest_);
    if (size < least_ / 2) return 0.0F;
    int exponent = 0;
    const float fraction = std::frexp(std::fmax(size, least_), &exponent);  // in [0.5, 1)
    return std::copysign(std::ldexp(1.0F, fraction < 0.75F ? exponent - 1 : exponent), x);
  }

 private:
  int width_;
  float largest_, least_;
};
LATHE_FORMAT(PowerOfTwo, "power_of_two", "1.0.0", "Signed powers of two and zero.")
