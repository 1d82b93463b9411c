// One column of scores at a time: sorted once, then counted group of equals by group.
#include "core/host/scoring/scored_rows.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lathe {

namespace {

struct Scored {
  double score;
  bool positive;
};

double area_under_curve(std::vector<Scored>& rows) {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  if (std::ranges::any_of(rows, [](const Scored& row) { return std::isnan(row.score); }))
    return kNone;
  std::ranges::sort(rows, {}, &Scored::score);
  // Pairs are counted twice, so that halves are whole numbers.
  std::uint64_t below = 0, pairs = 0, positives = 0;
  for (std::size_t first = 0; first < rows.size();) {
    std::uint64_t of_class = 0, others = 0;
    std::size_t end = first;
    for (; end < rows.size() && rows[end].score == rows[first].score; ++end)
      ++(rows[end].positive ? of_class : others);
    pairs += of_class * (2 * below + others);
    below += others;
    positives += of_class;
    first = end;
  }
  if (positives == 0 || below == 0) return kNone;
  return static_cast<double>(pairs) / 2 /
         (static_cast<double>(positives) * static_cast<double>(below));
}

// What the log-odds of a class are made of: the largest logit and the sum of exp(z - largest) over
// all classes but that of the largest.
struct Softmax {
  std::size_t best = 0;
  double rest = 0;
  bool nan = false;
};

Softmax softmax_of(std::span<const float> logits) {
  Softmax of;
  for (std::size_t c = 0; c < logits.size(); ++c) {
    of.nan = of.nan || std::isnan(logits[c]);
    if (logits[c] > logits[of.best]) of.best = c;
  }
  const auto top = static_cast<double>(logits[of.best]);
  for (std::size_t c = 0; c < logits.size(); ++c)
    if (c != of.best) of.rest += std::exp(static_cast<double>(logits[c]) - top);
  return of;
}

// log(p / (1 - p)) in units of 2^-40. Two infinite logits have no difference: NaN.
double log_odds(std::span<const float> logits, const Softmax& row, std::size_t c) {
  if (row.nan) return std::numeric_limits<double>::quiet_NaN();
  const double from_top = static_cast<double>(logits[c]) - static_cast<double>(logits[row.best]);
  const double others =
      c == row.best ? row.rest : 1.0 + std::max(row.rest - std::exp(from_top), 0.0);
  return std::nearbyint(std::ldexp(from_top - std::log(others), 40));
}

}  // namespace

void ScoredRows::add(const ScoredRows& more) {
  outputs.insert(outputs.end(), more.outputs.begin(), more.outputs.end());
  targets.insert(targets.end(), more.targets.begin(), more.targets.end());
}

std::vector<double> areas_by_class(const ScoredRows& rows, std::int64_t classes) {
  const auto width = static_cast<std::size_t>(classes);
  const auto logits = [&](std::size_t row) {
    return std::span(rows.outputs).subspan(row * width, width);
  };
  std::vector<Softmax> of_rows;
  for (std::size_t row = 0; row < rows.targets.size(); ++row)
    of_rows.push_back(softmax_of(logits(row)));
  std::vector<double> areas;
  std::vector<Scored> scored(rows.targets.size());
  for (std::size_t c = 0; c < width; ++c) {
    for (std::size_t row = 0; row < scored.size(); ++row)
      scored[row] = {log_odds(logits(row), of_rows[row], c),
                     rows.targets[row] == static_cast<std::int64_t>(c)};
    areas.push_back(area_under_curve(scored));
  }
  return areas;
}

std::vector<double> areas_by_label(const ScoredRows& rows, std::int64_t labels) {
  const auto width = static_cast<std::size_t>(labels);
  std::vector<double> areas;
  std::vector<Scored> scored(rows.outputs.size() / width);
  for (std::size_t label = 0; label < width; ++label) {
    for (std::size_t row = 0; row < scored.size(); ++row)
      scored[row] = {static_cast<double>(rows.outputs[row * width + label]),
                     rows.targets[row * width + label] != 0};
    areas.push_back(area_under_curve(scored));
  }
  return areas;
}

}  // namespace lathe
