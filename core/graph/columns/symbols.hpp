// Interned texts: equal texts have equal numbers for the life of the process. Thread-safe.
#pragma once

#include <cstdint>
#include <string_view>

namespace lathe {

std::uint32_t symbol_of(std::string_view text);
// The same text, for the life of the process.
std::string_view interned(std::string_view text);
// Empty for a number that nobody was given.
std::string_view symbol_text(std::uint32_t symbol);

}  // namespace lathe
