// Long lists within a text, as a line for people may show them.
#pragma once

#include <string>
#include <string_view>

namespace lathe {

// Every list in brackets of more than four entries, none of them a list, by its first two and its
// last: "scale=[0.5, 0.25, ... 2]".
std::string with_short_lists(std::string_view text);

}  // namespace lathe
