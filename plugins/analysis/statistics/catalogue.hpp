// The statistics by name: a row each, with the options it takes.
#pragma once

#include <lathe/hpp/option.hpp>

#include "statistic.hpp"

namespace statistics {

inline constexpr lathe::option kDevice =
    lathe::string_option("device", "MASE's: \"cpu\"; another is a warning, and the CPU computes.")
        .by_default("cpu");
inline constexpr lathe::option kDims =
    lathe::any_option(
        "dims",
        "What is reduced: \"all\"; NA: nothing but the samples, a number for each "
        "element; a list: those dimensions of a sample ([1, ...] of an activation) too.")
        .nullable()
        .by_default("all");
inline constexpr lathe::option kAbs =
    lathe::bool_option("abs", "Of the magnitudes.").by_default("false");

inline constexpr lathe_option kRecord[] = {
    kDevice,
    lathe::bool_option("add_new_dim_before_concat", "Joins samples along a new first dimension.")
        .by_default("false"),
};
inline constexpr lathe_option kVariance[] = {kDevice, kDims};
inline constexpr lathe_option kRangeNSigma[] = {
    kDevice,
    kDims,
    kAbs,
    lathe::choice_option("var_mode", "online|precise", "The variance of which statistic.")
        .by_default("online"),
    lathe::float_option("num_sigma", "Standard deviations on each side of the mean.")
        .within("0..1000000")
        .by_default("3"),
};
inline constexpr lathe_option kRangeMinMax[] = {kDevice, kDims, kAbs};
inline constexpr lathe_option kRangeQuantile[] = {
    kDevice,
    kDims,
    kAbs,
    lathe::float_option("quantile", "From the quantile 1 - this to this one.")
        .within("0.5..1")
        .by_default("0.975"),
};
inline constexpr lathe_option kAbsMean[] = {kDevice, kDims};

// The tables `weight_statistics` and `activation_statistics`.
inline constexpr lathe_option kStatistics[] = {
    lathe::table_option("record", "Every value, in an .npy file of the pass's folder.")
        .with_items(kRecord),
    lathe::table_option("variance_online", "Mean and variance over the count (population).")
        .with_items(kVariance),
    lathe::table_option("variance_precise", "Mean and variance over the count less one (unbiased).")
        .with_items(kVariance),
    lathe::table_option("range_n_sigma", "Mean -+ num_sigma standard deviations.")
        .with_items(kRangeNSigma),
    lathe::table_option("range_min_max", "Smallest and largest value.").with_items(kRangeMinMax),
    lathe::table_option("range_quantile", "Between two quantiles, linearly interpolated.")
        .with_items(kRangeQuantile),
    lathe::table_option("abs_mean", "Mean of the magnitudes.").with_items(kAbsMean),
};

// A statistic that has seen nothing. `options` are as checked against its row; throws error for
// `dims` that are none, and for a name without row.
std::unique_ptr<Statistic> make_statistic(std::string_view name, const lathe::options& options);

}  // namespace statistics
