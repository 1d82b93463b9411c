// What makes each statistic; `options` are as checked against its row of the catalogue. All throw
// error for `dims` that are none.
#pragma once

#include "statistic.hpp"

namespace statistics {

// Every value that is seen, in the order of the samples, as a file of NumPy (record.cpp).
std::unique_ptr<Statistic> record(const lathe::options& options);
// Mean and variance over the count, population (moments.cpp).
std::unique_ptr<Statistic> variance_online(const lathe::options& options);
// Mean and variance over the count less one, unbiased (moments.cpp).
std::unique_ptr<Statistic> variance_precise(const lathe::options& options);
// mean -+ num_sigma * sqrt(variance), with either variance (moments.cpp).
std::unique_ptr<Statistic> range_n_sigma(const lathe::options& options);
// The smallest and the largest value (extremes.cpp).
std::unique_ptr<Statistic> range_min_max(const lathe::options& options);
// Between which values a part of all lies (quantile.cpp).
std::unique_ptr<Statistic> range_quantile(const lathe::options& options);
// The mean of the magnitudes (magnitude.cpp).
std::unique_ptr<Statistic> abs_mean(const lathe::options& options);

}  // namespace statistics
