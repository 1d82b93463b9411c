// Whether two samples of counts are of one law: Pearson's chi-square.
#pragma once

#include <vector>

namespace lathe_test {

// How likely two samples of one law are to differ so much; cells with too few are put together.
// 1: there is but one cell.
double same_law(const std::vector<double>& ours, const std::vector<double>& theirs);

}  // namespace lathe_test
