// Which old channel each new one takes its weights from. Knows nothing about nodes.
#pragma once

#include "channels.hpp"

#include <lathe/lathe.hpp>

namespace widths {

// Of a run: new channel i comes from source[i]; old channel c is there copies[c] times.
struct Copies {
  std::vector<std::int64_t> source;
  std::vector<std::int64_t> copies;
};

// Chen, Goodfellow, Shlens: Net2Net (2016), 4.1: the first n are themselves, each further one is a
// random copy. REQUIRES: new_count >= old_count >= 1.
Copies widened(std::int64_t old_count, std::int64_t new_count, const lathe::rng& random,
               std::uint64_t seed, std::uint64_t stream);

// The channels of largest norm, in their old order; of equal ones the first. NaN is less than any.
// REQUIRES: new_count <= old_count == norms.size().
Copies narrowed(const std::vector<double>& norms, std::int64_t new_count);

// The same for an axis: where each new place comes from, and how often that old place is there.
struct Places {
  std::vector<std::int64_t> source, copies;  // both by new place
  bool changed = false;
};

Places places_of(const Channels& channels, const Axis& axis, const std::vector<Copies>& by_run);

}  // namespace widths
