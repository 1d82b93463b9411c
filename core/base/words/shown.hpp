// Text of unknown origin as a terminal may show it: what would move the cursor, ring, colour or
// reverse the writing is escaped. Names in files, cells, messages of plugins are such text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace lathe {

// On one line: \n, \t, \r, \x1b, \u009b, \u202e for control characters (C0, DEL, C1), controls of
// the direction of writing, and separators of lines; \xff for bytes that are not UTF-8. All else
// stays, backslashes too, so that text that was shown once stays as it is.
std::string shown(std::string_view text);
// The same; newlines stay, and tabs.
std::string shown_lines(std::string_view text);

// Bytes of the UTF-8 character at the start of `text`, or 0 if there is none (RFC 3629: no overlong
// forms, no surrogates, nothing above U+10FFFF).
std::size_t utf8_length(std::string_view text);

}  // namespace lathe
