#include "health.hpp"

#include <algorithm>
#include <cmath>

namespace sensitivity {

namespace {

bool is_float(const lathe_tensor& tensor) {
  return tensor.dl.dtype.code == kDLFloat && tensor.dl.dtype.bits == 32;
}

bool all_finite(const lathe_tensor& tensor) {
  const lathe::tensor<const float> values(tensor);
  return std::all_of(values.begin(), values.end(), [](float x) { return std::isfinite(x); });
}

}  // namespace

void warn_of_network(const Work& work, bool results) {
  for (const Site& site : work.sites) {
    if (site.parameter.empty()) continue;
    const lathe_tensor& own = work.weights.raw_of(work.graph, site.nodes[0], site.operand);
    if (!is_float(own) || all_finite(own)) continue;
    work.context.warning(lathe::join({"node '", site.node, "': its ", site.operand,
                                      " holds NaN or infinity; what it does to the network "
                                      "cannot be told"}));
    break;
  }
  if (!results) return;
  std::vector<lathe::node_id> all;
  for (const lathe::node node : work.graph.nodes()) {
    if (!node.is_output()) all.push_back(node);
  }
  // In graph order in each batch; of many rows the first ones.
  lathe::rows few = work.rows;
  constexpr std::uint64_t kRows = 512;
  if (few.samples == 0 || few.samples > kRows) few.samples = kRows;
  std::string first;
  work.executor.observe(
      work.graph, few, all,
      [&](lathe::node_id node, const lathe::operand& operand, const lathe_tensor& tensor) {
        if (!first.empty() || !operand.is_output() || !is_float(tensor)) return;
        if (!all_finite(tensor)) {
          first = lathe::to_string(work.graph.at(node).name());
        }
      });
  if (first.empty()) return;
  work.context.warning(lathe::join(
      {"the results of node '", first, "' hold NaN or infinity; it is the first such node"}));
}

void warn_of_scores(const Work& work, const Scores& scores, std::string_view what) {
  for (std::size_t s = 0; s < work.sites.size(); ++s) {
    for (std::size_t f = 0; f < work.sites[s].formats.size(); ++f) {
      if (std::isfinite(scores.by_site[s][f])) continue;
      const Site& site = work.sites[s];
      work.context.warning(
          lathe::join({"node '", site.node, "': the ", what, " with ", site.formats[f].shown,
                       " at ", site.operand, " is no finite number; the file has null there"}));
      return;
    }
  }
}

}  // namespace sensitivity
