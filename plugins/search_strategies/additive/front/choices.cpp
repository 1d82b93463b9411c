#include "choices.hpp"

#include <map>

namespace search_strategies {

namespace {

constexpr std::uint64_t kLongestList = 64;
constexpr std::uint64_t kMostColumns = 600;  // what pairs cost is the square

}  // namespace

bool Choices::describe(const Space& space) {
  std::uint64_t columns = 0;
  for (const Parameter& parameter : space.parameters) {
    const std::uint64_t count = parameter.count();
    if (parameter.parent != LATHE_NONE_ID || count == 0 || count > kLongestList) return false;
    columns += count;
  }
  return columns > 0 && columns <= kMostColumns;
}

Choices::Choices(const Space& space) : list_(space.parameters), first_{0} {
  struct Family {
    std::size_t number, first_level;
  };
  std::map<std::uint64_t, Family> families;
  for (std::size_t p = 0; p < list_.size(); ++p) {
    const std::uint64_t count = list_[p].count();
    const auto [found, is_new] = families.try_emplace(count, Family{families_, levels_});
    if (is_new) ++families_, levels_ += count;
    family_of_.push_back(found->second.number);
    for (std::uint64_t i = 0; i < count; ++i) {
      parameter_of_.push_back(p);
      level_of_.push_back(found->second.first_level + i);
    }
    first_.push_back(first_.back() + static_cast<std::uint32_t>(count));
  }
}

Columns Choices::columns_of(const double* values) const {
  Columns columns(parameters());
  for (std::size_t p = 0; p < columns.size(); ++p) {
    const Parameter& parameter = list_[p];
    const double index = parameter.categorical()
                             ? values[p]
                             : std::round((values[p] - parameter.low) / parameter.step);
    columns[p] = first_[p] + static_cast<std::uint32_t>(index);
  }
  return columns;
}

void Choices::values_of(const Columns& columns, double* values) const {
  for (std::size_t p = 0; p < columns.size(); ++p)
    values[p] = list_[p].value(columns[p] - first_[p]);
}

}  // namespace search_strategies
