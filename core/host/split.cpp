#include "core/host/split.hpp"

#include "core/base/error.hpp"
#include "core/mase/words.hpp"

#include <fmt/format.h>

namespace lathe {

std::string_view name(Split split) {
  switch (split) {
    case Split::train:
      return "train";
    case Split::validation:
      return "validation";
    default:
      return "test";
  }
}

std::optional<Split> split_from_name(std::string_view name) {
  const std::optional<std::string> word = split_word(name);
  if (!word) return std::nullopt;
  for (const Split split : {Split::train, Split::validation, Split::test}) {
    if (lathe::name(split) == *word) return split;
  }
  return std::nullopt;
}

Split known_split(std::string_view name) {
  const std::optional<Split> split = split_from_name(name);
  if (split) return *split;
  throw usage_error(fmt::format("there is no split '{}'; known: train, validation, test", name));
}

}  // namespace lathe
