// A bounded map with a queue before it. Knows nothing about how its contents are made.
#include "core/run/cache.hpp"

#include <malloc.h>

#include <algorithm>

namespace lathe::run {

namespace {

// What an entry costs beside its contents: list and map nodes, the owner's block.
constexpr std::uint64_t kOverhead = 512;
// The queue's part of the bound.
constexpr std::uint64_t kQueuedPart = 16;
// Keys of what left the queue are remembered up to this part of the bound, twice; what one takes.
constexpr std::uint64_t kRememberedPart = 512, kRememberedBytes = 64;
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
  Slot& slot = *at->second;
  if (!slot.asked_again) {
    slot.asked_again = true;
    queued_bytes_ -= slot.bytes;
    kept_.splice(kept_.begin(), queue_, at->second);
  } else {
    kept_.splice(kept_.begin(), kept_, at->second);
  }
  return slot.contents;
}

void Cache::insert(const CacheKey& key, Stored contents, std::uint64_t bytes) {
  bytes += kOverhead;
  std::unique_lock lock(mutex_);
  // Two threads may make the same entry at the same time; they are equal, the first stays.
  if (bytes > limit_ || index_.contains(key)) return;
  shrink_to(limit_ - bytes);
  const bool asked_again = is_remembered(key);
  Slots& slots = asked_again ? kept_ : queue_;
  slots.push_front({key, std::move(contents), bytes, asked_again});
  index_.emplace(key, slots.begin());
  use_.bytes += bytes;
  use_.most_bytes = std::max(use_.most_bytes, use_.bytes);
  if (!asked_again) queued_bytes_ += bytes;
  while (queued_bytes_ > limit_ / kQueuedPart && queue_.size() > 1) drop_last(queue_);
  if (dropped_ <= std::max(limit_ / kDroppedPart, kDroppedLeast)) return;
  dropped_ = 0;
  lock.unlock();  // milliseconds
  malloc_trim(0);
}

void Cache::drop_last(Slots& slots) {
  const Slot& last = slots.back();
  use_.bytes -= last.bytes;
  if (last.asked_again) {
    dropped_ += last.bytes;
  } else {
    queued_bytes_ -= last.bytes;
    remember(last.key);
  }
  index_.erase(last.key);
  slots.pop_back();
}

void Cache::shrink_to(std::uint64_t bytes) {
  while (use_.bytes > bytes) drop_last(kept_.empty() ? queue_ : kept_);
}

void Cache::remember(const CacheKey& key) {
  if (left_.size() * kRememberedBytes > limit_ / kRememberedPart) {
    left_before_ = std::move(left_);
    left_.clear();
  }
  left_.insert(key);
}

bool Cache::is_remembered(const CacheKey& key) const {
  return left_.contains(key) || left_before_.contains(key);
}

}  // namespace lathe::run
