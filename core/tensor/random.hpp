// Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as
// 1, 2, 3", SC 2011), by the authors' Random123. Every number is a pure function of (seed, stream,
// counter): no state to save, the same for any number of threads.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace lathe {

// One block: four 32-bit words for a 128-bit counter and a 64-bit key.
std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter,
                                    std::array<std::uint32_t, 2> key);

// A stream number from a text, eg: a parameter's name.
std::uint64_t stream_of(std::string_view text);

// Element i is uniform on [0, 1) with 53 bits, a function of (seed, stream, counter + i).
void uniform(std::uint64_t seed, std::uint64_t stream, std::uint64_t counter,
             std::span<double> out);
// Standard normal, by Box and Muller.
void normal(std::uint64_t seed, std::uint64_t stream, std::uint64_t counter, std::span<double> out);
// A permutation of 0..n-1, by Fisher and Yates.
std::vector<std::uint64_t> permutation(std::uint64_t seed, std::uint64_t stream, std::uint64_t n);

}  // namespace lathe
