// Opens the library that alone links libcurl and libarchive, when something is first fetched.
#include "core/fetch/fetch.hpp"

#include "core/base/library.hpp"
#include "core/fetch/fetch_set.hpp"

namespace lathe {

void fetch(const KnownSet& set, const FetchRequest& request, const std::atomic<bool>& cancelled) {
  static auto* const fetch_set =
      function_beside<decltype(lathe_fetch_set)>("liblathe_fetch.so", "lathe_fetch_set");
  fetch_set(&set, &request, &cancelled);
}

}  // namespace lathe
