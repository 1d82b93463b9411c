// What a study of a search is called and has to agree on when it is resumed.
#pragma once

#include "core/search/plan/options.hpp"
#include "core/search/space/space.hpp"
#include "core/search/study/storage.hpp"

namespace lathe {

StudyDescription study_description(const SearchOptions& options, const SearchSpace& space,
                                   const std::string& name);

}  // namespace lathe
