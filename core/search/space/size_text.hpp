// How many points there are, also where that is more than can be counted.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace lathe {

// The product of the factors as a person reads it: "4096", and where that does not fit 63 bits
// "4^100 = 1.6e60", "4^50 * 3^2 = 1.1e31", or of many different factors "1.1e31" alone.
std::string size_text(std::span<const std::uint64_t> factors);

// The same as a number; infinite beyond 1e308.
double size_number(std::span<const std::uint64_t> factors);

}  // namespace lathe
