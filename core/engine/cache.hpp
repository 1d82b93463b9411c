// What evaluations leave for later ones: activations, quantized weights and whole results, by
// content, within a bound, the least recently used dropped first. Everything in it is read only.
// Thread-safe. Knows nothing about how its contents are made.
#pragma once

#include "core/host/executor.hpp"

#include <ATen/ATen.h>

#include <list>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

namespace lathe::engine {

// `what` was computed (a node, a parameter), `on` what and how (rows of data, a format).
struct CacheKey {
  ContentHash what, on;
  bool operator==(const CacheKey&) const = default;
};

class Cache {
 public:
  struct Entry {
    std::vector<at::Tensor> tensors;  // eg: one per chunk of rows
    Evaluation evaluation;
  };
  using Shared = std::shared_ptr<const Entry>;

  void set_limit(std::uint64_t bytes);  // 0: keep nothing
  std::uint64_t limit() const;

  Shared find(const CacheKey& key);
  void insert(const CacheKey& key, Entry entry);

  struct Counts {
    std::uint64_t hits = 0, misses = 0, entries = 0, bytes = 0;
  };
  Counts counts() const;

 private:
  struct Slot {
    CacheKey key;
    Shared entry;
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
  std::uint64_t bytes_ = 0;
  std::list<Slot> order_;  // most recently used first
  std::unordered_map<CacheKey, std::list<Slot>::iterator, KeyHash> index_;
  std::uint64_t hits_ = 0, misses_ = 0;
};

}  // namespace lathe::engine
