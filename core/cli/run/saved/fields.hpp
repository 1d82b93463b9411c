// What the rows of a data set were made of, as a saved graph keeps it. Numbers read back exactly;
// so do names that are no UTF-8.
#pragma once

#include "core/base/json.hpp"
#include "core/host/dataset.hpp"

namespace lathe {

// A text as JSON has it: itself, or {"bytes": hex} if it is no UTF-8; and back.
Json json_of_text(const std::string& text);
// Throws usage_error if it is neither.
std::string text_of_json(const Value& json);

Json json_of(const std::vector<Field>& fields);
// Throws usage_error for what no json_of() has written.
std::vector<Field> fields_of(const Value& json);

}  // namespace lathe
