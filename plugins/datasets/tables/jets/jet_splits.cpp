#include "jet_splits.hpp"

#include "../../numpy_random.hpp"

#include <algorithm>
#include <cstring>

namespace datasets {

namespace {

// Equal rows have equal hashes; zero has two forms.
std::uint64_t jet_hash(const float* row) {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a, by words
  for (std::size_t i = 0; i < kJetColumns; ++i) {
    const float value = row[i] == 0.0F ? 0.0F : row[i];
    std::uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    hash = (hash ^ bits) * 0x100000001b3;
    hash ^= hash >> 29;
  }
  return hash;
}

}  // namespace

void drop_duplicates(jets& all) {
  const std::size_t rows = all.size() / kJetColumns;
  std::size_t capacity = 16;
  while (capacity < 2 * rows) capacity *= 2;
  std::vector<std::size_t> table(capacity, rows);  // rows: free
  std::size_t kept = 0;
  for (std::size_t row = 0; row < rows; ++row) {
    const float* from = all.data() + row * kJetColumns;
    std::size_t slot = jet_hash(from) & (capacity - 1);
    bool seen = false;
    while (table[slot] != rows && !seen) {
      const float* other = all.data() + table[slot] * kJetColumns;
      seen = std::equal(from, from + kJetColumns, other);
      if (!seen) slot = (slot + 1) & (capacity - 1);
    }
    if (seen) continue;
    table[slot] = kept;
    if (kept != row) std::copy(from, from + kJetColumns, all.data() + kept * kJetColumns);
    ++kept;
  }
  all.resize(kept * kJetColumns);
}

void push_jet(lathe::sample_rows& rows, const float* jet) {
  rows.samples.insert(rows.samples.end(), jet, jet + kJetFeatures);
  const float* classes = jet + kJetFeatures;
  rows.labels.push_back(std::max_element(classes, classes + kJetClasses) - classes);
}

jet_split split_jets(const jets& all) {
  const std::uint64_t rows = all.size() / kJetColumns;
  const std::uint64_t test_rows = (rows + 4) / 5;
  const std::vector<std::uint64_t> order = numpy_random(42).permutation(rows);
  jet_split out;
  for (std::uint64_t i = 0; i < rows; ++i) {
    push_jet(i < test_rows ? out.test : out.rest, all.data() + order[i] * kJetColumns);
  }
  return out;
}

lathe::sample_rows take_last_eighth(lathe::sample_rows& rows) {
  const std::size_t kept = rows.labels.size() - rows.labels.size() / 8;
  lathe::sample_rows last;
  const auto width = static_cast<std::ptrdiff_t>(kept * kJetFeatures);
  last.samples.assign(rows.samples.begin() + width, rows.samples.end());
  last.labels.assign(rows.labels.begin() + static_cast<std::ptrdiff_t>(kept), rows.labels.end());
  rows.samples.resize(kept * kJetFeatures);
  rows.labels.resize(kept);
  return last;
}

}  // namespace datasets
