// The page of `lathe report`: one file of HTML that asks nobody for anything. What it draws is in
// the JSON it carries; how, in the scripts beside this file, which are put together when Lathe is
// built (cmake/PageTemplate.cmake).
#pragma once

#include "core/base/value.hpp"

#include <string>
#include <string_view>

namespace lathe {

// With @DATA@ where the JSON goes.
extern const std::string_view kPageTemplate;

// `data`: {"title", "subtitle", "notes": [text], "facts": [[name, value]], "times": the same,
//  "search": of search_part() or null, "curves": {"columns", "rows"} or null,
//  "tables": [{"name", "columns", "rows"}], "texts": [{"name", "text"}], "provenance": tree}.
// No text in it can end the script it is in.
std::string page_text(const Value& data);

}  // namespace lathe
