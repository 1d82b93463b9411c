#include "core/storage/optuna/cells.hpp"

#include "core/storage/optuna/text/json.hpp"

#include <fmt/format.h>

namespace lathe {
namespace {

Error unexpected(const Cell& cell, const Owner& owner, const Place& place,
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

std::int64_t integer_in(const Cell& cell, const Owner& owner, const Place& place) {
  if (const auto* integer = std::get_if<std::int64_t>(&cell)) return *integer;
  throw unexpected(cell, owner, place, "integers");
}

double number_in(const Cell& cell, const Owner& owner, const Place& place) {
  if (const auto* number = std::get_if<double>(&cell)) return *number;
  if (const auto* integer = std::get_if<std::int64_t>(&cell)) return static_cast<double>(*integer);
  throw unexpected(cell, owner, place, "numbers");
}

std::string_view text_in(const Cell& cell, const Owner& owner, const Place& place) {
  if (const auto* text = std::get_if<std::string_view>(&cell)) return *text;
  throw unexpected(cell, owner, place, "text");
}

Value json_in(const Cell& cell, const Owner& owner, const Place& place) {
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

std::string excerpt(const Cell& cell) {
  if (is_null(cell)) return "NULL";
  if (const auto* blob = std::get_if<BlobCell>(&cell))
    return fmt::format("{} bytes that are no text", blob->size);
  if (const auto* integer = std::get_if<std::int64_t>(&cell)) return fmt::format("{}", *integer);
  if (const auto* number = std::get_if<double>(&cell)) return fmt::format("{}", *number);
  return excerpt(text_of(cell));
}

}  // namespace lathe
