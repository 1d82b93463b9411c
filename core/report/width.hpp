// How wide text is on a terminal, counted in code points.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace lathe {

std::size_t width_of(std::string_view text);

// Its first `width` characters.
std::string first_letters(std::string_view text, std::size_t width);

}  // namespace lathe
