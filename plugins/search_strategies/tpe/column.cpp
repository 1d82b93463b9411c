#include "column.hpp"

#include "matches.hpp"
#include "ramp.hpp"

namespace search_strategies {

Column::Column(const Parameter& parameter)
    : choices_(parameter.categorical() ? parameter.choices : 0),
      block_(std::max<std::size_t>(256, choices_)),
      counts_(choices_, 0.0),
      places_(choices_, 0.0),
      good_counts_(choices_, 0.0),
      good_places_(choices_, 0.0),
      before_good_(choices_, 0.0) {}

double Column::value(Observation o) const {
  if (!narrow()) return values_[o];
  return codes_[o] == kAbsentCode ? kAbsent : codes_[o];
}

void Column::append(double value) {
  const auto o = static_cast<Observation>(size_);
  const bool here = !is_absent(value);
  if (choices_ > 0 && size_ % block_ == 0)
    for (double count : counts_) prefix_.push_back(static_cast<std::uint32_t>(count));
  if (narrow()) {
    if (codes_.size() == size_) codes_.resize(size_ + kLanes, kAbsentCode);
    codes_[size_] = here ? static_cast<std::uint8_t>(value) : kAbsentCode;
  } else {
    values_.push_back(value);
  }
  if (here && choices_ > 0) {
    counts_[static_cast<std::size_t>(value)] += 1;
    places_[static_cast<std::size_t>(value)] += static_cast<double>(present_);
  } else if (here) {
    const auto above = std::upper_bound(ascending_.begin(), ascending_.end(), value,
                                        [&](double v, Observation x) { return v < values_[x]; });
    ascending_.insert(above, o);
  }
  present_ += here;
  ++size_;
}

void Column::pop() {
  const auto o = static_cast<Observation>(--size_);
  const double gone = value(o);
  const bool here = !is_absent(gone);
  present_ -= here;
  if (here && choices_ > 0) {
    counts_[static_cast<std::size_t>(gone)] -= 1;
    places_[static_cast<std::size_t>(gone)] -= static_cast<double>(present_);
  } else if (here) {
    const auto after = std::upper_bound(ascending_.begin(), ascending_.end(), gone,
                                        [&](double v, Observation x) { return v < values_[x]; });
    ascending_.erase(after - 1);  // the newest of its value
  }
  if (choices_ > 0 && size_ % block_ == 0) prefix_.resize(prefix_.size() - choices_);
  if (narrow()) {
    codes_[size_] = kAbsentCode;
  } else {
    values_.pop_back();
  }
}

std::size_t Column::before(Observation o, std::vector<double>& counts) const {
  const std::size_t block = o / block_;
  counts.resize(choices_);
  for (std::size_t c = 0; c < choices_; ++c) counts[c] = prefix_[block * choices_ + c];
  if (narrow()) {
    std::uint32_t tally[kAbsentCode + 1] = {};
    for (std::size_t i = block * block_; i < o; ++i) ++tally[codes_[i]];
    for (std::size_t c = 0; c < choices_; ++c) counts[c] += tally[c];
  } else {
    for (std::size_t i = block * block_; i < o; ++i)
      if (!is_absent(values_[i])) counts[static_cast<std::size_t>(values_[i])] += 1;
  }
  double all = 0;
  for (double count : counts) all += count;
  return static_cast<std::size_t>(all);
}

bool Column::empty_block(std::size_t block) const {
  const std::uint32_t* start = prefix_.data() + block * choices_;
  for (std::size_t c = 0; c < choices_; ++c) {
    const bool last = (block + 2) * choices_ > prefix_.size();
    if (start[c] != (last ? static_cast<std::uint32_t>(counts_[c]) : start[c + choices_]))
      return false;
  }
  return true;
}

void Column::move(Observation o, double sign) {
  if (choices_ == 0 || !has(o)) return;
  const std::size_t place = before(o, scratch_);
  for (std::size_t c = 0; c < choices_; ++c) before_good_[c] += sign * scratch_[c];
  good_counts_[choice(o)] += sign;
  good_places_[choice(o)] += sign * static_cast<double>(place);
  good_present_ += sign > 0 ? 1 : std::size_t(-1);
  good_pairs_.clear();
}

const std::vector<double>& Column::pairs_of_good(const Good& good) const {
  if (good_pairs_.empty()) {
    good_pairs_.assign(choices_, 0.0);
    double seen = 0;
    for (Observation g : good.list)
      if (has(g)) good_pairs_[choice(g)] += seen++;
  }
  return good_pairs_;
}

// A bad observation's place among the bad is its place among all less how many good ones are before
// it; summed over choice c, those are the pairs (good, later of choice c), less the pairs of good.
void Column::bad_sums(const Good& good, std::vector<double>& sums) const {
  const std::size_t m = bad_count();
  const Ramp ramp(m);
  const auto goods = static_cast<double>(good_present_);
  const std::vector<double>& pairs = pairs_of_good(good);
  sums.resize(choices_);
  for (std::size_t c = 0; c < choices_; ++c) {
    const double later = goods * counts_[c] - before_good_[c] - good_counts_[c] - pairs[c];
    sums[c] = ramp.sloped(counts_[c] - good_counts_[c], places_[c] - good_places_[c] - later);
  }
  std::size_t place = m;
  const std::size_t end = m - ramp.flat();
  for (std::size_t o = size_; o-- > 0 && place > end;) {
    if (o % block_ == block_ - 1 && empty_block(o / block_)) {
      o -= block_ - 1;
      continue;
    }
    if (!has(static_cast<Observation>(o)) || good.is[o]) continue;
    --place;
    sums[choice(static_cast<Observation>(o))] += 1.0 - ramp.sloped(place);
  }
}

}  // namespace search_strategies
