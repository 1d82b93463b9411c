// Which study a command works on: RUN, or --storage and --study.
#pragma once

#include "core/cli/command_table.hpp"
#include "core/search/space/space.hpp"
#include "core/search/study/held_study.hpp"

namespace lathe {

struct ChosenStorage {
  std::string url;
  std::shared_ptr<Storage> storage;
  std::vector<std::string> values;  // words of the command that are no RUN
};

// RUN, the first word, is the folder of a search or a study's file. Throws usage_error where no
// study is kept, unless one is to be made there.
enum class There { already, or_new };
ChosenStorage chosen_storage(const Invocation& call, There there = There::already);

// That of --study, or the only one there is. Throws usage_error.
std::string chosen_name(const Invocation& call, const ChosenStorage& place);

// As Storage::hold_study(), of the study that is meant.
void hold_chosen(const Invocation& call, const ChosenStorage& place, Hold hold,
                 const std::function<void(HeldStudy&)>& act);

// The space of a study, as samplers see it.
SearchSpace space_of(const StudyDescription& description);

// A point as values by name, and back. Throws usage_error, at the value's place, for an unknown
// parameter or choice.
Value params_of(const SearchSpace& space, std::span<const double> point);
std::vector<double> point_of(const SearchSpace& space, const Value& params);

// JSON of the command line, or of a file that it names.
Value json_given(const std::string& given, const std::string& flag);

}  // namespace lathe
