#include "reshape.hpp"

namespace widths {

namespace {

// Longer lists of parts cost more than the rare net that needs them gains.
constexpr std::size_t kMostParts = 4096;

}  // namespace

Reshape::Reshape(Trace& trace, const lathe::node& node)
    : trace_(trace), why_(lathe::join({"its channels are reordered by ", shown(node)})) {}

Axes Reshape::operator()(const Axes& in, lathe::shape before, lathe::shape after) {
  Axes out;
  std::uint64_t i = 0, j = 0;
  while (i < before.size() || j < after.size()) {
    const std::uint64_t from = i, to = j;
    std::int64_t have = i < before.size() ? before[i++] : 1;
    std::int64_t want = j < after.size() ? after[j++] : 1;
    while (have != want) {
      if (have < want) {
        have *= before[i++];
      } else {
        want *= after[j++];
      }
    }
    if (i == before.size()) j = after.size();  // what is left are extents of one
    if (j == after.size()) i = before.size();
    Axis merged = from < i ? in[from] : trace_.fixed(1, why_);
    for (std::uint64_t k = from + 1; k < i; ++k) merged = merge(merged, in[k]);
    cut(merged, after, to, j, out);
  }
  return out;
}

Axis Reshape::merge(const Axis& a, const Axis& b) {
  const Axis left = trace_.channels.resolve(a);
  const Axis right = trace_.channels.resolve(b);
  const auto outer = static_cast<std::size_t>(trace_.channels.extent(left));
  Axis merged;
  if (!trace_.is_fixed(right)) {
    if (trace_.is_fixed(left) && outer * right.size() <= kMostParts) {
      for (std::size_t i = 0; i < outer; ++i) {
        merged.insert(merged.end(), right.begin(), right.end());
      }
      return merged;
    }
    trace_.channels.fix(right, why_);
  }
  const std::int64_t inner = trace_.channels.extent(right);
  for (const Part& part : left) merged.push_back({part.run, part.places * inner});
  return merged;
}

void Reshape::cut(const Axis& axis, lathe::shape after, std::uint64_t from, std::uint64_t to,
                  Axes& out) {
  if (to - from == 0) return;
  if (to - from == 1) {
    out.push_back(axis);
    return;
  }
  std::int64_t rest = 1;
  for (std::uint64_t k = from + 1; k < to; ++k) rest *= after[k];
  Axis outer = trace_.channels.resolve(axis);
  bool whole = true;
  for (Part& part : outer) {
    whole = whole && part.places % rest == 0;
    part.places /= rest;
  }
  if (whole) {
    out.push_back(outer);
    for (std::uint64_t k = from + 1; k < to; ++k) out.push_back(trace_.fixed(after[k], why_));
    return;
  }
  out.push_back(trace_.fixed(after[from], why_));
  cut(common_part(axis, after[from], rest), after, from + 1, to, out);
}

Axis Reshape::common_part(const Axis& axis, std::int64_t count, std::int64_t extent) {
  Axis rest = axis;
  std::vector<Axis> pieces;
  for (std::int64_t i = 0; i < count; ++i) {
    auto both = trace_.channels.split(rest, extent);
    if (!both) {
      trace_.channels.fix(axis, why_);
      return trace_.fixed(extent, why_);
    }
    pieces.push_back(both->first);
    rest = both->second;
  }
  for (std::size_t i = 1; i < pieces.size(); ++i) {
    trace_.channels.join(pieces[0], pieces[i], why_);
  }
  return trace_.channels.resolve(pieces[0]);
}

}  // namespace widths
