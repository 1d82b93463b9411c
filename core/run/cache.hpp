// What evaluations leave for later ones: activations, quantized weights and whole results, by
// content, within a bound. Everything in it is read only. Thread-safe. Knows nothing about what its
// contents are or how they are made.
//
// Most of what a search makes nobody asks for again, and memory that is new in every trial costs
// more than the arithmetic. So contents begin in a short queue, whose memory the next ones reuse;
// what is asked for there, or again after it left, is kept, and of that the least recently used is
// dropped first. (2Q: Johnson and Shasha, VLDB 1994.)
#pragma once

#include "core/tensor/hash.hpp"

#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <unordered_set>

namespace lathe::run {

// `what` was computed (a node, a parameter), `on` what and how (rows of data, a format, a backend).
struct CacheKey {
  ContentHash what, on;
  bool operator==(const CacheKey&) const = default;
};

// Whoever has the key knows the type: keys of different makers differ in `on`.
using Stored = std::shared_ptr<const void>;

class Cache {
 public:
  void set_limit(std::uint64_t bytes);  // 0: keep nothing
  std::uint64_t limit() const;

  Stored find(const CacheKey& key);
  // `bytes`: what the contents take.
  void insert(const CacheKey& key, Stored contents, std::uint64_t bytes);

  struct Use {
    std::uint64_t lookups = 0, hits = 0;      // find()
    std::uint64_t bytes = 0, most_bytes = 0;  // of contents and what keeps them, now and ever
  };
  Use use() const;

 private:
  struct Slot {
    CacheKey key;
    Stored contents;
    std::uint64_t bytes;
    bool asked_again;
  };
  using Slots = std::list<Slot>;
  struct KeyHash {
    std::size_t operator()(const CacheKey& key) const noexcept {
      return static_cast<std::size_t>(key.what.low ^ (key.on.low * 0x9E3779B97F4A7C15ULL));
    }
  };
  // REQUIRES of all: locked.
  void drop_last(Slots& slots);
  void shrink_to(std::uint64_t bytes);
  void remember(const CacheKey& key);
  bool is_remembered(const CacheKey& key) const;

  mutable std::mutex mutex_;
  std::uint64_t limit_ = std::uint64_t{2} << 30;
  Use use_;
  std::uint64_t dropped_ = 0;  // bytes, since memory last went back to the system
  std::uint64_t queued_bytes_ = 0;
  Slots queue_;  // newest first
  Slots kept_;   // most recently used first
  std::unordered_map<CacheKey, Slots::iterator, KeyHash> index_;
  std::unordered_set<CacheKey, KeyHash> left_, left_before_;  // the queue; the latter: longer ago
};

}  // namespace lathe::run
