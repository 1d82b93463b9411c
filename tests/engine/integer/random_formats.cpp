// Draws formats and numbers.
#include "tests/engine/integer/random_formats.hpp"

#include <limits>

namespace lathe_test {

namespace {

RandomFormat fixed_point(Draw& draw, const char* id) {
  RandomFormat out{.id = id};
  const auto width = static_cast<int>(draw.whole(1, 8));
  const bool is_signed = draw.chance(60);
  int fraction = static_cast<int>(draw.whole(-3, width + 6));
  if (draw.chance(3)) fraction = draw.chance(50) ? 60 : -50;
  out.options.set("width", width);
  out.options.set("frac_width", fraction);
  out.options.set("is_signed", is_signed);
  out.low = is_signed ? -(std::int64_t{1} << (width - 1)) : 0;
  out.high = out.low + (std::int64_t{1} << width) - 1;
  out.scale = std::ldexp(1.0, -fraction);
  return out;
}

double random_scale(Draw& draw) {
  const int exponent = static_cast<int>(draw.whole(-12, 3));
  return std::ldexp(draw.chance(30) ? 1.0 : draw.real(1, 2), exponent);
}

// `count` scales and zero points along `axis`; 1: of the tensor.
RandomFormat affine(Draw& draw, std::int64_t count, int axis) {
  RandomFormat out{.id = "affine"};
  const auto width = static_cast<int>(draw.whole(1, 8));
  const bool is_signed = draw.chance(50), narrow = width > 1 && draw.chance(20);
  const std::int64_t codes = (std::int64_t{1} << width) - (narrow ? 1 : 0);
  const std::int64_t last = is_signed ? (std::int64_t{1} << (width - 1)) - 1 : codes - 1;
  const std::int64_t first = last - codes + 1;
  const int how = static_cast<int>(draw.whole(0, 3));
  Value::List scales, zeros;
  // Of all codes that there are, whether used or not.
  const std::int64_t lowest = narrow && is_signed ? first - 1 : first;
  const std::int64_t highest = narrow && !is_signed ? last + 1 : last;
  out.low = highest - lowest;
  out.high = lowest - highest;
  out.scale = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t zero = how == 0   ? (first + last + 1) / 2
                              : how == 1 ? (draw.chance(50) ? first : last)
                                         : draw.whole(first, last);
    const double scale = random_scale(draw);
    scales.emplace_back(scale);
    zeros.emplace_back(zero);
    out.low = std::min(out.low, lowest - zero);
    out.high = std::max(out.high, highest - zero);
    out.scale = std::max(out.scale, scale);
  }
  out.options.set("width", width);
  out.options.set("is_signed", is_signed);
  out.options.set("narrow", narrow);
  out.options.set("scale", Value(std::move(scales)));
  out.options.set("zero_point", Value(std::move(zeros)));
  out.options.set("rounding", draw.one_of<const char*>({"half_even", "floor", "ceil"}));
  if (count > 1) out.options.set("axis", axis);
  return out;
}

// Of a scale and a zero point that follow from the tensor.
RandomFormat open_affine(Draw& draw) {
  RandomFormat out{.id = "affine"};
  const auto width = static_cast<int>(draw.whole(2, 8));
  const bool is_signed = draw.chance(50);
  out.options.set("width", width);
  out.options.set("is_signed", is_signed);
  out.options.set("symmetric", draw.chance(50));
  out.high = (std::int64_t{1} << width) - 1;
  out.low = -out.high;
  out.looks_at_others = true;
  return out;
}

RandomFormat scale_integer(Draw& draw) {
  RandomFormat out{.id = "scale_integer"};
  const auto width = static_cast<int>(draw.whole(2, 8));
  const bool is_signed = draw.chance(70);
  out.options.set("width", width);
  out.options.set("is_signed", is_signed);
  out.high = (std::int64_t{1} << (is_signed ? width - 1 : width)) - 1;
  out.low = is_signed ? -out.high : 0;
  return out;
}

RandomFormat binary(Draw& draw, const char* scale) {
  RandomFormat out{.id = "binary"};
  const bool bipolar = draw.chance(60);
  out.options.set("bipolar", bipolar);
  out.options.set("scale", scale);
  out.low = bipolar ? -1 : 0;
  out.high = 1;
  out.looks_at_others = std::string_view(scale) != "none";
  return out;
}

RandomFormat ternary(Draw& draw, const char* granularity) {
  RandomFormat out{.id = "ternary", .low = -1, .high = 1, .looks_at_others = true};
  out.options.set("granularity", granularity);
  out.options.set("scaling_factor", draw.chance(50));
  return out;
}
RandomFormat ternary_given(Draw& draw) {
  RandomFormat out{.id = "ternary", .low = -1, .high = 1};
  out.options.set("threshold", draw.real(0.1, 1.5));
  out.options.set("scaling_factor", false);
  return out;
}

RandomFormat doubtful(RandomFormat format) {
  format.may_not_fit = true;
  return format;
}

// Where scales follow from the data itself.
RandomFormat measured_data(Draw& draw, Place place) {
  switch (draw.whole(0, 4)) {
    case 0:
      return open_affine(draw);
    case 1:
      return binary(draw, "tensor");
    case 2:
      return ternary(draw, "tensor");
    case 3:
      return doubtful(draw.chance(50) ? ternary(draw, "sample") : binary(draw, "channel"));
    default:
      break;
  }
  RandomFormat out = scale_integer(draw);
  out.may_not_fit = place == Place::channels;
  return out;
}

RandomFormat data_format(Draw& draw, Place place) {
  switch (draw.whole(0, 9)) {
    case 0:
    case 1:
    case 2:
      return fixed_point(draw, "integer");
    case 3:
      return fixed_point(draw, "integer_floor");
    case 4:
    case 5:
    case 6:
      return affine(draw, 1, 0);
    case 7:
      return draw.chance(50) ? binary(draw, "none") : ternary_given(draw);
    case 8:
      return place == Place::rows ? scale_integer(draw) : affine(draw, 1, 0);
    default:
      return measured_data(draw, place);
  }
}

RandomFormat weight_format(Draw& draw, std::int64_t filters) {
  switch (draw.whole(0, 9)) {
    case 0:
    case 1:
      return fixed_point(draw, "integer");
    case 2:
      return fixed_point(draw, "integer_floor");
    case 3:
      return affine(draw, 1, 0);
    case 4:
    case 5:
    case 6:
      return affine(draw, filters, 0);
    case 7:
      return binary(draw, draw.one_of<const char*>({"none", "tensor", "channel"}));
    case 8:
      return ternary(draw, draw.one_of<const char*>({"tensor", "sample", "channel"}));
    default:
      return scale_integer(draw);
  }
}

// A scale that follows from the other operand, or one for each column, is nothing that must run.
RandomFormat column_format(Draw& draw, std::int64_t columns) {
  switch (draw.whole(0, 7)) {
    case 0:
    case 1:
      return fixed_point(draw, "integer");
    case 2:
      return fixed_point(draw, "integer_floor");
    case 3:
    case 4:
      return affine(draw, 1, 0);
    case 5:
      return doubtful(affine(draw, columns, -1));
    case 6:
      return binary(draw, "none");
    default:
      return doubtful(draw.chance(50) ? binary(draw, "tensor") : scale_integer(draw));
  }
}

float number(Draw& draw, const RandomFormat& format) {
  const double low = static_cast<double>(format.low), high = static_cast<double>(format.high);
  const double beyond = 0.2 * (high - low);
  return static_cast<float>(draw.real(low - beyond, high + beyond) * format.scale);
}

}  // namespace

RandomFormat random_format(Draw& draw, Place place, std::int64_t count) {
  if (place == Place::filters) return weight_format(draw, count);
  if (place == Place::columns) return column_format(draw, count);
  return data_format(draw, place);
}

Tensor numbers_for(Draw& draw, const RandomFormat& format, const Shape& shape, bool infinities) {
  std::vector<float> out(static_cast<std::size_t>(shape.numel()));
  const auto reach = static_cast<float>(512 * format.scale);
  const std::int64_t how = draw.whole(0, 11);
  for (float& x : out) {
    x = number(draw, format);
    if (how == 0) x = reach;
    if (how == 1) x = -reach;
    if (how == 2) x = 0;
    if (how == 3 && infinities) x = std::numeric_limits<float>::infinity();
    if (how == 4 && infinities && draw.chance(20)) x = -std::numeric_limits<float>::infinity();
    if (how == 5) x = draw.chance(50) ? reach : -reach;
    if (how == 6 && draw.chance(50)) x = draw.chance(50) ? -0.0F : 1e-42F;
  }
  return floats(shape, out);
}

}  // namespace lathe_test
