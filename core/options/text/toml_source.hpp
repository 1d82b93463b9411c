// Where keys stand in a TOML text that a parser has accepted: parsers keep the places of values,
// but an error about a key must point to the key. Knows nothing about values or the parser.
#pragma once

#include "core/base/error.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace lathe {

class TomlSource {
 public:
  TomlSource(std::string_view text, std::string name);

  // Throws usage_error for what a parser could not survive: nesting too deep for its stack, a zero
  // byte, bytes that are not UTF-8 (toml11 3.7 reads past its buffer for those).
  void check() const;

  std::size_t offset(int line, int column) const;  // clipped to the text
  Position position(std::size_t offset) const;
  Position whole_file() const { return Position{name_, 0, 0}; }
  char at(std::size_t offset) const { return offset < text_.size() ? text_[offset] : '\0'; }

  // Starts of the segments of the dotted key in front of `= value`; empty if there is none (an
  // element of a list).
  std::vector<std::size_t> keys_before(std::size_t value) const;
  // Starts of the segments of a dotted key, or of a header `[a.b]` or `[[a.b]]`.
  std::vector<std::size_t> keys_from(std::size_t key) const;
  // The number or word at a place.
  std::string_view token(std::size_t offset) const;

 private:
  void check_depth() const;
  void check_characters() const;

  std::string_view text_;
  std::string name_;
  std::vector<std::size_t> lines_;  // where each begins
};

}  // namespace lathe
