#include "core/storage/sqlite/cells.hpp"

#include "core/storage/optuna/json.hpp"

#include <fmt/format.h>

namespace lathe {
namespace {

// The type that a cell has, not the one its column is declared with.
bool is_text(const SQLite::Column& cell) { return cell.getType() == SQLite::TEXT; }

Error unexpected(const SQLite::Column& cell, const Owner& owner, const Place& place,
                 std::string_view expected) {
  return owner.damaged(
      fmt::format("has {} in {}, which takes {}", excerpt(cell), place.text(), expected));
}

}  // namespace

Error Owner::damaged(std::string_view what) const {
  return study.damaged(fmt::format("{} {}", name, what));
}

std::string Place::text() const {
  return of.empty() ? std::string(column) : fmt::format("{} of {}", column, excerpt(of));
}

std::int64_t integer_in(const SQLite::Column& cell, const Owner& owner, const Place& place) {
  if (!cell.isInteger()) throw unexpected(cell, owner, place, "integers");
  return cell.getInt64();
}

double number_in(const SQLite::Column& cell, const Owner& owner, const Place& place) {
  if (!cell.isFloat() && !cell.isInteger()) throw unexpected(cell, owner, place, "numbers");
  return cell.getDouble();
}

std::string_view text_in(const SQLite::Column& cell, const Owner& owner, const Place& place) {
  if (!is_text(cell)) throw unexpected(cell, owner, place, "text");
  const char* text = cell.getText();
  return {text, static_cast<std::size_t>(cell.getBytes())};
}

Value json_in(const SQLite::Column& cell, const Owner& owner, const Place& place) {
  const std::string_view text = text_in(cell, owner, place);
  std::optional<Value> value = value_of_json(text);
  if (value) return *std::move(value);
  throw owner.damaged(fmt::format("has {} in {}, which is no JSON", excerpt(text), place.text()));
}

std::string excerpt(std::string_view text) {
  constexpr std::size_t kMost = 200;
  if (text.size() <= kMost) return fmt::format("'{}'", text);
  std::size_t end = kMost;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;  // UTF-8
  return fmt::format("'{}...' ({} bytes)", text.substr(0, end), text.size());
}

std::string excerpt(const SQLite::Column& cell) {
  if (cell.isNull()) return "NULL";
  if (cell.isBlob()) return fmt::format("{} bytes that are no text", cell.getBytes());
  const std::string text = cell.getString();
  return is_text(cell) ? excerpt(std::string_view(text)) : text;
}

}  // namespace lathe
