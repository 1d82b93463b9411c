#include "label_numbers.hpp"

#include "numbers.hpp"

#include <algorithm>
#include <cmath>

namespace datasets {

label_numbers::label_numbers(std::vector<std::string> classes) : names_(std::move(classes)) {
  fixed_ = !names_.empty();
  for (std::size_t i = 0; i < names_.size(); ++i) {
    numbers_.emplace(names_[i], static_cast<std::int64_t>(i));
  }
}

std::int64_t label_numbers::of(std::string_view cell) {
  const std::string_view label = trimmed(cell);
  const auto known = numbers_.find(label);
  if (known != numbers_.end()) return known->second;
  // 1.0 is class 1.
  double number = 0;
  const bool is_number = parse_number(label, number);
  if (is_number && !fixed_ && decimal_.empty() &&
      label.find_first_of(".eE") != std::string_view::npos) {
    decimal_ = lathe::to_string(label);
  }
  if (is_number && number == std::floor(number) && std::fabs(number) < 1e15) {
    const std::string whole = lathe::to_string(static_cast<std::int64_t>(number));
    const auto same = numbers_.find(whole);
    if (same != numbers_.end()) return same->second;
    if (!fixed_) return added(whole);
  }
  return fixed_ ? -1 : added(lathe::to_string(label));
}

void label_numbers::finish(std::vector<std::int64_t>& labels) {
  if (fixed_) return;
  double ignored = 0;
  const bool numeric = std::all_of(names_.begin(), names_.end(), [&](const std::string& name) {
    return parse_number(name, ignored);
  });
  std::vector<std::string> ordered = names_;
  std::sort(ordered.begin(), ordered.end(), [&](const std::string& a, const std::string& b) {
    if (!numeric) return a < b;
    double x = 0, y = 0;
    parse_number(a, x);
    parse_number(b, y);
    return x < y;
  });
  std::vector<std::int64_t> renumbered(names_.size());
  for (std::size_t i = 0; i < ordered.size(); ++i) {
    renumbered[static_cast<std::size_t>(numbers_.find(ordered[i])->second)] =
        static_cast<std::int64_t>(i);
  }
  for (std::int64_t& label : labels) label = renumbered[static_cast<std::size_t>(label)];
  names_ = std::move(ordered);
}

std::int64_t label_numbers::added(std::string name) {
  const auto number = static_cast<std::int64_t>(names_.size());
  numbers_.emplace(name, number);
  names_.push_back(std::move(name));
  return number;
}

}  // namespace datasets
