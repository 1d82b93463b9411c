#include "order.hpp"

namespace search_strategies {

BruteOrder::BruteOrder(const Space& space) : space_(space), branches_(space.parameters.size()) {
  for (std::size_t p = 0; p < space_.parameters.size(); ++p) hang(p);
  for (auto& branches : branches_)
    std::sort(branches.begin(), branches.end(),
              [](const Branch& a, const Branch& b) { return a.position < b.position; });
  counts_.resize(space_.parameters.size());
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

void BruteOrder::point(Natural index, double* values) const {
  std::fill(values, values + space_.parameters.size(), kAbsent);
  decode(roots_, std::move(index), values);
}

std::optional<Natural> BruteOrder::index_of(const double* values) const {
  return encoded(roots_, values);
}

Natural BruteOrder::product(const std::vector<std::size_t>& parameters) const {
  Natural result = 1;
  for (const std::size_t p : parameters) result = result * counts_[p];
  return result;
}

std::uint64_t BruteOrder::position(std::size_t p, double value) const {
  const Parameter& parameter = space_.parameters[p];
  const double at =
      std::round(parameter.categorical() ? value : (value - parameter.low) / parameter.step);
  return at >= 0 && at < 0x1p63 ? static_cast<std::uint64_t>(at) : parameter.count();
}

Natural BruteOrder::count_of(std::size_t p) {
  Natural total = space_.parameters[p].count() - branches_[p].size();
  for (Branch& branch : branches_[p]) {
    branch.points = product(branch.children);
    total += branch.points;
  }
  return total;
}

void BruteOrder::decode(const std::vector<std::size_t>& parameters, Natural index,
                        double* values) const {
  for (std::size_t i = parameters.size(); i-- > 0;) {
    const std::size_t p = parameters[i];
    decode_parameter(p, index.divide(counts_[p]), values);
  }
}

void BruteOrder::decode_parameter(std::size_t p, Natural digit, double* values) const {
  std::uint64_t next = 0;
  for (const Branch& branch : branches_[p]) {
    const Natural plain = branch.position - next;
    if (digit < plain) break;
    digit -= plain;
    if (digit < branch.points) {
      values[p] = space_.parameters[p].value(branch.position);
      decode(branch.children, std::move(digit), values);
      return;
    }
    digit -= branch.points;
    next = branch.position + 1;
  }
  values[p] = space_.parameters[p].value(next + digit.low64());
}

std::optional<Natural> BruteOrder::encoded(const std::vector<std::size_t>& parameters,
                                           const double* values) const {
  Natural index;
  for (const std::size_t p : parameters) {
    const std::optional<Natural> digit = encoded_parameter(p, values);
    if (!digit) return std::nullopt;
    index = index * counts_[p];
    index += *digit;
  }
  return index;
}

std::optional<Natural> BruteOrder::encoded_parameter(std::size_t p, const double* values) const {
  const std::uint64_t at = position(p, values[p]);
  if (at >= space_.parameters[p].count()) return std::nullopt;
  Natural digit;
  std::uint64_t next = 0;
  for (const Branch& branch : branches_[p]) {
    if (branch.position > at) break;
    digit += branch.position - next;
    next = branch.position + 1;
    if (branch.position == at) {
      const std::optional<Natural> below = encoded(branch.children, values);
      if (!below) return std::nullopt;
      digit += *below;
      return digit;
    }
    digit += branch.points;
  }
  digit += at - next;
  return digit;
}

}  // namespace search_strategies
