// What evaluations leave for later ones: activations, quantized weights and whole results, by
// content, within a bound, the least recently used dropped first. Everything in it is read only.
// Thread-safe. Knows nothing about what its contents are or how they are made.
#pragma once

#include "core/tensor/hash.hpp"

#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>

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
  };
  struct KeyHash {
    std::size_t operator()(const CacheKey& key) const noexcept {
      return static_cast<std::size_t>(key.what.low ^ (key.on.low * 0x9E3779B97F4A7C15ULL));
    }
  };
  void shrink_to(std::uint64_t bytes);  // REQUIRES: locked

  mutable std::mutex mutex_;
  std::uint64_t limit_ = std::uint64_t{2} << 30;
  Use use_;
  std::uint64_t dropped_ = 0;  // bytes, since memory last went back to the system
  std::list<Slot> order_;      // most recently used first
  std::unordered_map<CacheKey, std::list<Slot>::iterator, KeyHash> index_;
};

}  // namespace lathe::run
