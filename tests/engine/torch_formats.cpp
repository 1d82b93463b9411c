// Written from the definitions in docs/mase.md and the papers, not from the plugins.
#include "tests/engine/torch_formats.hpp"

#include <cmath>
#include <optional>
#include <stdexcept>
#include <string>

namespace lathe_test {
namespace {

using at::Tensor;
using lathe::Value;

struct Call {
  const Value& options;
  const TorchSite& site;
  const std::vector<Tensor>& state;

  bool has(std::string_view name) const {
    const Value* value = options.find(name);
    return value != nullptr && !value->is_none();
  }
  const Value& option(std::string_view name) const {
    const Value* value = options.find(name);
    if (value == nullptr) {
      throw std::invalid_argument("no option '" + std::string(name) + "' in " + options.text());
    }
    return *value;
  }
  int integer(std::string_view name) const { return static_cast<int>(option(name).as_int()); }
  int integer_or(std::string_view name, int otherwise) const {
    return has(name) ? integer(name) : otherwise;
  }
  bool flag(std::string_view name) const { return option(name).as_bool(); }
  const std::string& text(std::string_view name) const { return option(name).as_string(); }
  bool has_sign() const { return flag("is_signed") && !site.is_unsigned; }
};

double power(int exponent) { return std::ldexp(1.0, exponent); }

// Exact for the whole exponents that floats have.
Tensor power(const Tensor& exponent) { return at::exp2(exponent); }

// The exponent E of 2^E <= abs(x) < 2^(E+1). frexp is exact where log2 rounds up; -inf for 0.
Tensor exact_exponent(const Tensor& magnitude) {
  const auto [fraction, exponent] = at::frexp(magnitude);
  return at::where(magnitude > 0, exponent.to(at::kFloat) - 1,
                   at::full({}, -INFINITY, magnitude.options()));
}

// A tensor seen as blocks: dimensions that have more than one element of a block are cut in two.
class Blocks {
 public:
  Blocks(const Tensor& x, std::vector<std::int64_t> size, bool is_activation)
      : shape_(x.sizes().vec()) {
    const std::size_t rank = shape_.size();
    while (size.size() > rank) size.erase(size.begin());
    size.insert(size.begin(), rank - size.size(), 1);
    if (is_activation && rank > 0) size[0] = 1;
    std::vector<std::int64_t> padding;  // of the last dimension first
    bool is_ragged = false;
    for (std::size_t d = 0; d < rank; ++d) {
      const std::int64_t block = size[d] == -1 ? shape_[d] : std::min(size[d], shape_[d]);
      const std::int64_t count = (shape_[d] + block - 1) / block;
      padding.insert(padding.begin(), {0, count * block - shape_[d]});
      is_ragged = is_ragged || count * block != shape_[d];
      padded_.push_back(count * block);
      if (count > 1 || block == 1) cut_.push_back(count);
      if (block > 1) {
        along_.push_back(static_cast<std::int64_t>(cut_.size()));
        cut_.push_back(block);
      }
    }
    blocks_ = (is_ragged ? at::constant_pad_nd(x, padding) : x).reshape(cut_);
    is_ragged_ = is_ragged;
  }

  const Tensor& values() const { return blocks_; }
  // One number for each block, for broadcasting.
  Tensor largest() const {
    const Tensor magnitude = at::abs(blocks_);
    return along_.empty() ? magnitude : at::amax(magnitude, along_, true);
  }
  Tensor joined(const Tensor& y) const {
    if (!is_ragged_) return y.reshape(shape_);
    Tensor out = y.reshape(padded_);
    for (std::size_t d = 0; d < shape_.size(); ++d) {
      out = out.narrow(static_cast<std::int64_t>(d), 0, shape_[d]);
    }
    return out;
  }

 private:
  std::vector<std::int64_t> shape_, padded_, cut_, along_;
  Tensor blocks_;
  bool is_ragged_ = false;
};

Blocks blocks_of(const Call& call, const Tensor& x) {
  const Value& given = call.option("block_size");
  std::vector<std::int64_t> size;
  if (given.is_int()) {
    size.push_back(given.as_int());
  } else {
    for (const Value& item : given.as_list()) size.push_back(item.as_int());
  }
  return {x, size, call.site.is_activation};
}

// Codes from low to high.
struct Range {
  double low, high;
};
Range codes(int width, bool is_signed, bool narrow = false) {
  if (!is_signed) return {0, power(width) - (narrow ? 2 : 1)};
  return {-power(width - 1) + (narrow ? 1 : 0), power(width - 1) - 1};
}

// --- Element by element

Tensor integer(const Call& call, const Tensor& x, Tensor (*rounded)(const Tensor&)) {
  const int width = call.integer("width");
  const double scale = power(call.integer_or("frac_width", width / 2));
  const auto [low, high] = codes(width, call.has_sign());
  return at::clamp(rounded(x * scale), low, high) / scale;
}

Tensor to_nearest(const Tensor& x) { return at::round(x); }
Tensor down(const Tensor& x) { return at::floor(x); }
Tensor up(const Tensor& x) { return at::ceil(x); }
Tensor to_zero(const Tensor& x) { return at::trunc(x); }

// Mantissas of `m` bits with an implicit one, exponents from `least` to `most` (numbers or, for
// blocks, tensors), gradual underflow. Log2 that rounds up to a power of two does no harm: the next
// binade's grid holds that power, and everything that rounds to it.
Tensor minifloat(const Tensor& x, int m, double least, double most, double largest,
                 Tensor (*rounded)(const Tensor&) = to_nearest) {
  const Tensor exponent = at::clamp(at::floor(at::log2(at::abs(x))), least, most);
  const Tensor step = power(exponent - m);
  return at::clamp(rounded(x / step) * step, -largest, largest);
}

double largest_minifloat(int m, int exponent) { return power(exponent) * (2 - power(-m)); }

int exponent_bias(const Call& call, int exponent_width) {
  return call.integer_or("exponent_bias", static_cast<int>(power(exponent_width - 1)) - 1);
}

Tensor minifloat_ieee(const Call& call, const Tensor& x) {
  const int e = call.integer("exponent_width"), m = call.integer("width") - e - 1;
  const int bias = exponent_bias(call, e), most = static_cast<int>(power(e)) - 1 - bias;
  return minifloat(x, m, 1 - bias, most, largest_minifloat(m, most));
}

// Without an implicit one: x below 2^E has its grid there.
Tensor minifloat_denorm(const Call& call, const Tensor& x) {
  const int e = call.integer("exponent_width"), m = call.integer("width") - e - 1;
  const int bias = exponent_bias(call, e), most = static_cast<int>(power(e)) - 1 - bias;
  const Tensor exponent = at::clamp(at::floor(at::log2(at::abs(x))) + 1, -bias, most);
  const Tensor step = power(exponent - m);
  const double largest = power(most) * (1 - power(-m));
  return at::clamp(at::round(x / step) * step, -largest, largest);
}

Tensor minifloat_mx(const Call& call, const Tensor& x) {
  const int e = call.integer_or("exp_bits", 4), m = call.integer_or("frac_bits", 3);
  const int bias = static_cast<int>(power(e - 1)) - 1;
  int most = static_cast<int>(power(e)) - 1 - bias;
  double largest = largest_minifloat(m, most);
  const bool is_ocps = (e == 5 && m == 2) || (e == 4 && m == 3);
  if (call.has("is_finite") ? !call.flag("is_finite") : is_ocps) {
    // OCP's E4M3 gives up one code of the top binade, IEEE's like the whole of it.
    if (e == 4 && m == 3) {
      largest -= power(most - m);
    } else {
      largest = largest_minifloat(m, --most);
    }
  }
  const std::string& mode = call.text("round_mode");
  return minifloat(x, m, 1 - bias, most, largest,
                   mode == "rz"   ? to_zero
                   : mode == "ru" ? up
                   : mode == "rd" ? down
                                  : to_nearest);
}

Tensor signs(const Tensor& x) { return at::where(x < 0, -1.0F, 1.0F); }

Tensor log_format(const Call& call, const Tensor& x) {
  const int width = call.integer("width");
  const int bias = call.integer_or("exponent_bias", static_cast<int>(power(width - 2)) - 1);
  const int most = static_cast<int>(power(width - 1)) - 1 - bias;
  return signs(x) * power(at::clamp(at::round(at::log2(at::abs(x))), -bias, most));
}

// --- Scales

// A number for each index along the axis, for broadcasting.
Tensor along_axis(const Call& call, const Value& given, const Tensor& x) {
  if (!given.is_list()) return at::full({}, given.as_float(), x.options());
  std::vector<double> numbers;
  for (const Value& item : given.as_list()) numbers.push_back(item.as_float());
  const Tensor all = at::tensor(numbers, x.options());
  if (numbers.size() == 1) return all.reshape({});
  std::vector<std::int64_t> shape(static_cast<std::size_t>(x.dim()), 1);
  std::int64_t axis = call.integer("axis");
  if (axis < 0) axis += x.dim();
  shape[static_cast<std::size_t>(axis)] = all.numel();
  return all.reshape(shape);
}

struct Affine {
  Tensor scale, zero_point;
  Range range;
};
Affine affine_of(const Call& call, const Tensor& x) {
  return {along_axis(call, call.option("scale"), x), along_axis(call, call.option("zero_point"), x),
          codes(call.integer("width"), call.has_sign(), call.flag("narrow"))};
}

Tensor affine(const Call& call, const Tensor& x) {
  const auto [scale, zero_point, range] = affine_of(call, x);
  const std::string& rounding = call.text("rounding");
  const auto rounded = rounding == "floor"         ? down
                       : rounding == "ceil"        ? up
                       : rounding == "toward_zero" ? to_zero
                                                   : to_nearest;
  const Tensor k = rounded(at::clamp(x / scale + zero_point, range.low, range.high));
  return (k - zero_point) * scale;
}

Tensor scale_integer(const Call& call, const Tensor& x) {
  const double most = power(call.integer("width") - 1) - 1;
  const Tensor largest = at::amax(at::abs(x), {-1}, true);
  const Tensor scale = at::where(largest > 0, largest / most, 1.0F);
  return at::clamp(at::round(x / scale), -most, most) * scale;
}

// Dimensions to average over: all, or all but the one of channels or samples.
std::vector<std::int64_t> reduced(const Call& call, const Tensor& x, const std::string& per) {
  const std::int64_t kept = per == "channel" ? call.site.channel_axis : per == "sample" ? 0 : -1;
  std::vector<std::int64_t> out;
  for (std::int64_t d = 0; d < x.dim(); ++d) {
    if (d != kept) out.push_back(d);
  }
  return out;
}

// No dimensions are none here, not all.
Tensor sum(const Tensor& x, const std::vector<std::int64_t>& over) {
  return over.empty() ? x : at::sum(x, over, true);
}
Tensor mean(const Tensor& x, const std::vector<std::int64_t>& over) {
  return over.empty() ? x : at::mean(x, over, true);
}

Tensor binary(const Call& call, const Tensor& x) {
  const std::string& scale = call.text("scale");
  const Tensor alpha =
      scale == "none" ? at::ones({}, x.options()) : mean(at::abs(x), reduced(call, x, scale));
  return at::where(x >= 0, alpha, call.flag("bipolar") ? -alpha : at::zeros_like(alpha));
}

Tensor flat(const std::vector<Tensor>& state) {
  std::vector<Tensor> numbers;
  for (const Tensor& each : state) numbers.push_back(each.reshape({-1}));
  return at::cat(numbers);
}

Tensor binary_residual(const Call& call, const Tensor& x) {
  Tensor rest = x.detach(), out = at::zeros_like(rest);
  const Tensor gamma = flat(call.state);
  for (std::int64_t i = 0; i < call.integer("levels"); ++i) {
    const Tensor sign = at::where(rest >= 0, 1.0F, -1.0F);
    const Tensor level = gamma[i] * sign;
    rest = rest - level.detach();
    out = out + level;
  }
  return out;
}

Tensor ternary(const Call& call, const Tensor& x) {
  const auto over = reduced(call, x, call.text("granularity"));
  const Tensor magnitude = at::abs(x);
  const Tensor kept = at::where(magnitude > 0.75 * mean(magnitude, over), 1.0F, 0.0F);
  if (!call.flag("scaling_factor")) return at::sign(x) * kept;
  const Tensor count = sum(kept, over);
  const Tensor alpha = sum(magnitude * kept, over) / at::clamp_min(count, 1);
  return at::sign(x) * kept * alpha;
}

Tensor lsq(const Call& call, const Tensor& x) {
  const auto [low, high] = codes(call.integer("width"), call.has_sign());
  const Tensor step = call.state.at(0);
  return at::round(at::clamp(x / step, low, high)) * step;
}

// --- Blocks

Tensor block_fp(const Call& call, const Tensor& x) {
  const int m = call.integer("width") - 1, e = call.integer("exponent_width");
  const int bias = exponent_bias(call, e), most = static_cast<int>(power(e)) - 1 - bias;
  const double high = power(m) - 1;
  const Blocks blocks = blocks_of(call, x);
  const Tensor largest = blocks.largest();
  Tensor exponent = exact_exponent(largest) + 1;
  // Rounding the largest one must not saturate.
  exponent = at::where(at::round(largest / power(exponent - m)) > high, exponent + 1, exponent);
  const Tensor step = power(at::clamp(exponent, -bias, most) - m);
  return blocks.joined(at::clamp(at::round(blocks.values() / step), -high, high) * step);
}

Tensor block_minifloat(const Call& call, const Tensor& x) {
  const int e = call.integer("exponent_width"), m = call.integer("width") - e - 1;
  const double top = power(e) - 1, widest = power(call.integer("exponent_bias_width")) - 1;
  const Blocks blocks = blocks_of(call, x);
  const Tensor bias = at::clamp(top - exact_exponent(blocks.largest()), 0, widest);
  const Tensor& values = blocks.values();
  const Tensor exponent =
      at::minimum(at::maximum(at::floor(at::log2(at::abs(values))), 1 - bias), top - bias);
  const Tensor step = power(exponent - m), largest = power(top - bias) * (2 - power(-m));
  const Tensor y = at::round(values / step) * step;
  return blocks.joined(at::minimum(at::maximum(y, -largest), largest));
}

Tensor block_log(const Call& call, const Tensor& x) {
  const double top = power(call.integer("width") - 1) - 1;
  const double widest = power(call.integer("exponent_bias_width")) - 1;
  const Blocks blocks = blocks_of(call, x);
  const Tensor bias = at::clamp(top - at::round(at::log2(blocks.largest())), 0, widest);
  const Tensor exponent = at::round(at::log2(at::abs(blocks.values())));
  return blocks.joined(signs(blocks.values()) *
                       power(at::minimum(at::maximum(exponent, -bias), top - bias)));
}

Tensor mxint(const Call& call, const Tensor& x) {
  const int n = call.integer("element_bits");
  const double high = power(n - 1) - 1;
  const double widest = power(call.integer_or("scale_bits", 8) - 1) - 1;
  const Blocks blocks = blocks_of(call, x);
  const Tensor scale =
      power(at::clamp(exact_exponent(blocks.largest()), -widest, widest) - (n - 2));
  return blocks.joined(at::clamp(at::round(blocks.values() / scale), -high, high) * scale);
}

struct Element {
  const char* name;
  int e, m, bias;
  double largest;
  int emax;
};
const Element& element(const std::string& name) {
  static const Element all[] = {
      {"E5M2", 5, 2, 15, 57344, 15}, {"E4M3", 4, 3, 7, 448, 8}, {"E3M2", 3, 2, 3, 28, 4},
      {"E2M3", 2, 3, 1, 7.5, 2},     {"E2M1", 2, 1, 1, 6, 2},   {"E1M2", 1, 2, 1, 1.75, 0},
  };
  for (const Element& each : all) {
    if (name == each.name) return each;
  }
  throw std::invalid_argument("no MX element '" + name + "'");
}

Tensor mxfp(const Call& call, const Tensor& x) {
  const Element& of = element(call.text("element"));
  const Blocks blocks = blocks_of(call, x);
  const Tensor scale = power(at::clamp(exact_exponent(blocks.largest()) - of.emax, -127, 127));
  return blocks.joined(minifloat(blocks.values() / scale, of.m, 1 - of.bias, of.emax, of.largest) *
                       scale);
}

Tensor mxint_hardware(const Call& call, const Tensor& x) {
  const int width = call.integer("width"), e = call.integer("exponent_width");
  std::vector<std::int64_t> tile;
  for (const Value& item : call.option("parallelism").as_list()) tile.push_back(item.as_int());
  const Blocks blocks(x, tile, call.site.is_activation);
  const auto [low, high] = codes(width, true);
  const Tensor largest = blocks.largest(), below = exact_exponent(largest);
  const Tensor above = at::where(largest == power(below), below, below + 1);
  const Tensor step = power(at::clamp(above - (width - 1), -power(e - 1), power(e - 1) - 1));
  return blocks.joined(at::clamp(at::round(blocks.values() / step), low, high) * step);
}

// --- All

using Formula = Tensor (*)(const Call&, const Tensor&);

struct Row {
  std::string_view id;
  Formula formula;
};

constexpr Row kFormulas[] = {
    {"integer", [](const Call& c, const Tensor& x) { return integer(c, x, to_nearest); }},
    {"fixed", [](const Call& c, const Tensor& x) { return integer(c, x, to_nearest); }},
    {"integer_floor", [](const Call& c, const Tensor& x) { return integer(c, x, down); }},
    {"minifloat_ieee", minifloat_ieee},
    {"minifloat_denorm", minifloat_denorm},
    {"minifloat_simple", minifloat_denorm},
    {"minifloat_mx", minifloat_mx},
    {"log", log_format},
    {"block_fp", block_fp},
    {"msfp", block_fp},
    {"block_minifloat", block_minifloat},
    {"block_log", block_log},
    {"mxint", mxint},
    {"mxfp", mxfp},
    {"mxint_hardware", mxint_hardware},
    {"scale_integer", scale_integer},
    {"affine", affine},
    {"lsq", lsq},
    {"binary", binary},
    {"binary_residual", binary_residual},
    {"ternary", ternary},
};

Formula formula_of(std::string_view id) {
  for (const Row& row : kFormulas) {
    if (row.id == id) return row.formula;
  }
  throw std::invalid_argument("no formula of '" + std::string(id) + "'");
}

// Beyond it the format passes no gradient; none: it passes everywhere.
std::optional<Tensor> clip(std::string_view id, const Call& call, const Tensor& x) {
  const bool clips = call.has("ste") ? call.text("ste") == "clipped" : id == "binary";
  if (!clips) return std::nullopt;
  if (id == "binary") return at::ones({}, x.options());
  return flat(call.state).detach().sum();
}

// Of value y, with the gradient of `through`.
Tensor straight_through(const Tensor& through, const Tensor& y) {
  return through + (y - through).detach();
}

// Esser et al. 2020, appendix B: the step's gradient is scaled, x's is cut where it is clipped.
Tensor differentiable_lsq(const Call& call, const Tensor& x) {
  const auto [low, high] = codes(call.integer("width"), call.has_sign());
  const double g = 1 / std::sqrt(static_cast<double>(x.numel()) * std::max(high, 1.0));
  const Tensor& learned = call.state.at(0);
  const Tensor step = learned * g + (learned - learned * g).detach();
  const Tensor k = at::clamp(x / step, low, high);
  return straight_through(k, at::round(k)) * step;
}

}  // namespace

Tensor torch_format(std::string_view id, const Value& options, const Tensor& x,
                    const TorchSite& site, const std::vector<Tensor>& state) {
  return formula_of(id)({options, site, state}, x);
}

Tensor differentiable_torch_format(std::string_view id, const Value& options, const Tensor& x,
                                   const TorchSite& site, const std::vector<Tensor>& state) {
  const Call call{options, site, state};
  if (id == "lsq") return differentiable_lsq(call, x);
  Tensor y;
  if (id == "binary_residual") {
    y = binary_residual(call, x);  // carries the gradients of its levels
  } else {
    const c10::NoGradGuard constant;
    y = torch_format(id, options, x, site, state);
  }
  Tensor through = x;
  if (id == "affine") {
    const auto [scale, zero_point, range] = affine_of(call, x);
    through = (at::clamp(x / scale + zero_point, range.low, range.high) - zero_point) * scale;
  } else if (const auto bound = clip(id, call, x)) {
    through = at::minimum(at::maximum(x, -*bound), *bound);
  }
  return y + (through - through.detach());
}

bool torch_format_in_place(std::string_view id, const Value& options, Tensor& x,
                           const TorchSite& site) {
  const Call call{options, site, {}};
  const auto fixed = [&](Tensor& (*rounded)(Tensor&)) {
    const int width = call.integer("width");
    const double scale = power(call.integer_or("frac_width", width / 2));
    const auto [low, high] = codes(width, call.has_sign());
    rounded(x.mul_(scale)).clamp_(low, high).div_(scale);
  };
  if (id == "integer" || id == "fixed") {
    fixed([](Tensor& t) -> Tensor& { return t.round_(); });
  } else if (id == "integer_floor") {
    fixed([](Tensor& t) -> Tensor& { return t.floor_(); });
  } else if (id == "affine" && call.text("rounding") == "half_even") {
    const auto [scale, zero_point, range] = affine_of(call, x);
    x.div_(scale).add_(zero_point).clamp_(range.low, range.high).round_();
    x.sub_(zero_point).mul_(scale);
  } else {
    return false;
  }
  return true;
}

}  // namespace lathe_test
