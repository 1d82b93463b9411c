// What arrays of samples and labels look like that they should not be. Sentences for the user;
// nothing is changed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "npz.hpp"

namespace datasets {

// About columns that only number the rows, in samples that are rows of numbers.
std::vector<std::string> sample_doubts(const stored_array& samples);

// About class numbers whose classes were counted: of one class, or from 1 on.
std::vector<std::string> class_doubts(const std::string& place,
                                      const std::vector<std::int64_t>& labels);

}  // namespace datasets
