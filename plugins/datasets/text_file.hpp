// Files of text as they come: plain or gzip, in UTF-8, with or without a byte order mark. Knows
// nothing about tables.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace datasets {

// The text of a file as UTF-8 without a byte order mark. Text in
// another 8-bit encoding is taken as Latin-1, which adds a sentence to `warnings`. A file that is
// known to be of another format, or UTF-16, is an error that says so.
std::string text_of(const std::string& path, std::vector<std::string>& warnings);
// The same of its first `limit` bytes, whatever their encoding.
std::string text_begin_of(const std::string& path, std::uint64_t limit);

// Bytes of the UTF-8 character that begins at `at`; 0 if none does.
std::size_t utf8_length(std::string_view text, std::size_t at);
bool is_utf8(std::string_view text);

}  // namespace datasets
