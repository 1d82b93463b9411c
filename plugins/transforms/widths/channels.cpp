#include "channels.hpp"

#include <algorithm>

namespace widths {

RunId Channels::add(std::int64_t count) {
  runs_.push_back({count, {}, {}, {}, false});
  return static_cast<RunId>(runs_.size() - 1);
}

Axis Channels::resolve(const Axis& axis) const {
  Axis result;
  for (const Part& part : axis) expand(part, result);
  return result;
}

std::int64_t Channels::extent(const Axis& axis) const {
  std::int64_t sum = 0;
  for (const Part& part : axis) sum += count(part.run) * part.places;
  return sum;
}

void Channels::fix(const Axis& axis, const std::string& why) {
  for (const Part& part : resolve(axis)) {
    Run& run = runs_[part.run];
    if (run.fixed.empty()) run.fixed = why;
  }
}

void Channels::forbid_copies(const Axis& axis, const std::string& why) {
  for (const Part& part : resolve(axis)) {
    Run& run = runs_[part.run];
    if (run.single.empty()) run.single = why;
  }
}

void Channels::join(const Axis& a, const Axis& b, const std::string& where) {
  for (;;) {
    const Axis left = resolve(a), right = resolve(b);
    std::size_t at = 0;
    while (at < left.size() && at < right.size() && left[at] == right[at]) ++at;
    if (at == left.size() || at == right.size()) return;
    if (all_fixed(left, at) && all_fixed(right, at)) return;
    if (!join_parts(left[at], right[at])) {
      const std::string why = "its channels meet others at " + where + " in an order of their own";
      fix(left, why);
      fix(right, why);
      return;
    }
  }
}

std::optional<std::pair<Axis, Axis>> Channels::split(const Axis& axis, std::int64_t extent) {
  Axis head, tail;
  for (Part part : resolve(axis)) {
    const std::int64_t whole = count(part.run) * part.places;
    if (extent >= whole || extent == 0) {
      (extent == 0 ? tail : head).push_back(part);
      if (extent != 0) extent -= whole;
      continue;
    }
    if (extent % part.places != 0) return std::nullopt;
    const auto [first, second] = cut(part.run, extent / part.places);
    head.push_back({first, part.places});
    tail.push_back({second, part.places});
    extent = 0;
  }
  return std::pair{resolve(head), resolve(tail)};
}

void Channels::expand(const Part& part, Axis& into) const {
  const Run& run = runs_[part.run];
  if (!run.replaced) {
    into.push_back(part);
    return;
  }
  for (const Part& inner : run.parts) expand({inner.run, inner.places * part.places}, into);
}

bool Channels::all_fixed(const Axis& axis, std::size_t from) const {
  for (std::size_t i = from; i < axis.size(); ++i) {
    if (runs_[axis[i].run].fixed.empty()) return false;
  }
  return true;
}

void Channels::replace(RunId run, Axis parts) {
  for (const Part& part : parts) {
    Run& heir = runs_[part.run];
    if (heir.fixed.empty()) heir.fixed = runs_[run].fixed;
    if (heir.single.empty()) heir.single = runs_[run].single;
  }
  runs_[run].parts = std::move(parts);
  runs_[run].replaced = true;
}

std::pair<RunId, RunId> Channels::cut(RunId run, std::int64_t head) {
  const RunId first = add(head), second = add(runs_[run].count - head);
  replace(run, {{first, 1}, {second, 1}});
  return {first, second};
}

bool Channels::join_parts(Part a, Part b) {
  if (a.places < b.places) std::swap(a, b);
  if (a.run == b.run || a.places % b.places != 0) return false;
  const std::int64_t block = a.places / b.places;  // of b's channels, per channel of a
  const std::int64_t blocks = count(b.run) / block;
  if (blocks == 0) return false;
  const std::int64_t common = std::min(count(a.run), blocks);
  if (common < count(a.run)) {
    cut(a.run, common);
  } else if (common * block < count(b.run)) {
    cut(b.run, common * block);
  } else {
    replace(b.run, {{a.run, block}});
  }
  return true;
}

}  // namespace widths
