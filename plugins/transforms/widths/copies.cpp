#include "copies.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace widths {

namespace {

Copies copies_of(std::vector<std::int64_t> source, std::int64_t old_count) {
  Copies result{std::move(source), std::vector<std::int64_t>(static_cast<std::size_t>(old_count))};
  for (const std::int64_t c : result.source) ++result.copies[static_cast<std::size_t>(c)];
  return result;
}

}  // namespace

Copies widened(std::int64_t old_count, std::int64_t new_count, const lathe::rng& random,
               std::uint64_t seed, std::uint64_t stream) {
  std::vector<std::int64_t> source(static_cast<std::size_t>(new_count));
  const auto old = static_cast<std::size_t>(old_count);
  std::iota(source.begin(), source.begin() + static_cast<std::ptrdiff_t>(old), 0);
  for (std::size_t i = old; i < source.size(); ++i) {
    source[i] = static_cast<std::int64_t>(random.below(old, seed, stream, i));
  }
  return copies_of(std::move(source), old_count);
}

Copies narrowed(const std::vector<double>& norms, std::int64_t new_count) {
  std::vector<std::int64_t> order(norms.size());
  std::iota(order.begin(), order.end(), 0);
  const auto strength = [&](std::int64_t channel) {
    const double norm = norms[static_cast<std::size_t>(channel)];
    return std::isnan(norm) ? -1.0 : norm;
  };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::int64_t a, std::int64_t b) { return strength(a) > strength(b); });
  order.resize(static_cast<std::size_t>(new_count));
  std::sort(order.begin(), order.end());
  return copies_of(std::move(order), static_cast<std::int64_t>(norms.size()));
}

Places places_of(const Channels& channels, const Axis& axis, const std::vector<Copies>& by_run) {
  Places result;
  std::int64_t begin = 0;
  for (const Part& part : channels.resolve(axis)) {
    const Copies& copies = by_run[part.run];
    const bool kept = copies.source.empty() && copies.copies.empty();  // the run is as it was
    const std::int64_t old_count = channels.count(part.run);
    const std::int64_t count = kept ? old_count : static_cast<std::int64_t>(copies.source.size());
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int64_t from = kept ? i : copies.source[static_cast<std::size_t>(i)];
      const std::int64_t times = kept ? 1 : copies.copies[static_cast<std::size_t>(from)];
      for (std::int64_t s = 0; s < part.places; ++s) {
        result.source.push_back(begin + from * part.places + s);
        result.copies.push_back(times);
      }
    }
    result.changed = result.changed || !kept;
    begin += old_count * part.places;
  }
  return result;
}

}  // namespace widths
