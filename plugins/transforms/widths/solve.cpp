#include "solve.hpp"

#include "axis_rules.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

namespace widths {

namespace {

constexpr std::int64_t kLargestWidth = 1 << 30;
constexpr auto kLargest = static_cast<double>(kLargestWidth);

std::string shown(double factor) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", factor);
  return text;
}

// Half rounds up, and a layer keeps at least one channel.
std::int64_t scaled(std::int64_t extent, double factor) {
  return std::max<std::int64_t>(
      1, static_cast<std::int64_t>(std::floor(static_cast<double>(extent) * factor + 0.5)));
}

}  // namespace

std::int64_t Sizes::extent(const Axis& axis) const {
  std::int64_t sum = 0;
  for (const Part& part : trace_->channels.resolve(axis)) sum += count(part.run) * part.places;
  return sum;
}

bool Sizes::same(const Axis& axis) const {
  for (const Part& part : trace_->channels.resolve(axis)) {
    if (count(part.run) != trace_->channels.count(part.run)) return false;
  }
  return true;
}

Sizes Solver::solve(const std::vector<Request>& requests) {
  for (const Layer& layer : trace_.layers) add(layer);
  for (const Request& request : requests) ask(request);
  // A narrow group may be the middle of a wider one, which then has the rest to share out.
  std::stable_sort(groups_.begin(), groups_.end(),
                   [](const Group& a, const Group& b) { return a.runs.size() < b.runs.size(); });
  Sizes sizes(trace_);
  for (RunId run = 0; run < trace_.channels.size(); ++run) {
    if (!trace_.channels.fixed(run).empty()) sizes.set(run, trace_.channels.count(run));
  }
  for (const Group& group : groups_) {
    if (group.request == nullptr) continue;
    Sizes kept = sizes;
    for (const Group& other : groups_) {
      if (other.request == nullptr && is_inside(other, group)) fit(other, kept);
    }
    // Groups inside that nobody asks for keep their size, if that leaves a choice.
    if (has_room(group, kept) || kept.extent(group.axis) == group.target) sizes = kept;
    fit(group, sizes);
  }
  for (const Group& group : groups_) {
    if (group.request == nullptr) fit(group, sizes);
  }
  return sizes;
}

void Solver::add(const Layer& layer) {
  if (!layer.owns_width) return;
  const Axis axis = trace_.channels.resolve(layer.out);
  if (find(axis) != nullptr) return;
  Group group{axis, {}, trace_.channels.extent(axis), &layer, nullptr};
  for (const Part& part : axis) group.runs.insert(part.run);
  groups_.push_back(std::move(group));
}

Solver::Group* Solver::find(const Axis& axis) {
  for (Group& group : groups_) {
    if (group.axis == axis) return &group;
  }
  return nullptr;
}

void Solver::ask(const Request& request) {
  const Layer* layer = trace_.layer(request.node);
  if (layer == nullptr) {
    throw refused(request, "its weights are not its own module's, so its size is not its own");
  }
  const Axis axis = trace_.channels.resolve(layer->out);
  const std::int64_t extent = trace_.channels.extent(axis);
  if (static_cast<double>(extent) * request.factor > kLargest) {
    throw refused(
        request, lathe::join({"that is more than ", lathe::to_string(kLargestWidth), " channels"}));
  }
  const std::int64_t target = scaled(extent, request.factor);
  if (target != extent) check_free(request, axis);
  Group* group = find(axis);
  if (group == nullptr) {  // a depthwise layer whose channels nobody here makes
    groups_.push_back({axis, {}, extent, layer, nullptr});
    group = &groups_.back();
    for (const Part& part : axis) group->runs.insert(part.run);
  }
  if (group->request != nullptr && group->target != target) {
    throw lathe::invalid_argument(
        lathe::join({"width ", shown(request.factor), " cannot meet width ",
                     shown(group->request->factor), " of '", group->request->node.name(),
                     "': ", meeting(group->request->node, request.node),
                     "; give both the same width, or only one of them"}))
        .at_node(request.node);
  }
  group->target = target;
  if (group->request == nullptr) group->request = &request;
}

lathe::error Solver::refused(const Request& request, const std::string& why) {
  return lathe::invalid_argument(lathe::join({"width ", shown(request.factor), " is impossible: ",
                                              why, "; leave it out, or give it width 1"}))
      .at_node(request.node);
}

void Solver::check_free(const Request& request, const Axis& axis) const {
  for (const Part& part : axis) {
    const std::string& why = trace_.channels.fixed(part.run);
    if (!why.empty()) throw refused(request, why);
  }
}

std::string Solver::meeting(const lathe::node& a, const lathe::node& b) const {
  std::string where;
  trace_axes(graph_, [&](const Trace& trace, const lathe::node& node) {
    const Layer *x = trace.layer(a), *y = trace.layer(b);
    if (x == nullptr || y == nullptr) return false;
    if (!(trace.channels.resolve(x->out) == trace.channels.resolve(y->out))) return false;
    where = shown(node);
    return true;
  });
  return lathe::join({"their channels meet at ", where});
}

bool Solver::is_inside(const Group& small, const Group& large) {
  if (small.runs.size() >= large.runs.size()) return false;
  return std::includes(large.runs.begin(), large.runs.end(), small.runs.begin(), small.runs.end());
}

bool Solver::has_room(const Group& group, const Sizes& sizes) {
  for (const RunId run : group.runs) {
    if (!sizes.known(run)) return true;
  }
  return false;
}

void Solver::fit(const Group& group, Sizes& sizes) const {
  std::vector<RunId> open;  // in order, each once
  std::int64_t rest = group.target, share = 0;
  std::map<RunId, std::int64_t> places;
  for (const Part& part : group.axis) {
    if (sizes.known(part.run)) {
      rest -= sizes.count(part.run) * part.places;
      continue;
    }
    std::int64_t& taken = places[part.run];
    if (taken == 0) open.push_back(part.run);
    taken += part.places;
    share += trace_.channels.count(part.run) * part.places;
  }
  if (open.empty() && (rest == 0 || group.request == nullptr)) return;
  if (rest < 0 || open.empty()) throw does_not_fit(group, sizes);
  const std::int64_t total = rest;
  for (const RunId run : open) {
    const double ideal = static_cast<double>(total) *
                         static_cast<double>(trace_.channels.count(run)) /
                         static_cast<double>(share);
    const auto count = static_cast<std::int64_t>(ideal);
    sizes.set(run, count);
    rest -= count * places[run];
  }
  // What rounding left over goes to the last ones: (n - m) / 2 in front, as PyTorch's nets pad.
  for (auto run = open.rbegin(); rest > 0 && run != open.rend(); ++run) {
    if (places[*run] > rest) continue;
    sizes.set(*run, sizes.count(*run) + 1);
    rest -= places[*run];
  }
  if (rest != 0) throw not_whole(group, share);
}

lathe::error Solver::not_whole(const Group& group, std::int64_t share) const {
  std::int64_t step = 0;
  for (const Part& part : group.axis) step += part.places;
  const std::int64_t below = group.target / step * step;
  return lathe::invalid_argument(
             lathe::join({"width ", shown(group.request == nullptr ? 1 : group.request->factor),
                          " makes ", lathe::to_string(group.target), " of ",
                          lathe::to_string(share), " channels, which do not divide over the ",
                          lathe::to_string(step), " groups that they stand in; ",
                          below > 0 ? lathe::to_string(below) : "", below > 0 ? " and " : "",
                          lathe::to_string(below + step), " would"}))
      .at_node(group.layer->node);
}

lathe::error Solver::does_not_fit(const Group& group, const Sizes& sizes) const {
  std::int64_t inside = 0;
  std::string names;
  for (const Part& part : group.axis) {
    if (sizes.known(part.run)) inside += sizes.count(part.run) * part.places;
  }
  for (const Group& other : groups_) {
    if (&other == &group || !is_inside(other, group)) continue;
    names += lathe::join({names.empty() ? "" : ", ", "'", other.layer->node.name(), "'"});
  }
  return lathe::invalid_argument(
             lathe::join({"its ", lathe::to_string(group.target), " channels cannot hold the ",
                          lathe::to_string(inside), " of ", names.empty() ? "others" : names,
                          " that meet them at an addition or a concatenation; give it a width "
                          "that holds them, or those a smaller one"}))
      .at_node(group.request == nullptr ? group.layer->node : group.request->node);
}

}  // namespace widths
