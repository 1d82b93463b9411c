// What a study of a search is called and has to agree on when it is resumed.
#pragma once

#include "core/search/plan/options.hpp"
#include "core/search/space/space.hpp"
#include "core/search/study/storage.hpp"

namespace lathe {

// `as_int`: choices are stored as the integers 0, 1, ..., as they were asked.
StoredParameter stored_parameter(const SearchParameter& parameter, bool as_int = false);

StudyDescription study_description(const SearchOptions& options, const SearchSpace& space,
                                   const std::string& name);

}  // namespace lathe
