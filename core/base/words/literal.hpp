// Texts, keys and floats as TOML writes them, so that reading them again gives the same.
#pragma once

#include <string>
#include <string_view>

namespace lathe {

// A key that needs no quotes: letters, digits, '_' and '-'.
bool is_bare_key(std::string_view key);
std::string quoted(std::string_view text);
// The shortest text that reads back as the same float, and as a float: 1.0, 1e-05, inf.
std::string float_text(double x);

}  // namespace lathe
