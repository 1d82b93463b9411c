// Words without quotes: which characters they have, and what they are. TOML's numbers and booleans,
// NA, and any other word as a text. Knows nothing about where a word stands.
#pragma once

#include "core/base/value.hpp"

namespace lathe {

bool is_key_char(char c);   // of a bare key: letters, digits, _ and -
bool is_word_char(char c);  // of an unquoted value: all but space, quotes and , < > [ ] { } =

// Throws usage_error for a number that does not fit. REQUIRES: not empty.
Value word_value(std::string_view word);

}  // namespace lathe
