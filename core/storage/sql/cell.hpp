// What one cell of a row holds, whichever database has it.
#pragma once

#include <cstdint>
#include <string_view>
#include <variant>

namespace lathe {

// Bytes that are no text; nobody here reads them.
struct BlobCell {
  std::size_t size = 0;
};

// A text is valid until its statement moves on. std::monostate: NULL.
using Cell = std::variant<std::monostate, std::int64_t, double, std::string_view, BlobCell>;

inline bool is_null(const Cell& cell) { return std::holds_alternative<std::monostate>(cell); }

// The cell's integer; 0 for anything else, NULL among it.
inline std::int64_t integer_of(const Cell& cell) {
  const auto* integer = std::get_if<std::int64_t>(&cell);
  return integer == nullptr ? 0 : *integer;
}

// The cell's text; empty for anything else.
inline std::string_view text_of(const Cell& cell) {
  const auto* text = std::get_if<std::string_view>(&cell);
  return text == nullptr ? std::string_view{} : *text;
}

}  // namespace lathe
