#include "order.hpp"

namespace search_strategies {

BruteOrder::BruteOrder(const Space& space) : space_(space), branches_(space.parameters.size()) {
  for (std::size_t p = 0; p < space_.parameters.size(); ++p) hang(p);
  for (auto& branches : branches_)
    std::sort(branches.begin(), branches.end(),
              [](const Branch& a, const Branch& b) { return a.position < b.position; });
  counts_.assign(space_.parameters.size(), 0);
  // Children come after their parents, so their counts are known first from the back.
  for (std::size_t p = counts_.size(); p-- > 0;) counts_[p] = count_of(p);
  size_ = product(roots_);
}

void BruteOrder::hang(std::size_t p) {
  const Parameter& parameter = space_.parameters[p];
  if (parameter.parent == LATHE_NONE_ID) {
    roots_.push_back(p);
    return;
  }
  auto& branches = branches_[parameter.parent];
  for (const double value : parameter.parent_values) {
    const std::uint64_t at = position(parameter.parent, value);
    auto branch = std::find_if(branches.begin(), branches.end(),
                               [&](const Branch& b) { return b.position == at; });
    if (branch == branches.end()) branch = branches.insert(branches.end(), Branch{at, {}, 1});
    branch->children.push_back(p);
  }
}

bool BruteOrder::point(std::uint64_t index, double* values) const {
  if (size_ != kMany && index >= size_) return false;
  std::fill(values, values + space_.parameters.size(), kAbsent);
  decode(roots_, index, values);
  return true;
}

std::string BruteOrder::key(const double* values) const {
  std::string key;
  for (std::size_t p = 0; p < space_.parameters.size(); ++p) {
    const std::uint64_t number = is_absent(values[p]) ? kMany : position(p, values[p]);
    key.append(reinterpret_cast<const char*>(&number), sizeof(number));
  }
  return key;
}

std::uint64_t BruteOrder::shuffled(std::uint64_t index, const Uniform& uniform) const {
  if (size_ != kMany && index >= size_) return index;
  unsigned half = 1;
  while (half < 32 && (std::uint64_t{1} << (2 * half)) < size_) ++half;
  const std::uint64_t mask = (std::uint64_t{1} << half) - 1;
  do {
    std::uint64_t left = index >> half, right = index & mask;
    for (std::uint64_t round = 0; round < 6; ++round) {
      const auto mixed =
          static_cast<std::uint64_t>(uniform(round, right) * static_cast<double>(mask + 1));
      const std::uint64_t swapped = left ^ mixed;
      left = right;
      right = swapped;
    }
    index = left << half | right;
  } while (size_ != kMany && index >= size_);
  return index;
}

std::uint64_t BruteOrder::product(const std::vector<std::size_t>& parameters) const {
  std::uint64_t result = 1;
  for (std::size_t p : parameters) result = times(result, counts_[p]);
  return result;
}

std::uint64_t BruteOrder::position(std::size_t p, double value) const {
  const Parameter& parameter = space_.parameters[p];
  const double at = parameter.categorical() ? value : (value - parameter.low) / parameter.step;
  return static_cast<std::uint64_t>(std::llround(at));
}

std::uint64_t BruteOrder::count_of(std::size_t p) {
  std::uint64_t total = space_.parameters[p].count() - branches_[p].size();
  for (Branch& branch : branches_[p]) {
    branch.points = product(branch.children);
    total = plus(total, branch.points);
  }
  return total;
}

void BruteOrder::decode(const std::vector<std::size_t>& parameters, std::uint64_t index,
                        double* values) const {
  for (std::size_t i = parameters.size(); i-- > 0;) {
    const std::size_t p = parameters[i];
    const std::uint64_t radix = counts_[p];
    const std::uint64_t digit = radix == kMany ? index : index % radix;
    index = radix == kMany ? 0 : index / radix;
    decode_parameter(p, digit, values);
  }
}

void BruteOrder::decode_parameter(std::size_t p, std::uint64_t digit, double* values) const {
  std::uint64_t next = 0;
  for (const Branch& branch : branches_[p]) {
    const std::uint64_t plain = branch.position - next;
    if (digit < plain) break;
    digit -= plain;
    if (digit < branch.points) {
      values[p] = space_.parameters[p].value(branch.position);
      decode(branch.children, digit, values);
      return;
    }
    digit -= branch.points;
    next = branch.position + 1;
  }
  values[p] = space_.parameters[p].value(next + digit);
}

}  // namespace search_strategies
