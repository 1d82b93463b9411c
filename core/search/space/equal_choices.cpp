#include "core/search/space/equal_choices.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lathe {
namespace {

std::string shown(const Value& choice) { return choice.is_none() ? "NA" : choice.text(); }

std::string warning(const SearchParameter& parameter, const Value& kept, const Value& dropped) {
  const Position& place = dropped.position();
  const std::string what =
      same_choice(kept, dropped)
          ? fmt::format("lists {} twice", shown(dropped))
          : fmt::format("lists {} and {}, which mean the same", shown(kept), shown(dropped));
  return fmt::format("{}{}'{}' {}; the search takes them for one choice", place.text(),
                     place.known() ? ": " : "", parameter.key, what);
}

}  // namespace

void merge_equal_choices(SearchParameter& parameter, std::span<const Value> meanings,
                         std::vector<std::string>& warnings) {
  std::vector<Value> kept;
  std::vector<std::size_t> kept_at;
  for (std::size_t i = 0; i < parameter.choices.size(); ++i) {
    const Value& choice = parameter.choices[i];
    const auto equal = std::ranges::find_if(
        kept_at, [&](std::size_t earlier) { return same_choice(meanings[earlier], meanings[i]); });
    if (equal == kept_at.end()) {
      kept.push_back(choice);
      kept_at.push_back(i);
      continue;
    }
    const std::string said = warning(parameter, parameter.choices[*equal], choice);
    if (std::ranges::count(warnings, said) == 0) warnings.push_back(said);
  }
  parameter.choices = std::move(kept);
}

}  // namespace lathe
