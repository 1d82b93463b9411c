#include "core/search/points/seen_points.hpp"

#include <bit>
#include <cmath>
#include <utility>

namespace lathe {
namespace {

// The finalizer of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): every bit depends on every other.
std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15U;

bool is_free(const PointHash& hash) { return hash == PointHash{}; }

}  // namespace

void PointHash::add(std::size_t parameter, double number) {
  if (std::isnan(number)) return;
  const std::uint64_t bits = std::bit_cast<std::uint64_t>(number + 0.0);  // -0 is 0
  const std::uint64_t first = mixed(bits + kOdd * (parameter + 1));
  low += first;
  high += mixed(first ^ mixed(bits ^ kOdd));
}

PointHash hash_of_point(std::span<const double> point) {
  PointHash hash{1, 1};  // none is zero
  for (std::size_t p = 0; p < point.size(); ++p) hash.add(p, point[p]);
  return is_free(hash) ? PointHash{1, 1} : hash;
}

bool SeenPoints::add(std::span<const double> point, std::uint64_t trial) {
  if (4 * (size_ + 1) > 3 * table_.size()) grow();
  const PointHash hash = hash_of_point(point);
  Entry& entry = table_[place_of(hash)];
  if (!is_free(entry.hash)) return false;
  entry = {hash, trial};
  ++size_;
  return true;
}

std::optional<std::uint64_t> SeenPoints::first_trial(std::span<const double> point) const {
  if (table_.empty()) return std::nullopt;
  const Entry& entry = table_[place_of(hash_of_point(point))];
  return is_free(entry.hash) ? std::nullopt : std::optional(entry.trial);
}

std::size_t SeenPoints::place_of(const PointHash& hash) const {
  const std::size_t mask = table_.size() - 1;
  std::size_t place = std::hash<PointHash>()(hash) & mask;
  while (!is_free(table_[place].hash) && table_[place].hash != hash) place = (place + 1) & mask;
  return place;
}

void SeenPoints::grow() {
  const std::vector<Entry> before =
      std::exchange(table_, std::vector<Entry>(table_.empty() ? 64 : 2 * table_.size()));
  for (const Entry& entry : before)
    if (!is_free(entry.hash)) table_[place_of(entry.hash)] = entry;
}

}  // namespace lathe
