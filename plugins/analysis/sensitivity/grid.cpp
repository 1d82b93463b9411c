#include "grid.hpp"

#include <algorithm>
#include <limits>

namespace sensitivity {

Grid::Grid(Parameters space, std::vector<std::size_t> parameters)
    : space_(std::move(space)), parameters_(std::move(parameters)) {
  std::uint64_t one_by_one = 1;
  for (const std::size_t p : parameters_) {
    one_by_one += (*space_)[p].choices;
    cells_ = std::min(cells_ * (*space_)[p].choices, kMostCells + 1);
  }
  one_at_a_time_ = cells_ > kMostCells && parameters_.size() > 1;
  if (one_at_a_time_ || parameters_.size() == 1) cells_ = one_by_one - (one_at_a_time_ ? 0 : 1);
}

// The number of the choice of the parameter at that place of parameters_.
std::uint64_t Grid::choice(std::uint64_t cell, std::size_t place) const {
  if (one_at_a_time_) {
    std::uint64_t first = 1;
    for (std::size_t i = 0; i < place; ++i) first += (*space_)[parameters_[i]].choices;
    const std::uint64_t count = (*space_)[parameters_[place]].choices;
    return cell >= first && cell < first + count ? cell - first : 0;
  }
  for (std::size_t i = 0; i < place; ++i) cell /= (*space_)[parameters_[i]].choices;
  return cell % (*space_)[parameters_[place]].choices;
}

Choices Grid::choices(std::uint64_t cell) const {
  Choices all(space_->size());
  // Later ones hang on earlier ones, which must not be changed for them: they are set last.
  for (std::size_t place = parameters_.size(); place-- > 0;) {
    const std::size_t p = parameters_[place];
    const std::uint64_t c = choice(cell, place);
    if (one_at_a_time_ && c == 0) continue;
    all = with_choice(*space_, std::move(all), p, c);
  }
  if (one_at_a_time_) return all;
  for (std::size_t place = 0; place < parameters_.size(); ++place) {
    all[parameters_[place]] = choice(cell, place);
  }
  return all;
}

Choices with_choice(const std::vector<Parameter>& space, Choices choices, std::size_t parameter,
                    std::uint64_t choice) {
  choices[parameter] = choice;
  const Parameter* now = &space[parameter];
  while (now->parent) {
    const std::uint32_t parent = *now->parent;
    const auto& allowed = now->parent_choices;
    const bool exists = std::find(allowed.begin(), allowed.end(), choices[parent]) != allowed.end();
    if (!exists && !allowed.empty()) choices[parent] = allowed.front();
    now = &space[parent];
  }
  return choices;
}

Split::Split(const Grid& grid, const std::vector<double>& values) {
  for (const std::size_t p : grid.parameters_) {
    by_parameter.emplace_back((*grid.space_)[p].choices, std::numeric_limits<double>::infinity());
  }
  if (by_parameter.empty()) {
    constant = values[0];
    return;
  }
  if (grid.one_at_a_time_) {
    constant = values[0];
    std::uint64_t cell = 1;
    for (std::vector<double>& of : by_parameter) {
      for (double& value : of) value = values[cell++] - constant;
    }
    return;
  }
  for (std::uint64_t cell = 0; cell < values.size(); ++cell) {
    for (std::size_t place = 0; place < by_parameter.size(); ++place) {
      double& least = by_parameter[place][grid.choice(cell, place)];
      // What is no number stays one: it must not be taken for an infinity.
      if (!(least <= values[cell])) least = values[cell];
    }
  }
  if (by_parameter.size() == 1) return;
  constant = *std::min_element(values.begin(), values.end());
  for (std::vector<double>& of : by_parameter) {
    for (double& value : of) value -= constant;
  }
}

}  // namespace sensitivity
