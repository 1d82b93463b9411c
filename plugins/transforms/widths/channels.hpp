// Which channels of a network are the same ones: runs of channels that must widen together, found
// by joining the axes that meet. Knows nothing about nodes, ops or weights.
//
// An axis is a list of runs, each repeated: flattening [C, H, W] gives one run of C channels whose
// every channel takes H*W places. Where two axes meet, their runs are joined, and split first where
// their borders differ: a shortcut padded with zeros meets the middle of a wider layer's channels.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace widths {

using RunId = std::uint32_t;

// A run of channels on an axis; each channel stands in `places` places in a row.
struct Part {
  RunId run;
  std::int64_t places;
  bool operator==(const Part& other) const { return run == other.run && places == other.places; }
};
using Axis = std::vector<Part>;

class Channels {
 public:
  RunId add(std::int64_t count);

  // The runs that an axis is made of now, none of them replaced by others.
  Axis resolve(const Axis& axis) const;

  std::int64_t count(RunId run) const { return runs_[run].count; }
  std::size_t size() const { return runs_.size(); }
  bool is_whole(RunId run) const { return !runs_[run].replaced; }  // still a run of its own
  std::int64_t extent(const Axis& axis) const;

  // The number of these channels cannot change, and why. The first reason is kept.
  void fix(const Axis& axis, const std::string& why);
  const std::string& fixed(RunId run) const { return runs_[run].fixed; }  // empty: it is not

  // A copy of one of these channels would change what is computed, and why.
  void forbid_copies(const Axis& axis, const std::string& why);
  const std::string& single(RunId run) const { return runs_[run].single; }

  // Makes both axes the same channels, place by place. REQUIRES: equal extents. Where that cannot
  // be said with runs (channels of one are spread over those of the other), both become fixed.
  void join(const Axis& a, const Axis& b, const std::string& where);

  // The first `extent` places of an axis and the rest; nothing if a channel would be cut.
  std::optional<std::pair<Axis, Axis>> split(const Axis& axis, std::int64_t extent);

 private:
  struct Run {
    std::int64_t count;
    Axis parts;  // what replaced it
    std::string fixed, single;
    bool replaced = false;
  };

  void expand(const Part& part, Axis& into) const;
  bool all_fixed(const Axis& axis, std::size_t from) const;
  void replace(RunId run, Axis parts);
  std::pair<RunId, RunId> cut(RunId run, std::int64_t head);

  // One step towards two parts that begin at the same place being the same. False: impossible.
  bool join_parts(Part a, Part b);

  std::vector<Run> runs_;
};

}  // namespace widths
