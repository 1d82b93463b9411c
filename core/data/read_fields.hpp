// What a data set plugin says its rows are made of, checked before it is believed.
#pragma once

#include "core/base/error.hpp"
#include "core/host/dataset.hpp"

#include <functional>

namespace lathe {

// Makes the error that blames the plugin for something.
using Blaming = std::function<Error(const std::string& what)>;

// The fields of a table that came from a plugin; all of it may be wrong. Throws what `broken`
// makes.
std::vector<Field> read_fields(const lathe_field_table* table, const Blaming& broken);
// Bytes of a row, as far as shapes are known.
std::uint64_t row_bytes(std::span<const Field> fields, const Blaming& broken);
// Throws unless shapes and classes are known, as they must be once a data set is open.
void require_known(std::span<const Field> fields, const Blaming& broken);

// Above these a number is damage, not a data set.
constexpr std::uint64_t kMostRowBytes = std::uint64_t{1} << 46;  // what a process can address
constexpr std::uint64_t kLongestText = 1U << 16;

// A plugin's text; throws if it is none.
std::string text_of_plugin(lathe_str source, const std::string& what, const Blaming& broken);

}  // namespace lathe
