#include "core/checkpoint/torch/names.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <optional>

namespace lathe {

namespace {

using pickle::Kind;
using pickle::Object;

constexpr std::size_t kMostNamed = 6, kLongestShown = 64;
constexpr std::size_t kLongestTuple = 16;  // of a key
constexpr int kDeepestKey = 4;

// As Python prints it: 0.5, 1.0.
std::string real_text(std::int64_t bits) {
  std::array<char, 32> buffer{};
  const auto [end, error] =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), std::bit_cast<double>(bits));
  std::string text(buffer.data(), end);
  return text.find_first_not_of("-0123456789") == std::string::npos ? text + ".0" : text;
}

std::optional<std::string> name_of(const Object* key, int depth);

std::optional<std::string> joined(std::span<const Object* const> items, int depth) {
  if (depth > kDeepestKey || items.size() > kLongestTuple) return {};
  std::string text;
  for (const Object* item : items) {
    const auto part = name_of(item, depth + 1);
    if (!part) return {};
    text += (item == items.front() ? "" : ".") + *part;
  }
  return text;
}

std::optional<std::string> name_of(const Object* key, int depth) {
  switch (key->kind) {
    case Kind::text:
    case Kind::bytes:
    case Kind::global:
      return std::string(key->text);
    case Kind::none:
      return "None";
    case Kind::boolean:
      return key->integer != 0 ? "True" : "False";
    case Kind::integer:
      return std::to_string(key->integer);
    case Kind::real:
      return real_text(key->integer);
    case Kind::tuple:
      return joined(key->items(), depth);
    case Kind::object:  // a value of an enumeration, a subclass of str, bytes of protocol 2
      if (depth > kDeepestKey || maker_name(*key).ends_with(".scalar")) return {};  // NumPy's
      for (const Object* argument :
           key->arguments().first(std::min<std::size_t>(key->arguments().size(), kLongestTuple)))
        if (!argument->is(Kind::global)) return name_of(argument, depth + 1);
      return {};
    default:
      return {};
  }
}

std::string short_kind(const Object& value) {
  if (value.is(Kind::object)) return "what '" + maker_name(value) + "' would make";
  return std::string(name(value.kind));
}

std::string counted(std::size_t count, std::string_view what, std::string_view many) {
  return std::to_string(count) + " " + std::string(count == 1 ? what : many);
}

std::string more_than_named(std::size_t count) {
  return count > kMostNamed ? " and " + std::to_string(count - kMostNamed) + " more" : "";
}

}  // namespace

std::string key_name(const Object* key, std::size_t place) {
  const auto name = key == nullptr ? std::nullopt : name_of(key, 0);
  return name ? *name : std::to_string(place);
}

std::string maker_name(const Object& object) {
  const Object* maker = object.maker();
  return maker == nullptr ? "what another call returns" : std::string(maker->text);
}

std::string described(const Object& value) {
  if (value.is(Kind::object))
    return "what '" + maker_name(value) +
           "' would make, which is not known here and was not called";
  const std::string kind(name(value.kind));
  std::string text;
  if (value.is(Kind::dict)) {
    if (value.pairs() == 0) return "an empty dict";
    for (std::size_t i = 0; i < std::min(value.pairs(), kMostNamed); ++i)
      text += std::string(i == 0 ? ": " : ", ") + "'" +
              key_name(value.key(i), i).substr(0, kLongestShown) + "' (" +
              short_kind(*value.value(i)) + ")";
    return "a dict of " + counted(value.pairs(), "entry", "entries") + text +
           more_than_named(value.pairs());
  }
  if (value.is(Kind::list) || value.is(Kind::tuple) || value.is(Kind::set)) {
    const auto items = value.items();
    if (items.empty()) return "an empty " + kind;
    for (std::size_t i = 0; i < std::min(items.size(), kMostNamed); ++i)
      text += (i == 0 ? ": " : ", ") + short_kind(*items[i]);
    return "a " + kind + " of " + counted(items.size(), "item", "items") + text +
           more_than_named(items.size());
  }
  return "a value of type " + kind;
}

}  // namespace lathe
