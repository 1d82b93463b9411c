#include "core/cli/format/representable.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <set>

namespace lathe {

namespace {

using Floats = std::vector<float>;
constexpr float kHuge = std::numeric_limits<float>::max();

// Tensors of any size whose elements lie along the last dimension, of a rank and in a place that
// the format takes: its options may speak of dimensions, and channels are not to share nothing.
class Bench {
 public:
  explicit Bench(const PlacedFormat& format) : format_(format) {
    constexpr std::size_t kRanks[] = {3, 4, 2, 1};
    std::optional<Error> first;
    for (const bool channels_last : {false, true}) {
      for (const std::size_t rank : kRanks) {
        rank_ = rank;
        const std::int32_t axis = format_.channels_of(shape(2));
        if ((axis == static_cast<std::int32_t>(rank) - 1) != channels_last) continue;
        try {
          quantize({1.0F, -1.0F});
          return;
        } catch (const Error& error) {
          if (!first) first = error;
        }
      }
    }
    throw *first;
  }

  Floats quantize(const Floats& x) const { return format_.quantize(shape(x.size()), x); }
  // None where it has none with its options.
  std::optional<IntegerCodes> codes(const Floats& x) const {
    if (!format_.format().has_codes()) return std::nullopt;
    try {
      return format_.codes(shape(x.size()), x);
    } catch (const Error& error) {
      if (error.code() == LATHE_UNIMPLEMENTED) return std::nullopt;
      throw;
    }
  }

 private:
  Shape shape(std::size_t elements) const {
    std::vector<std::int64_t> extents(rank_, 1);
    extents.back() = static_cast<std::int64_t>(elements);
    return Shape(std::move(extents));
  }

  const PlacedFormat& format_;
  std::size_t rank_ = 0;
};

// All finite bfloat16 and half-precision numbers: every binade of float32, and 1024 steps in those
// around 1.
Floats probes() {
  Floats all;
  for (std::uint32_t high = 0; high < 0x10000; ++high) {
    const float x = std::bit_cast<float>(high << 16);
    if (std::isfinite(x)) all.push_back(x);
  }
  for (int exponent = -14; exponent < 16; ++exponent) {
    for (int step = 0; step < 1024; ++step) {
      const float x = std::ldexp(static_cast<float>(1024 + step), exponent - 10);
      all.insert(all.end(), {x, -x});
    }
  }
  for (int step = 0; step < 1024; ++step) {
    const float x = std::ldexp(static_cast<float>(step), -24);
    all.insert(all.end(), {x, -x});
  }
  return all;
}

// Ascending, each once; zeros are one, and positive.
Floats distinct(Floats values) {
  std::erase_if(values, [](float v) { return !std::isfinite(v); });
  for (float& v : values) v += 0.0F;
  std::ranges::sort(values);
  const auto rest = std::ranges::unique(values);
  values.erase(rest.begin(), rest.end());
  return values;
}

bool same(float a, float b) { return a == b || (std::isnan(a) && std::isnan(b)); }

// Whether what an element becomes hangs on what stands beside it.
bool depends_on_others(const Bench& bench) {
  for (int exponent = -12; exponent <= 12; ++exponent) {
    for (const float fraction : {1.0F, 1.3F, -1.7F}) {
      const float x = std::ldexp(fraction, exponent);
      const float alone = bench.quantize({x})[0];
      for (const Floats& others : {Floats{3e4F, -1e-3F, 0.7F}, Floats{0.0F, 0.0F}}) {
        Floats beside{x};
        beside.insert(beside.end(), others.begin(), others.end());
        if (!same(alone, bench.quantize(beside)[0])) return true;
      }
    }
  }
  return false;
}

void set_values(Representable& out, Floats values) {
  out.values = std::move(values);
  out.count = static_cast<double>(out.values.size());
  if (out.values.empty()) return;
  out.lowest = static_cast<double>(out.values.front());
  out.largest = static_cast<double>(out.values.back());
  const auto positive = std::ranges::upper_bound(out.values, 0.0F);
  out.smallest_positive = positive == out.values.end() ? 0 : static_cast<double>(*positive);
  if (out.values.size() <= kMostValues) return;
  out.values.erase(out.values.begin() + kEnds, out.values.end() - kEnds);
}

// The code that a float32 stands for at the end of wide codes, which it holds rounded towards zero.
double widened(double k, const IntegerCodes& codes) {
  constexpr int kFloatBits = 24;
  if (std::abs(k) < 0x1p24) return k;
  const double half = std::ldexp(1.0, codes.is_signed ? codes.width - 1 : codes.width);
  const double lost = std::ldexp(1.0, std::ilogb(k) - kFloatBits + 1) - 1;
  return k < 0 ? std::max(k - lost, -half) : std::min(k + lost, half - 1);
}

// All integers between two, times a scale.
void set_grid(Representable& out, double low, double high, double scale) {
  const auto value = [scale](double k) { return static_cast<float>(k * scale); };
  out.count = high - low + 1;
  Floats values;
  if (out.count <= static_cast<double>(kMostValues)) {
    for (double k = low; k <= high; ++k) values.push_back(value(k));
    const double count = out.count;
    set_values(out, distinct(std::move(values)));
    out.count = count;
    return;
  }
  constexpr auto kMost = static_cast<double>(kEnds);
  for (double k = 0; k < kMost; ++k) {
    values.push_back(value(low + k));
    values.push_back(value(high - k));
  }
  out.values = distinct(std::move(values));
  out.lowest = static_cast<double>(value(low));
  out.largest = static_cast<double>(value(high));
  const double first = std::max(1.0, low);
  out.smallest_positive = high < first ? 0 : static_cast<double>(value(first));
}

// Tensors in which the codes at both ends come up: the largest magnitude of a block at several
// places within its binade, on both sides, alone and among many zeros.
std::vector<Floats> stretched(bool shared) {
  std::vector<Floats> tensors;
  if (!shared) tensors.push_back({-kHuge, kHuge});
  for (int bits = 0; bits <= 24; ++bits) {
    const auto m = static_cast<float>(2.0 - std::ldexp(1.0, -bits));
    for (const std::size_t zeros : {std::size_t{0}, std::size_t{1022}}) {
      Floats tensor{m, -m};
      tensor.resize(2 + zeros, 0.0F);
      tensors.push_back(tensor);
    }
    tensors.push_back({m, 0.0F});
    tensors.push_back({-m, 0.0F});
  }
  return tensors;
}

// A code, or the level that a table has for it.
double end_of(const IntegerCodes& codes, std::size_t element, std::size_t block) {
  const double level = codes.level(element, block);
  return codes.zero_point.empty() ? level : level + static_cast<double>(codes.zero_point[block]);
}

void from_levels(Representable& out, const Bench& bench, const IntegerCodes& ones) {
  const double scale = ones.scale.front();
  Floats values;
  for (const double level : ones.levels) values.push_back(static_cast<float>(level * scale));
  values = distinct(std::move(values));
  if (!out.shared) {
    // What the format never rounds to is none of its values.
    Floats tried = probes();
    tried.insert(tried.end(), values.begin(), values.end());
    const Floats reached = distinct(bench.quantize(tried));
    std::erase_if(values, [&](float v) { return !std::ranges::binary_search(reached, v); });
  }
  set_values(out, std::move(values));
  out.ends = {out.lowest / scale, out.largest / scale};
}

void from_codes(Representable& out, const Bench& bench, const IntegerCodes& ones) {
  if (!ones.levels.empty()) return from_levels(out, bench, ones);
  Representable::Ends ends{INFINITY, -INFINITY};
  for (const Floats& tensor : stretched(out.shared)) {
    const std::optional<IntegerCodes> codes = bench.codes(tensor);
    if (!codes) continue;
    const std::vector<std::size_t> blocks = codes->block_numbers();
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      ends.low = std::min(ends.low, end_of(*codes, i, blocks[i]));
      ends.high = std::max(ends.high, end_of(*codes, i, blocks[i]));
    }
  }
  const double zero = ones.zero_point.empty() ? 0 : static_cast<double>(ones.zero_point.front());
  set_grid(out, ends.low - zero, ends.high - zero, ones.scale.front());
  out.count = widened(ends.high, ones) - widened(ends.low, ones) + 1;
  out.ends = ends;
}

void from_probes(Representable& out, const Bench& bench) {
  out.complete = false;
  if (!out.shared) return set_values(out, distinct(bench.quantize(probes())));
  std::set<float> seen;
  for (int exponent = -24; exponent < 0; ++exponent) {
    for (int step = 0; step < 256; ++step) {
      const float x = std::ldexp(static_cast<float>(256 + step), exponent - 8);
      const Floats y = bench.quantize({1.0F, -1.0F, x, -x, 0.0F});
      seen.insert(y.begin(), y.end());
    }
  }
  set_values(out, distinct({seen.begin(), seen.end()}));
}

std::string how_found(const Representable& found) {
  std::string text =
      found.ends ? "from the format's codes" : "by quantizing probes, so that there may be more";
  if (found.shared)
    text +=
        "; they follow from the tensor, and these are those of one whose largest magnitude is 1";
  return text;
}

}  // namespace

Representable representable_values(const PlacedFormat& format) {
  Representable out;
  try {
    const Bench bench(format);
    out.shared = depends_on_others(bench);
    if (const std::optional<IntegerCodes> ones = bench.codes({1.0F, -1.0F}))
      from_codes(out, bench, *ones);
    else
      from_probes(out, bench);
    out.how = how_found(out);
  } catch (const Error& error) {
    out.unknown = error.message();
  }
  return out;
}

}  // namespace lathe
