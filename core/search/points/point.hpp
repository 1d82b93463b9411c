// From what a sampler suggests, and what a person fixed beforehand, to the point of a trial.
#pragma once

#include "core/search/space/space.hpp"

namespace lathe {

// Throws run_error, naming the sampler, unless every parameter that exists has one of its values.
// Numbers of those that do not exist become NaN.
void check_suggestion(const SearchSpace& space, std::string_view sampler, std::uint64_t trial,
                      std::vector<double>& suggested);

// Whether a point has a number for every parameter that exists.
bool says_all(const SearchSpace& space, std::span<const double> point);

// What is not NaN in `fixed` stays, with what it hangs on; the rest is as suggested. What only
// exists because of something fixed is drawn by (seed, parameter, trial).
std::vector<double> completed_point(const SearchSpace& space, const std::vector<double>& fixed,
                                    const std::vector<double>& suggested, std::uint64_t seed,
                                    std::uint64_t trial);

}  // namespace lathe
