#include "core/dense/asked_chains.hpp"

#include <algorithm>

namespace lathe::dense {

namespace {

// One for each thread that evaluates, and not all that were asked about for nothing.
constexpr std::size_t kMost = 16;

// Whether two graphs have the same nodes at the same place: nobody else's can be there while one
// lives.
bool are_copies(const Graph& a, const Graph& b) {
  return a.seed() == b.seed() && std::ranges::equal(a.order(), b.order()) &&
         std::ranges::all_of(a.order(), [&](NodeId id) {
           return &a.node(id) == &b.node(id) && &a.attributes(id) == &b.attributes(id);
         });
}

}  // namespace

void AskedChains::add(Chain chain) {
  const std::lock_guard lock(mutex_);
  if (chains_.size() == kMost) chains_.pop_front();
  chains_.push_back(std::move(chain));
}

std::optional<Chain> AskedChains::take(const Graph& graph) {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find_if(
      chains_, [&](const Chain& chain) { return are_copies(chain.graph, graph); });
  if (found == chains_.end()) return std::nullopt;
  std::optional<Chain> chain = std::move(*found);
  chains_.erase(found);
  return chain;
}

}  // namespace lathe::dense
