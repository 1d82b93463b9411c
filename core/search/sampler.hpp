// Who suggests the points of a search. The loop sees this interface; a plugin stands behind it.
#pragma once

#include "core/search/search.hpp"

namespace lathe {

// A pure function of the space, the seed and what it was told; see sdk/include/lathe/kind/sampler.h
// for the order of the calls. Not thread-safe.
class Sampler {
 public:
  virtual ~Sampler() = default;
  // False: the space is exhausted.
  virtual bool suggest(std::uint64_t trial, std::span<double> point) = 0;
  virtual void started(std::uint64_t trial, std::span<const double> point) = 0;
  virtual void finished(std::uint64_t trial, lathe_trial_state state,
                        std::span<const double> values, std::int64_t step) = 0;
  // False: it never looks at values, so that no suggestion has to wait for one.
  virtual bool reads_values() const = 0;
};

// The sampler plugin that the options name.
std::unique_ptr<Sampler> make_sampler(const SearchOptions& options, const SearchSpace& space,
                                      const Registry& registry);

}  // namespace lathe
