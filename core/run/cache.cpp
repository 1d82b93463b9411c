// A bounded, least recently used map. Knows nothing about how its contents are made.
#include "core/run/cache.hpp"

namespace lathe::run {

namespace {

// What an entry costs beside its contents: list and map nodes, the owner's block.
constexpr std::uint64_t kOverhead = 512;

}  // namespace

void Cache::set_limit(std::uint64_t bytes) {
  std::lock_guard lock(mutex_);
  limit_ = bytes;
  shrink_to(limit_);
}

std::uint64_t Cache::limit() const {
  std::lock_guard lock(mutex_);
  return limit_;
}

Stored Cache::find(const CacheKey& key) {
  std::lock_guard lock(mutex_);
  auto at = index_.find(key);
  if (at == index_.end()) return nullptr;
  order_.splice(order_.begin(), order_, at->second);
  return at->second->contents;
}

void Cache::insert(const CacheKey& key, Stored contents, std::uint64_t bytes) {
  bytes += kOverhead;
  std::lock_guard lock(mutex_);
  // Two threads may make the same entry at the same time; they are equal, the first stays.
  if (bytes > limit_ || index_.contains(key)) return;
  shrink_to(limit_ - bytes);
  order_.push_front({key, std::move(contents), bytes});
  index_.emplace(key, order_.begin());
  bytes_ += bytes;
}

void Cache::shrink_to(std::uint64_t bytes) {
  while (bytes_ > bytes) {
    bytes_ -= order_.back().bytes;
    index_.erase(order_.back().key);
    order_.pop_back();
  }
}

}  // namespace lathe::run
