// Fills resized layers from the old weights: net2wider keeps the function, slice keeps the
// strongest channels. Knows nothing about how sizes were found.
#pragma once

#include "copies.hpp"
#include "solve.hpp"

namespace widths {

class Surgery {
 public:
  Surgery(const lathe::graph& graph, const Trace& trace, const Sizes& sizes,
          const lathe::weights& weights);

  void widen(const lathe::rng& random, std::uint64_t seed);

  // Norms as Li et al., Pruning Filters for Efficient ConvNets (2017): the sum of |w| over a
  // filter, here over all filters whose outputs are the same channels.
  void slice();

  // Everything that a changed run stands in. REQUIRES: widen() or slice().
  void fill(lathe::edit& edit) const;

 private:
  template <class Visit>
  void for_each_changed(Visit visit) const;

  // A layer whose output the run is part of; some run belongs to none: zeros of a pad.
  std::string owner(RunId run) const;
  lathe::error smaller(RunId run, std::int64_t old_count, std::int64_t new_count) const;
  void add_norms(const Layer& layer, std::vector<std::vector<double>>& norms) const;
  void fill(const lathe::node& node, const Weight& weight, lathe::edit& edit) const;

  const lathe::graph& graph_;
  const Trace& trace_;
  const Sizes& sizes_;
  const lathe::weights& weights_;
  std::vector<Copies> copies_;  // by run; empty: as it was
};

}  // namespace widths
