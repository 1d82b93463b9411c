#include "core/host/dataset.hpp"

#include <array>

namespace lathe {

namespace {

// MASE's words beside Lathe's.
struct Word {
  std::string_view word;
  Split split;
};
constexpr std::array kWords{
    Word{"train", Split::train},
    Word{"validation", Split::validation},
    Word{"test", Split::test},
    Word{"val", Split::validation},
    Word{"train_dataloader", Split::train},
    Word{"val_dataloader", Split::validation},
    Word{"validation_dataloader", Split::validation},
    Word{"test_dataloader", Split::test},
};

}  // namespace

std::string_view name(Split split) { return kWords[static_cast<std::size_t>(split)].word; }

std::optional<Split> split_from_name(std::string_view name) {
  for (const Word& row : kWords)
    if (row.word == name) return row.split;
  return {};
}

}  // namespace lathe
