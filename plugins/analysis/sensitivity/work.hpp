// What the methods work with, and what they find.
#pragma once

#include "sites.hpp"

namespace sensitivity {

struct Work {
  const lathe::graph& graph;  // the network as it is
  const lathe::executor& executor;
  const lathe::weights& weights;
  const lathe::formats& formats;
  const lathe::data& data;
  const lathe::context& context;
  const lathe::rows& rows;
  const std::vector<Site>& sites;
};

// What each format does at each site: as Work::sites and Site::formats. 0 where nothing changes.
struct Scores {
  explicit Scores(const std::vector<Site>& sites) {
    for (const Site& site : sites) by_site.emplace_back(site.formats.size());
  }
  std::vector<std::vector<double>> by_site;
  std::uint64_t evaluations = 0;  // of a network on all the rows, forwards or both ways
};

// Calls visit(site, format) for each format that changes a site.
template <class Visit>
void each_change(const std::vector<Site>& sites, const Visit& visit) {
  for (std::size_t s = 0; s < sites.size(); ++s) {
    for (std::size_t f = 0; f < sites[s].formats.size(); ++f) {
      if (f != sites[s].as_it_is) visit(s, f);
    }
  }
}

inline void set_format(lathe::edit& edit, lathe::node_id node, const Site& site,
                       const Format& format) {
  if (format.id.empty()) {
    edit.clear_format(node, site.operand);
  } else {
    edit.set_format(node, site.operand, format.id, format.options);
  }
}

enum class Measure { output, accuracy, kl, top1, noise };

// Runs the network with one site changed at a time (changed.cpp).
Scores score_changed(const Work& work, Measure measure);

// Half the empirical Fisher information of each layer's output along the error there (fisher.cpp).
// `which(site)`: the others are left out.
template <class Which>
std::vector<std::size_t> chosen_sites(const std::vector<Site>& sites, const Which& which) {
  std::vector<std::size_t> chosen;
  for (std::size_t s = 0; s < sites.size(); ++s) {
    if (which(sites[s])) chosen.push_back(s);
  }
  return chosen;
}
void score_by_fisher(const Work& work, const std::vector<std::size_t>& chosen, Scores& scores);

// The mean trace of a parameter's Hessian.
struct Trace {
  std::size_t site;
  std::uint64_t elements;
  double mean;  // of the diagonal
};

struct Probes {
  std::uint64_t count, seed;
};

// Half the mean trace of the Hessian of each parameter times its squared error (hessian.cpp).
std::vector<Trace> score_by_hessian(const Work& work, const std::vector<std::size_t>& chosen,
                                    const Probes& probes, Scores& scores);

}  // namespace sensitivity
