// Coordinates are pixels. Values nearer than a stroke become one box: a picture of 256 values stays
// small, and shows where they lie close.
#include "core/cli/format/pages/picture.hpp"

#include "core/report/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace lathe {

namespace {

using Formats = std::span<const DescribedFormat* const>;

constexpr double kLeft = 150, kRight = 690, kWidth = 790;  // of the lines, and of the picture
constexpr double kRow = 30, kTick = 8;                     // between lines; half a tick
constexpr double kBeyond = 4;  // octaves that the logarithmic axis goes beyond the first format

struct Panel {
  std::string svg;
  double y = 0;  // of what comes next
};

void add_text(Panel& panel, double x, double y, std::string_view anchor, std::string_view text,
              std::string_view more = "") {
  panel.svg += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\"{}>{}</text>\n", x, y,
                           anchor, more, text);
}

// Ticks at x, ascending, around a line at y.
std::string ticks(const std::vector<double>& xs, double y, std::string_view colour) {
  constexpr double kNear = 1.6;
  std::string path;
  for (std::size_t i = 0; i < xs.size();) {
    std::size_t last = i;
    while (last + 1 < xs.size() && xs[last + 1] - xs[last] < kNear) ++last;
    const double width = std::max(1.0, xs[last] - xs[i] + 1);
    path += fmt::format("M{:.1f} {:.1f}h{:.1f}v{:.0f}h-{:.1f}z", xs[i] - 0.5, y - kTick, width,
                        2 * kTick, width);
    i = last + 1;
  }
  return fmt::format("<path d=\"{}\" fill=\"{}\"/>\n", path, colour);
}

std::string_view colour_of(std::size_t row) { return row == 0 ? "#b03a2e" : "#2e5f8a"; }

void add_line(Panel& panel, const DescribedFormat& format, const std::vector<double>& xs,
              std::size_t row) {
  panel.y += kRow;
  add_text(panel, kLeft - 12, panel.y + 4, "end", format.component->id,
           row == 0 ? " font-weight=\"bold\"" : "");
  panel.svg +=
      fmt::format("<path d=\"M{:.0f} {:.1f}H{:.0f}\" stroke=\"#bbb\"/>\n", kLeft, panel.y, kRight);
  panel.svg += ticks(xs, panel.y, colour_of(row));
}

// Where values from `low` to `high` lie; of those that are too many to be kept, everywhere between.
std::vector<double> places(const Representable& r, double low, double high, const auto& x_of) {
  std::vector<double> xs;
  if (static_cast<double>(r.values.size()) < r.count) {
    for (double x = x_of(low); x <= x_of(high); x += 1) xs.push_back(x);
    return xs;
  }
  for (const float value : r.values) {
    const auto number = static_cast<double>(value);
    if (number >= low && number <= high) xs.push_back(x_of(number));
  }
  return xs;
}

void add_linear(Panel& panel, Formats formats) {
  add_text(panel, 12, panel.y + 6, "start",
           "All values; each line reaches to its format's largest magnitude", " fill=\"#555\"");
  for (std::size_t row = 0; row < formats.size(); ++row) {
    const Representable& r = formats[row]->representable;
    const double end = std::max({std::abs(r.lowest), std::abs(r.largest), 1e-45});
    const double middle = (kLeft + kRight) / 2;
    const auto x_of = [&](double v) { return middle + v / end * (kRight - kLeft) / 2; };
    add_line(panel, *formats[row], places(r, r.lowest, r.largest, x_of), row);
    add_text(panel, kRight + 10, panel.y + 4, "start", "&#177;" + number_text(end, 4),
             " fill=\"#555\"");
  }
}

// The exponents that the logarithmic axis reaches to.
std::pair<double, double> binades(const Representable& first) {
  if (first.smallest_positive <= 0) return {-kBeyond, kBeyond};
  return {std::floor(std::log2(first.smallest_positive)) - kBeyond,
          std::ceil(std::log2(first.largest)) + kBeyond};
}

void add_axis(Panel& panel, double low, double high, const auto& x_of) {
  panel.y += kRow - 6;
  double step = 1;
  while ((high - low) / step > 12) step *= 2;
  for (double e = std::ceil(low / step) * step; e <= high; e += step)
    add_text(panel, x_of(e), panel.y, "middle",
             fmt::format("2<tspan dy=\"-5\" font-size=\"9\">{:.0f}</tspan>", e), " fill=\"#555\"");
}

void add_logarithmic(Panel& panel, Formats formats) {
  const auto [low, high] = binades(formats.front()->representable);
  const auto x_of_exponent = [low = low, high = high](double e) {
    return kLeft + (e - low) / (high - low) * (kRight - kLeft);
  };
  panel.y += kRow + 14;
  add_text(panel, 12, panel.y + 6, "start",
           "Positive values, on a logarithmic axis; neighbours may go on beyond it",
           " fill=\"#555\"");
  for (std::size_t row = 0; row < formats.size(); ++row) {
    const Representable& r = formats[row]->representable;
    const auto x_of = [&](double v) { return x_of_exponent(std::log2(v)); };
    std::vector<double> xs;
    if (r.smallest_positive > 0) xs = places(r, r.smallest_positive, r.largest, x_of);
    std::erase_if(xs, [](double x) { return x < kLeft - 0.5 || x > kRight + 0.5; });
    add_line(panel, *formats[row], xs, row);
  }
  add_axis(panel, low, high, x_of_exponent);
}

}  // namespace

std::string value_picture(Formats formats) {
  Panel panel{"", 18};
  add_linear(panel, formats);
  add_logarithmic(panel, formats);
  const double height = panel.y + 14;
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" width=\"{0:.0f}\" "
      "height=\"{1:.0f}\" font-family=\"sans-serif\" font-size=\"12\">\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n{2}</svg>\n",
      kWidth, height, panel.svg);
}

}  // namespace lathe
