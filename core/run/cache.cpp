// A bounded, least recently used map. Knows nothing about how its contents are made.
#include "core/run/cache.hpp"

#include <malloc.h>

#include <algorithm>

namespace lathe::run {

namespace {

// What an entry costs beside its contents: list and map nodes, the owner's block.
constexpr std::uint64_t kOverhead = 512;
// Memory goes back to the system when so large a part of the bound has been dropped: the heap keeps
// holes of what was dropped, and a search that drops in every trial would outgrow the bound by
// them.
constexpr std::uint64_t kDroppedPart = 16, kDroppedLeast = 4 << 20;

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

Cache::Use Cache::use() const {
  std::lock_guard lock(mutex_);
  return use_;
}

Stored Cache::find(const CacheKey& key) {
  std::lock_guard lock(mutex_);
  ++use_.lookups;
  auto at = index_.find(key);
  if (at == index_.end()) return nullptr;
  ++use_.hits;
  order_.splice(order_.begin(), order_, at->second);
  return at->second->contents;
}

void Cache::insert(const CacheKey& key, Stored contents, std::uint64_t bytes) {
  bytes += kOverhead;
  std::unique_lock lock(mutex_);
  // Two threads may make the same entry at the same time; they are equal, the first stays.
  if (bytes > limit_ || index_.contains(key)) return;
  shrink_to(limit_ - bytes);
  order_.push_front({key, std::move(contents), bytes});
  index_.emplace(key, order_.begin());
  use_.bytes += bytes;
  use_.most_bytes = std::max(use_.most_bytes, use_.bytes);
  if (dropped_ <= std::max(limit_ / kDroppedPart, kDroppedLeast)) return;
  dropped_ = 0;
  lock.unlock();  // milliseconds
  malloc_trim(0);
}

void Cache::shrink_to(std::uint64_t bytes) {
  while (use_.bytes > bytes) {
    use_.bytes -= order_.back().bytes;
    dropped_ += order_.back().bytes;
    index_.erase(order_.back().key);
    order_.pop_back();
  }
}

}  // namespace lathe::run
