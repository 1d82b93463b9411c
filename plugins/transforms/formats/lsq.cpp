// Number format "lsq": integers times a step that is learned (Esser et al., "Learned step size
// quantization", ICLR 2020).
#include <lathe/lathe.hpp>

#include <cmath>

#include "axis.hpp"

namespace {

// The paper's -Q_N and Q_P.
struct Codes {
  double low, high;
};

// Adding and taking away rounds to the nearest integer, ties to even, of what is below 2^51.
constexpr double kToInteger = 0x1.8p52;

// Quotients in float. One that becomes a tie may not have been one: then there is work left for
// quantize_exactly(), which is given true for. NaN passes the comparisons.
LATHE_KERNEL
bool quantize_fast(const float* x, float* y, std::uint64_t count, float step, Codes codes) {
  const auto low = static_cast<float>(codes.low), high = static_cast<float>(codes.high);
  std::uint32_t ties = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    float code = x[i] / step;
    code = code < low ? low : code;
    code = code > high ? high : code;
    const float k = __builtin_rintf(code);
    ties |= __builtin_fabsf(code - k) == 0.5F ? 1U : 0U;
    y[i] = k * step + 0.0F;
  }
  return ties != 0;
}

// Quotients in double.
LATHE_KERNEL
void quantize_exactly(const float* x, float* y, std::uint64_t count, float step, Codes codes) {
  const auto exact = static_cast<double>(step);
  for (std::uint64_t i = 0; i < count; ++i) {
    double k = static_cast<double>(x[i]) / exact;
    k = k < codes.low ? codes.low : k;
    k = k > codes.high ? codes.high : k;
    k = (k + kToInteger) - kToInteger;
    y[i] = static_cast<float>(k) * step + 0.0F;
  }
}

void quantize_pieces(const float* x, float* y, std::uint64_t count, float step, Codes codes) {
  constexpr std::uint64_t kPiece = 1024;
  float piece[kPiece];
  for (std::uint64_t begin = 0; begin < count; begin += kPiece) {
    const std::uint64_t size = std::min(kPiece, count - begin);
    // y may be x, which the exact form needs as it was.
    if (x == y) std::memcpy(piece, x + begin, size * sizeof(float));
    const float* from = x == y ? piece : x + begin;
    if (quantize_fast(from, y + begin, size, step, codes)) {
      quantize_exactly(from, y + begin, size, step, codes);
    }
  }
}

constexpr std::uint64_t kLanes = 8;

// dx, and the gradient of the step in lanes.
LATHE_KERNEL
void gradient_of(const float* x, const float* dy, float* dx, std::uint64_t count, float step,
                 Codes codes, double* lanes) {
  constexpr std::uint64_t kPiece = 64;
  const auto exact = static_cast<double>(step);
  double terms[kPiece] = {};
  for (std::uint64_t begin = 0; begin < count; begin += kPiece) {
    const std::uint64_t size = count - begin < kPiece ? count - begin : kPiece;
    for (std::uint64_t i = 0; i < size; ++i) {
      const double code = static_cast<double>(x[begin + i]) / exact;
      const bool inside = (code > codes.low) & (code < codes.high);
      double k = code < codes.low ? codes.low : code;
      k = k > codes.high ? codes.high : k;
      k = (k + kToInteger) - kToInteger;
      const float upstream = dy[begin + i];
      terms[i] = (k - (inside ? code : 0.0)) * static_cast<double>(upstream);
      dx[begin + i] = inside ? upstream : 0.0F;
    }
    for (std::uint64_t i = size; i < kPiece; ++i) terms[i] = 0;
    for (std::uint64_t i = 0; i < kPiece; i += kLanes) {
      for (std::uint64_t lane = 0; lane < kLanes; ++lane) lanes[lane] += terms[i + lane];
    }
  }
}

class Lsq {
 public:
  static constexpr const char* details =
      "Values are `k * s` with integers k: from `-2^(width-1)` to `2^(width-1) - 1`, without sign "
      "(and on the input of a ReLU) from 0 to `2^width - 1`. x becomes the nearest value, of two "
      "equally near ones that with even k; what lies beyond the ends, infinities too, becomes the "
      "end. NaN stays NaN.\n\n"
      "The step s is learned for each tensor that the format sits on, as `QUANTIZER.step`. It "
      "begins as `2 * mean abs(x) / sqrt(Q)` of the first tensor of training that is not zero "
      "throughout, with the largest code Q, or as the option `step`, which calibration sets. "
      "Before that each tensor goes by its own step. Its sign does not count: it stays above 0.\n\n"
      "Gradients: `dx = dy` where `x / s` lies between the ends, else 0; `ds = sum of dy * g / "
      "sqrt(n * Q)`, g being `k - x / s` between the ends and k beyond, over the n elements of the "
      "tensor. Codes are the k; value = `code * s`.\n\n"
      "Source: Esser et al., \"Learned step size quantization\", ICLR 2020.\n\n"
      "Example: `lathe train jsc-tiny jsc-sim --max-epochs 1 --passes "
      "'quantize<by=type,linear={name=lsq,weight_width=3,data_in_width=4}>'`";
  static constexpr lathe_option options[] = {
      lathe::int_option("width", "Bits of a code; float32 holds all up to 24.")
          .by_default("8")
          .within("1..24")
          .in("bits")
          .tunable(),
      lathe::bool_option("is_signed", "Two's complement; ReLU is unsigned in any case.")
          .by_default("true"),
      lathe::float_option("step",
                          "Where the learned step begins. NA: as the first tensor of training "
                          "suggests.")
          .nullable()
          .by_default("NA")
          .within("0<.."),
      lathe::bool_option("mase_compat", "Changes nothing: the original has no such format.")
          .by_default("false"),
  };

  explicit Lsq(lathe::options o)
      : width_(static_cast<int>(o.integer("width"))), is_signed_(o.boolean("is_signed")) {
    if (!o.has("step")) return;
    const double given = o.real("step");
    step_ = static_cast<float>(given);
    if (!(step_ > 0) || std::isinf(step_)) {
      throw lathe::invalid_argument(
          lathe::join({formats::to_text(given), " is no step, which is a finite float32 above 0"}))
          .at_option("step");
    }
  }

  std::vector<lathe::state_spec> state(const lathe::site&) const {
    const bool given = step_ > 0;
    return {lathe::learned("step", given ? static_cast<double>(step_) : 1.0),
            lathe::buffer("initialised", given ? 1.0 : 0.0)};
  }

  void quantize(const lathe::format_context& context, lathe::tensor<const float> x,
                lathe::tensor<float> y) const {
    const Codes codes = codes_of(context.site());
    const float step = step_of(context, x);
    if (context.training() && !is_initialised(context) && has_magnitude(x)) {
      context.state_to_write(kStep)[0] = step;
      context.state_to_write(kInitialised)[0] = 1.0F;
    }
    formats::each(x.data(), y.data(), x.size(),
                  [&](const float* from, float* into, std::uint64_t count) {
                    quantize_pieces(from, into, count, step, codes);
                  });
  }

  // The paper's equations 3 and 5, with the gradient scale of its section 2.2.
  void backward(const lathe::format_context& context, lathe::tensor<const float> x,
                const lathe::format_gradients& gradients) const {
    double lanes[kLanes] = {};
    gradient_of(x.data(), gradients.dy().data(), gradients.dx().data(), x.size(),
                step_of(context, x), codes_of(context.site()), lanes);
    double sum = 0;
    for (const double lane : lanes) sum += lane;
    const double scale = std::sqrt(static_cast<double>(x.size()) * largest(context.site()));
    const float sign = std::signbit(context.state(kStep)[0]) ? -1.0F : 1.0F;
    gradients.state(kStep)[0] = x.size() == 0 ? 0.0F : sign * static_cast<float>(sum / scale);
  }

  lathe::integer_codes codes(const lathe::format_context& context, lathe::tensor<const float> x,
                             lathe::span<std::int64_t> codes) const {
    const Codes ends = codes_of(context.site());
    const auto step = static_cast<double>(step_of(context, x));
    for (std::uint64_t i = 0; i < x.size(); ++i) {
      if (std::isnan(x[i])) throw lathe::invalid_argument("NaN has no code");
      const double k = std::clamp(static_cast<double>(x[i]) / step, ends.low, ends.high);
      codes[i] = static_cast<std::int64_t>((k + kToInteger) - kToInteger);
    }
    lathe::integer_codes out;
    out.width = static_cast<std::uint32_t>(width_);
    out.is_signed = has_sign(context.site());
    out.scale = {step};
    return out;
  }

  std::optional<int> fit_axis(const lathe::site&) const {
    return step_ > 0 ? std::nullopt : std::optional<int>(-1);
  }
  lathe::value fit(const lathe::site& site, lathe::span<const lathe::seen> seen) const {
    if (seen[0].low > seen[0].high || !(seen[0].mean_magnitude > 0)) return lathe::value::map();
    return lathe::value::map({{"step", first_step(seen[0].mean_magnitude, site)}});
  }

  double storage_bits(const lathe::site& site) const {
    return width_ * static_cast<double>(lathe::element_count(site.shape()));
  }
  std::vector<lathe::value> precision() const { return {width_}; }

 private:
  static constexpr std::uint64_t kStep = 0, kInitialised = 1;  // in the order of state()
  static constexpr float kLeast = std::numeric_limits<float>::min();

  static bool is_initialised(const lathe::format_context& context) {
    return context.state(kInitialised)[0] != 0.0F;
  }
  static double mean_magnitude(lathe::tensor<const float> x) {
    return formats::magnitudes(x.data(), x.size(), {1, x.size()})[0].mean();
  }
  static bool has_magnitude(lathe::tensor<const float> x) {
    for (const float value : x) {
      if (std::fabs(value) > 0 && std::fabs(value) <= formats::kLargest) return true;
    }
    return false;
  }

  bool has_sign(const lathe::site& site) const { return is_signed_ && !site.is_unsigned(); }
  Codes codes_of(const lathe::site& site) const {
    if (!has_sign(site)) return {0.0, std::ldexp(1.0, width_) - 1.0};
    return {-std::ldexp(1.0, width_ - 1), std::ldexp(1.0, width_ - 1) - 1.0};
  }
  // Q; one signed bit has no code above zero, and 1 stands for it.
  double largest(const lathe::site& site) const { return std::max(codes_of(site).high, 1.0); }

  float first_step(double mean, const lathe::site& site) const {
    const double step = 2 * mean / std::sqrt(largest(site));
    return std::clamp(static_cast<float>(step), kLeast, formats::kLargest);
  }
  float step_of(const lathe::format_context& context, lathe::tensor<const float> x) const {
    if (is_initialised(context)) return std::max(std::fabs(context.state(kStep)[0]), kLeast);
    const double mean = mean_magnitude(x);
    return mean > 0 ? first_step(mean, context.site()) : 1.0F;
  }

  int width_;
  bool is_signed_;
  float step_ = 0;  // 0: open
};

}  // namespace

LATHE_FORMAT(Lsq, "lsq", "1.0.0", "Integers times a step that is learned (LSQ).")
