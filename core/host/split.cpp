#include "core/host/split.hpp"

#include "core/mase/words.hpp"

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

}  // namespace lathe
