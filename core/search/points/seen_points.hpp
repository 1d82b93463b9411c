// Which points were there already, and which trial had each first. A point is kept as 128 bits of
// hash, so that a million take some 50 MB, whatever their parameters. Knows nothing of spaces.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace lathe {

// Of a point, or of what stands in it until some parameter: a sum over its numbers, so that a point
// that differs in one of them takes one step.
struct PointHash {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  bool operator==(const PointHash&) const = default;

  // Adds the number of a parameter. NaN, of one that does not exist, adds nothing.
  void add(std::size_t parameter, double number);
};

PointHash hash_of_point(std::span<const double> point);

class SeenPoints {
 public:
  // False: it was there.
  bool add(std::span<const double> point, std::uint64_t trial);
  // The trial that had it first; nothing: it was not there.
  std::optional<std::uint64_t> first_trial(std::span<const double> point) const;
  bool contains(std::span<const double> point) const { return first_trial(point).has_value(); }
  std::uint64_t size() const { return size_; }

 private:
  struct Entry {
    PointHash hash;  // zero: free
    std::uint64_t trial = 0;
  };
  std::size_t place_of(const PointHash& hash) const;
  void grow();

  std::vector<Entry> table_;  // open addressing; a power of two
  std::uint64_t size_ = 0;
};

}  // namespace lathe

template <>
struct std::hash<lathe::PointHash> {
  std::size_t operator()(const lathe::PointHash& hash) const noexcept {
    return static_cast<std::size_t>(hash.low);
  }
};
