#include "core/base/words/shown.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lathe {

namespace {

unsigned byte_at(std::string_view text, std::size_t i) {
  return static_cast<unsigned char>(text[i]);
}

// REQUIRES: `character` is one, of more than a byte.
unsigned code_point(std::string_view character) {
  const unsigned lead_bits = 0x7FU >> character.size();
  unsigned code = byte_at(character, 0) & lead_bits;
  for (std::size_t i = 1; i < character.size(); ++i)
    code = code << 6U | (byte_at(character, i) & 0x3FU);
  return code;
}

// C1; marks, embeddings, overrides and isolates of the bidirectional algorithm (Unicode UAX #9);
// LINE SEPARATOR and PARAGRAPH SEPARATOR.
bool steers(unsigned code) {
  return (code >= 0x80 && code <= 0x9F) || code == 0x061C || code == 0x200E || code == 0x200F ||
         (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
}

bool is_plain(char c) { return c >= 0x20 && c < 0x7F; }

std::string escaped(char c) {
  if (c == '\n') return "\\n";
  if (c == '\t') return "\\t";
  if (c == '\r') return "\\r";
  return fmt::format("\\x{:02x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
}

std::string with_escapes(std::string_view text, std::string_view kept) {
  if (std::ranges::all_of(text, is_plain)) return std::string(text);
  std::string out;
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const std::string_view character = text.substr(0, std::max<std::size_t>(length, 1));
    if (length > 1) {
      const unsigned code = code_point(character);
      out += steers(code) ? fmt::format("\\u{:04x}", code) : std::string(character);
    } else if (is_plain(text.front()) || kept.find(text.front()) != std::string_view::npos) {
      out += text.front();
    } else {
      out += escaped(text.front());
    }
    text.remove_prefix(character.size());
  }
  return out;
}

}  // namespace

std::size_t utf8_length(std::string_view text) {
  if (text.empty()) return 0;
  const unsigned lead = byte_at(text, 0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte_at(text, i) & 0xC0U) != 0x80U) return 0;
  const unsigned second = byte_at(text, 1);
  const bool refused = (lead == 0xE0 && second < 0xA0) || (lead == 0xED && second >= 0xA0) ||
                       (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second >= 0x90);
  return refused ? 0 : length;
}

std::string shown(std::string_view text) { return with_escapes(text, ""); }

std::string shown_lines(std::string_view text) { return with_escapes(text, "\n\t"); }

}  // namespace lathe
