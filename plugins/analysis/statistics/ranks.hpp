// The values of given ranks among any number of floats, exactly, in bounded memory. Few values are
// kept as they are. Of many, the first pass counts those that share the upper 16 bits; the second
// counts, among those that have the bits of a wanted rank, the lower 16.
#pragma once

#include <cstdint>
#include <vector>

namespace statistics {

class Ranks {
 public:
  static constexpr std::uint64_t kKept = 1 << 18;  // values that are kept as they are

  // Values that are finite. First pass: reserve(count) before, on one thread; then add() from any
  // while is_counting(). Adding values that are kept is for one thread.
  void reserve(std::uint64_t count);
  void add(const float* x, std::uint64_t count);
  void merge(const Ranks& other);

  bool is_counting() const { return !upper_.empty(); }
  bool is_refining() const { return !bins_.empty(); }
  std::uint64_t count() const { return count_; }

  // Starts the second pass, for values of these ranks (0 is the smallest). No value of that pass is
  // seen yet.
  void refine(const std::vector<std::uint64_t>& ranks);
  // What looks for the same in another part of the second pass.
  Ranks same_bins() const;

  // REQUIRES: all values are kept, or the second pass is over and looked for this rank.
  float at(std::uint64_t rank) const;

 private:
  struct Bin {
    std::uint32_t upper;
    std::uint64_t before;  // values below all of the bin's
    std::vector<std::uint64_t> lower;
  };
  void count_upper(const float* x, std::uint64_t count);
  void count_lower(const float* x, std::uint64_t count);
  void stop_keeping();

  std::vector<float> kept_;
  std::vector<std::uint64_t> upper_;
  std::vector<Bin> bins_;
  std::uint64_t count_ = 0;
};

}  // namespace statistics
