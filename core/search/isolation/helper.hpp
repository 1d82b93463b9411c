// A helper's own side: takes trials over its channel, one after the other, until nobody asks any
// more. Knows nothing of graphs and passes.
#pragma once

#include "core/search/isolation/forking/zygote.hpp"
#include "core/search/loop/evaluation.hpp"

namespace lathe {

struct HelperWork {
  std::function<Scalars(std::span<const double> point, const Report& report)> evaluate;
  std::function<std::vector<std::string>()> unpromised_scalars;
  std::function<Value()> environment;  // what has run so far
};

// The exit status of a helper that finds its connection closed: the search has ended, or something
// has closed descriptors that are not its own.
inline constexpr int kNobodyListens = 113;

// Gives the exit status of the process. `make`: once it can be told of what is wrong.
int run_helper(HelperEnds ends, const std::function<HelperWork()>& make);

}  // namespace lathe
