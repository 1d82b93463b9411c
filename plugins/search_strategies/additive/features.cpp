#include "features.hpp"

namespace search_strategies {

namespace {

// A place between knots as the weights of the two beside it.
struct Between {
  Between(double place, std::size_t pieces) {
    const double at = (place + 1) / 2 * static_cast<double>(pieces);
    left = std::min(static_cast<std::size_t>(at), pieces - 1);
    right_share = at - static_cast<double>(left);
  }
  std::size_t left;
  double right_share;
};

// The number of a value in ascending order.
std::uint32_t index_of(const Parameter& parameter, double value) {
  if (!parameter.categorical()) value = std::round((value - parameter.low) / parameter.step);
  return static_cast<std::uint32_t>(value);
}

// Its values have features of their own.
bool is_short(const Parameter& parameter, std::uint64_t longest) {
  return parameter.count() > 0 && parameter.count() <= longest;
}

}  // namespace

Features::Features(const Space& space) : space_(space) {
  groups_.push_back(kConstant);
  std::size_t numbers = 0;
  for (const Parameter& parameter : space.parameters) {
    if (!parameter.categorical() && !is_short(parameter, kLongestGrid)) ++numbers;
  }
  if (numbers * (kFinePieces + kCoarsePieces) > kMost) fine_pieces_ = 0;
  for (const Parameter& parameter : space.parameters) add_range(parameter);
  add_products();
}

std::uint32_t Features::add(Group group, std::size_t count) {
  const auto first = static_cast<std::uint32_t>(groups_.size());
  groups_.insert(groups_.end(), count, group);
  return first;
}

void Features::add_range(const Parameter& parameter) {
  Range range;
  range.first = static_cast<std::uint32_t>(groups_.size());
  range.numeric = !parameter.categorical();
  if (!range.numeric || is_short(parameter, kLongestGrid)) {
    range.choices = static_cast<std::uint32_t>(parameter.count());
  } else {
    range.coarse = kCoarsePieces;
    range.fine = fine_pieces_;
  }
  add(kChoice, range.choices);
  if (range.numeric) {
    range.low = parameter.logarithmic ? std::log(parameter.low) : parameter.low;
    range.high = parameter.logarithmic ? std::log(parameter.high) : parameter.high;
    add(kCurve, 2);
  }
  if (range.coarse > 0) add(kCoarse, range.coarse + 1);
  if (range.fine > 0) add(kFine, range.fine + 1);
  ranges_.push_back(std::move(range));
}

// Of numbers that every trial has.
void Features::add_products() {
  std::vector<std::size_t> numbers;
  for (std::size_t p = 0; p < ranges_.size(); ++p) {
    if (ranges_[p].numeric && space_.parameters[p].parent == LATHE_NONE_ID) numbers.push_back(p);
  }
  if (numbers.empty() || numbers.size() * (numbers.size() - 1) / 2 + groups_.size() > kMost) return;
  for (std::size_t i = 1; i < numbers.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const std::uint32_t feature = add(kProduct, 1);
      ranges_[numbers[i]].products.push_back({numbers[j], feature, 0, 0});
      ranges_[numbers[j]].products.push_back({numbers[i], feature, 0, 0});
    }
  }
  numbers.erase(std::remove_if(numbers.begin(), numbers.end(),
                               [&](std::size_t p) { return ranges_[p].coarse == 0; }),
                numbers.end());
  if (numbers.size() * (numbers.size() - 1) + groups_.size() <= kMost) add_bends(numbers);
}

// Of numbers finer than a short grid, with which valleys may be curved.
void Features::add_bends(const std::vector<std::size_t>& numbers) {
  const auto product = [&](std::size_t p, std::size_t other) -> Product& {
    std::vector<Product>& all = ranges_[p].products;
    return *std::find_if(all.begin(), all.end(),
                         [&](const Product& each) { return each.other == other; });
  };
  for (const std::size_t p : numbers) {
    for (const std::size_t other : numbers) {
      if (p == other) continue;
      const std::uint32_t feature = add(kBend, 1);
      product(p, other).own_squared = feature;
      product(other, p).other_squared = feature;
    }
  }
}

std::vector<Feature> Features::row(const double* values) const {
  std::vector<Feature> row{{0, 1.0}};
  const auto add_between = [&](std::uint32_t first, double place, std::size_t pieces) {
    const Between between(place, pieces);
    const auto left = first + static_cast<std::uint32_t>(between.left);
    row.push_back({left, 1 - between.right_share});
    row.push_back({left + 1, between.right_share});
  };
  for (std::size_t p = 0; p < ranges_.size(); ++p) {
    if (is_absent(values[p])) continue;
    const Range& range = ranges_[p];
    if (range.choices > 0) {
      row.push_back({range.first + index_of(space_.parameters[p], values[p]), 1.0});
    }
    if (!range.numeric) continue;
    const double at = place(p, values[p]);
    const std::uint32_t curve = range.first + range.choices;
    row.push_back({curve, at});
    row.push_back({curve + 1, at * at});
    if (range.coarse > 0) add_between(curve + 2, at, range.coarse);
    if (range.fine > 0) {
      add_between(curve + 3 + static_cast<std::uint32_t>(range.coarse), at, range.fine);
    }
    for (const Product& product : range.products) {
      const double other = place(product.other, values[product.other]);
      if (product.other < p) row.push_back({product.plain, at * other});
      if (product.own_squared > 0) row.push_back({product.own_squared, at * at * other});
    }
  }
  return row;
}

Features::Tilt Features::tilt(const Coefficients& function, std::size_t p,
                              const double* values) const {
  Tilt result;
  for (const Product& product : ranges_[p].products) {
    const double other = place(product.other, values[product.other]);
    result.slope += function[product.plain] * other;
    if (product.own_squared == 0) continue;
    result.slope += function[product.other_squared] * other * other;
    result.bend += function[product.own_squared] * other;
  }
  return result;
}

double Features::effect(const Coefficients& function, std::size_t p, double value,
                        Tilt tilt) const {
  const Range& range = ranges_[p];
  const double* own = function.data() + range.first;
  double sum = range.choices > 0 ? own[index_of(space_.parameters[p], value)] : 0;
  if (!range.numeric) return sum;
  own += range.choices;
  const double at = place(p, value);
  sum += at * (own[0] + tilt.slope + at * (own[1] + tilt.bend));
  own += 2;
  const auto add_between = [&](std::size_t pieces) {
    const Between between(at, pieces);
    const double left = own[between.left], right = own[between.left + 1];
    sum += left + between.right_share * (right - left);
  };
  if (range.coarse > 0) add_between(range.coarse);
  own += range.coarse + 1;
  if (range.fine > 0) add_between(range.fine);
  return sum;
}

double Features::place(std::size_t p, double value) const {
  const Range& range = ranges_[p];
  if (!(range.high > range.low)) return 0;
  const double x = space_.parameters[p].logarithmic ? std::log(value) : value;
  return std::clamp((x - range.low) / (range.high - range.low) * 2 - 1, -1.0, 1.0);
}

double Features::value_at(std::size_t p, double place) const {
  const Range& range = ranges_[p];
  const double x = range.low + (place + 1) / 2 * (range.high - range.low);
  const Parameter& parameter = space_.parameters[p];
  return parameter.rounded(parameter.logarithmic ? std::exp(x) : x);
}

void Features::add_minima(const Coefficients& function, std::size_t p, Tilt tilt,
                          std::vector<double>& out) const {
  const Range& range = ranges_[p];
  if (range.choices > 0) {
    for (std::uint64_t i = 0; i < range.choices; ++i) {
      out.push_back(space_.parameters[p].value(i));
    }
    return;
  }
  const double* curve = function.data() + range.first;
  const double* coarse = curve + 2;
  const double* fine = coarse + range.coarse + 1;
  const double linear = curve[0] + tilt.slope, square = curve[1] + tilt.bend;
  const std::size_t pieces = std::max(range.coarse, range.fine);
  const double width = 2.0 / static_cast<double>(pieces);
  for (std::size_t i = 0; i <= pieces; ++i) {
    const double left = -1 + width * static_cast<double>(i);
    out.push_back(value_at(p, std::min(left, 1.0)));
    if (i == pieces || !(square > 0)) continue;
    const std::size_t piece = i * range.coarse / pieces;
    double rise =
        linear + (coarse[piece + 1] - coarse[piece]) / 2 * static_cast<double>(range.coarse);
    if (range.fine > 0) rise += (fine[i + 1] - fine[i]) / width;
    const double bottom = -rise / (2 * square);
    if (bottom > left && bottom < left + width) out.push_back(value_at(p, bottom));
  }
}

}  // namespace search_strategies
