#include "quantizer.hpp"

#include <algorithm>
#include <cmath>

namespace onnx_writer {

namespace {

using Rounding = Quantizer::Rounding;

lathe::error cannot(std::string_view why) { return {LATHE_UNIMPLEMENTED, std::string(why)}; }

float rounded(Rounding how, float x) {
  switch (how) {
    case Rounding::floor:
      return std::floor(x);
    case Rounding::ceil:
      return std::ceil(x);
    case Rounding::toward_zero:
      return std::trunc(x);
    case Rounding::half_even:
      break;
  }
  return std::nearbyint(x);
}

// Of codes that share what makes values of them along one dimension, or all.
std::optional<std::size_t> axis_of(const lathe_integer_codes& codes, lathe::shape shape) {
  if (codes.scale_count == 1 || codes.block_shape == nullptr) return std::nullopt;
  std::optional<std::size_t> axis;
  for (std::size_t d = 0; d < shape.size(); ++d) {
    if (codes.block_shape[d] >= shape[d]) continue;
    if (axis || codes.block_shape[d] != 1) {
      throw cannot(
          "its elements share scales in blocks, and ONNX has one for all or for each "
          "index of one dimension");
    }
    axis = d;
  }
  return axis;
}

Quantizer described(const lathe_integer_codes& codes, lathe::shape shape) {
  Quantizer out;
  out.width = static_cast<int>(codes.width);
  out.is_signed = codes.is_signed != 0;
  out.axis = axis_of(codes, shape);
  out.scale.clear();
  for (std::uint64_t i = 0; i < codes.scale_count; ++i) {
    out.scale.push_back(static_cast<float>(codes.scale[i]));
  }
  if (codes.zero_point != nullptr) {
    out.zero_point.assign(codes.zero_point, codes.zero_point + codes.scale_count);
  }
  if (codes.levels != nullptr) {
    const bool two = codes.level_count == 2 && codes.levels[1] == 1;
    if (!two || (codes.levels[0] != -1 && codes.levels[0] != 0)) {
      throw cannot("its values are those of a table, not integers times a scale");
    }
    out.is_bipolar = codes.levels[0] == -1;
    out.is_signed = false;
  }
  for (const float s : out.scale) {
    if (!(s > 0) || !std::isfinite(s)) throw cannot("its scale is no float32 above 0");
  }
  return out;
}

bool makes(const Quantizer& quantizer, lathe::span<const float> x, lathe::span<const float> y,
           lathe::shape shape) {
  const AlongAxis index(quantizer.axis, shape);
  for (std::uint64_t i = 0; i < x.size(); ++i) {
    if (quantizer.value(x[i], index(i)) != y[i]) return false;
  }
  return true;
}

// The quantizer with the rounding and the ends that make y of x.
std::optional<Quantizer> fitted(Quantizer quantizer, lathe::span<const float> x,
                                lathe::span<const float> y, lathe::shape shape) {
  for (const Rounding rounding :
       {Rounding::half_even, Rounding::floor, Rounding::ceil, Rounding::toward_zero}) {
    for (const bool narrow : {false, true}) {
      quantizer.rounding = rounding;
      quantizer.is_narrow = narrow;
      if (makes(quantizer, x, y, shape)) return quantizer;
    }
  }
  return std::nullopt;
}

// A tensor of numbers to try a format on.
class Trial {
 public:
  explicit Trial(std::vector<std::int64_t> shape) : shape_(std::move(shape)) {
    x_.resize(lathe::element_count({shape_.data(), shape_.size()}));
  }
  std::vector<float>& x() { return x_; }
  lathe::shape shape() const { return {shape_.data(), shape_.size()}; }

  Quantizer described_by(const lathe::used_format& format) {
    codes_.resize(x_.size());
    return described(format.codes(lent(x_), {codes_.data(), codes_.size()}), shape());
  }
  std::vector<float> quantized_by(const lathe::used_format& format) {
    std::vector<float> y(x_.size());
    lathe_tensor into = lent(y);
    format.quantize(lent(x_), into);
    return y;
  }

 private:
  lathe_tensor lent(std::vector<float>& numbers) {
    lathe_tensor out = {};
    out.struct_size = sizeof out;
    out.dl.data = numbers.data();
    out.dl.device = {kDLCPU, 0};
    out.dl.ndim = static_cast<std::int32_t>(shape_.size());
    out.dl.dtype = lathe::detail::dl_type<float>();
    out.dl.shape = shape_.data();
    return out;
  }

  std::vector<std::int64_t> shape_;
  std::vector<float> x_;
  std::vector<std::int64_t> codes_;
};

// Rows of a trial: each index of a dimension sees as many numbers.
constexpr std::int64_t kRows = 64;

// What is far out, and numbers between codes, near the middle and not on it: there float32's
// quotients decide.
void fill(std::vector<float>& x, const Quantizer& quantizer, const AlongAxis& index,
          std::uint64_t row) {
  constexpr float kBetween[] = {0.0F, 0.26F, 0.49F, 0.51F, 0.74F, 0.97F};
  constexpr std::uint64_t kPlaces = std::size(kBetween);
  for (std::uint64_t i = 0; i < x.size(); ++i) {
    const std::uint64_t n = i / row;
    const float s = quantizer.scale_at(index(i));
    const auto whole = static_cast<float>(static_cast<std::int64_t>(n / kPlaces) - 5);
    x[i] = n + 2 == kRows ? -1e30F : n + 1 == kRows ? 1e30F : (whole + kBetween[n % kPlaces]) * s;
  }
}

Quantizer of_activation(const lathe::used_format& format, const std::vector<std::int64_t>& shape) {
  Trial trial(shape);
  std::vector<float>& x = trial.x();
  for (std::uint64_t i = 0; i < x.size(); ++i) {
    x[i] = 3 * std::sin(0.7F * static_cast<float>(i % 1024));
  }
  const Quantizer first = trial.described_by(format);
  for (float& number : x) number = 0.0625F * number + 0.01F;
  if (!(trial.described_by(format) == first)) {
    throw cannot(
        "its scale follows from each tensor, and ONNX has numbers; let calibration choose "
        "it");
  }
  fill(x, first, AlongAxis(first.axis, trial.shape()),
       x.size() / static_cast<std::uint64_t>(kRows));
  const std::vector<float> y = trial.quantized_by(format);
  const auto found = fitted(first, {x.data(), x.size()}, {y.data(), y.size()}, trial.shape());
  if (!found) throw cannot("it does not round a number to a multiple of a scale");
  return *found;
}

}  // namespace

bool Quantizer::operator==(const Quantizer& other) const {
  return is_bipolar == other.is_bipolar && width == other.width && is_signed == other.is_signed &&
         is_narrow == other.is_narrow && scale == other.scale && zero_point == other.zero_point &&
         axis == other.axis && rounding == other.rounding;
}

bool Quantizer::has_zero_point() const {
  return std::any_of(zero_point.begin(), zero_point.end(), [](std::int64_t z) { return z != 0; });
}

float Quantizer::low() const {
  return is_signed ? -std::ldexp(1.0F, width - 1) + (is_narrow ? 1.0F : 0.0F) : 0.0F;
}
float Quantizer::high() const {
  const float end = std::ldexp(1.0F, is_signed ? width - 1 : width);
  return end - (is_narrow && !is_signed ? 2.0F : 1.0F);
}

float Quantizer::code(float x, std::size_t index) const {
  if (is_bipolar) return x >= 0 ? 1.0F : -1.0F;
  const float k = x / scale_at(index) + static_cast<float>(zero_point_at(index));
  return rounded(rounding, std::min(std::max(k, low()), high()));
}
float Quantizer::value(float x, std::size_t index) const {
  return (code(x, index) - static_cast<float>(zero_point_at(index))) * scale_at(index);
}

AlongAxis::AlongAxis(const std::optional<std::size_t>& axis, lathe::shape shape) {
  if (!axis) return;
  extent_ = static_cast<std::uint64_t>(shape[*axis]);
  for (std::uint64_t d = *axis + 1; d < shape.size(); ++d) {
    inner_ *= static_cast<std::uint64_t>(shape[d]);
  }
}

Quantizer quantizer_of_activation(const lathe::used_format& format,
                                  const std::vector<std::int64_t>& row) {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 25;  // numbers of a trial
  std::vector<std::int64_t> whole = {kRows}, small = {kRows};
  whole.insert(whole.end(), row.begin(), row.end());
  // What goes by channels sees all of them.
  for (std::size_t d = 0; d < row.size(); ++d) small.push_back(d == 0 ? row[d] : 1);
  try {
    return of_activation(format, small);
  } catch (const lathe::error&) {
    if (small == whole || lathe::element_count({whole.data(), whole.size()}) > kMost) throw;
  }
  return of_activation(format, whole);
}

QuantizedParameter quantizer_of_parameter(const lathe::used_format& format,
                                          lathe::tensor<const float> parameter) {
  Trial trial(parameter.shape().to_vector());
  trial.x().assign(parameter.begin(), parameter.end());
  QuantizedParameter out{trial.described_by(format), trial.x()};
  std::vector<float> y = trial.quantized_by(format);
  const auto found = fitted(out.quantizer, {out.numbers.data(), out.numbers.size()},
                            {y.data(), y.size()}, trial.shape());
  if (found) {
    out.quantizer = *found;
    return out;
  }
  // Ternary formats, eg, choose by a threshold: their values stand for the numbers.
  out.numbers = y;
  if (!makes(out.quantizer, {y.data(), y.size()}, {y.data(), y.size()}, trial.shape())) {
    throw cannot("its values are no multiples of a scale");
  }
  return out;
}

}  // namespace onnx_writer
