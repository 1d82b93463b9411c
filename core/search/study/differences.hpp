// What a study was begun with and what a search has now, compared in words: the parameter, the
// choice or the option that differs, and nothing else. Knows nothing of where studies are kept.
#pragma once

#include "core/search/study/storage.hpp"

namespace lathe {

// Attributes of a study that machines share.
constexpr std::string_view kCpuCapability = "cpu_capability";
constexpr std::string_view kDataHashes = "data_sha256";

// All that has to agree, by name: the user attributes, and as "space" the parameters as a config
// file writes them. What a storage keeps of a study, and compares.
Value facts_of(const StudyDescription& description);

// "with seed 7, but this search has 8"; empty: they agree. Facts that the study lacks agree. With
// many, the first three and how many more there are.
std::string difference_text(const Value& begun, const Value& now);

// The same of what is to become of the objectives; `begun` and `now`: a word for each.
std::string difference_of_directions(const std::vector<std::string>& begun,
                                     const std::vector<std::string>& now, const Value& facts);

}  // namespace lathe
