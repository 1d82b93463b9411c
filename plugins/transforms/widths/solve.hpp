// New sizes from what the user asks for: each layer asked gets its own size times the factor, each
// other keeps its own, and what is tied to others follows. Knows nothing about weights.
#pragma once

#include "trace.hpp"

#include <set>

namespace widths {

struct Request {
  lathe::node node;
  double factor = 1;
};

// Sizes of all runs of a trace.
class Sizes {
 public:
  explicit Sizes(const Trace& trace) : trace_(&trace), counts_(trace.channels.size(), kUnknown) {}

  bool known(RunId run) const { return counts_[run] != kUnknown; }
  void set(RunId run, std::int64_t count) { counts_[run] = count; }
  std::int64_t count(RunId run) const {
    return known(run) ? counts_[run] : trace_->channels.count(run);
  }
  std::int64_t extent(const Axis& axis) const;
  bool same(const Axis& axis) const;

 private:
  static constexpr std::int64_t kUnknown = -1;
  const Trace* trace_;
  std::vector<std::int64_t> counts_;
};

class Solver {
 public:
  Solver(const lathe::graph& graph, const Trace& trace) : graph_(graph), trace_(trace) {}

  Sizes solve(const std::vector<Request>& requests);

 private:
  // Layers whose outputs are the very same channels.
  struct Group {
    Axis axis;
    std::set<RunId> runs;
    std::int64_t target = 0;
    const Layer* layer = nullptr;  // the first of them
    const Request* request = nullptr;
  };

  void add(const Layer& layer);
  Group* find(const Axis& axis);
  void ask(const Request& request);
  static lathe::error refused(const Request& request, const std::string& why);
  void check_free(const Request& request, const Axis& axis) const;

  // Where the channels of two layers become one: the first node after which they are.
  std::string meeting(const lathe::node& a, const lathe::node& b) const;
  static bool is_inside(const Group& small, const Group& large);
  static bool has_room(const Group& group, const Sizes& sizes);

  // Shares a group's size out among its runs that have none yet, as they share its own.
  void fit(const Group& group, Sizes& sizes) const;
  lathe::error not_whole(const Group& group, std::int64_t share) const;
  lathe::error does_not_fit(const Group& group, const Sizes& sizes) const;

  const lathe::graph& graph_;
  const Trace& trace_;
  std::vector<Group> groups_;
};

}  // namespace widths
