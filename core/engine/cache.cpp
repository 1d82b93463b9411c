// A bounded, least recently used map. Knows nothing about how its contents are made.
#include "core/engine/cache.hpp"

namespace lathe::engine {

namespace {

// What an entry costs beside its tensors: list and map nodes, the entry, tensor headers.
constexpr std::uint64_t kOverhead = 512;

std::uint64_t size_of(const Cache::Entry& entry) {
  std::uint64_t bytes = kOverhead;
  for (const at::Tensor& tensor : entry.tensors) bytes += tensor.nbytes() + 128;
  return bytes;
}

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

Cache::Shared Cache::find(const CacheKey& key) {
  std::lock_guard lock(mutex_);
  auto at = index_.find(key);
  if (at == index_.end()) {
    ++misses_;
    return nullptr;
  }
  ++hits_;
  order_.splice(order_.begin(), order_, at->second);
  return at->second->entry;
}

void Cache::insert(const CacheKey& key, Entry entry) {
  const std::uint64_t bytes = size_of(entry);
  auto shared = std::make_shared<const Entry>(std::move(entry));
  std::lock_guard lock(mutex_);
  // Two threads may make the same entry at the same time; they are equal, the first stays.
  if (bytes > limit_ || index_.contains(key)) return;
  shrink_to(limit_ - bytes);
  order_.push_front({key, std::move(shared), bytes});
  index_.emplace(key, order_.begin());
  bytes_ += bytes;
}

Cache::Counts Cache::counts() const {
  std::lock_guard lock(mutex_);
  return {hits_, misses_, index_.size(), bytes_};
}

void Cache::shrink_to(std::uint64_t bytes) {
  while (bytes_ > bytes) {
    bytes_ -= order_.back().bytes;
    index_.erase(order_.back().key);
    order_.pop_back();
  }
}

}  // namespace lathe::engine
