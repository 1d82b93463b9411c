// Numbers that are none, in the network or in what was found: said with the first node that has
// them.
#pragma once

#include "work.hpp"

namespace sensitivity {

// Warns of the first node whose weights hold a NaN or an infinity, and, with `results`, of the
// first whose result does.
void warn_of_network(const Work& work, bool results);
// Warns of the first site where a format gives no finite number; "error" and the like.
void warn_of_scores(const Work& work, const Scores& scores, std::string_view what);

}  // namespace sensitivity
