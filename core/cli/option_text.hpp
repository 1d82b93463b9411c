// What an option table says, as words for a table of help: types, defaults, what is allowed.
#pragma once

#include "core/options/option.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace lathe {

std::string_view type_name(lathe_option_type type);  // "int", "float list"
std::string default_text(const Option& option);      // "(required)"; empty: there is none
std::string range_or_choices(const Option& option);  // "1..64", "each a|b or NA"
std::string meaning(const Option& option);           // its doc, with notes: "... (tunable)"
bool takes_tables(const Option& option);             // one, or a list of them

}  // namespace lathe
