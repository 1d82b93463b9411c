// Where studies can be kept: a row per back end. A further one is its own folder beside sqlite/ and
// its row in store.cpp.
#pragma once

#include "core/search/search.hpp"

#include <string_view>

namespace lathe {

struct Store {
  std::string_view scheme;   // how its URLs begin
  std::string_view example;  // what to write instead of a URL that nobody serves; empty: another
  // `place` is what follows the scheme, not empty. Throws run_error.
  std::shared_ptr<Storage> (*open)(std::string_view place, const StorageOptions& options);
  // The same without making anything: throws what can be known before.
  void (*check)(std::string_view place);
};

std::span<const Store> stores();

}  // namespace lathe
