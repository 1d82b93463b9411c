// Opens the library that alone links libcurl and libarchive, when something is first fetched.
#include "core/base/library.hpp"
#include "core/data/fetch.hpp"

namespace lathe {

void fetch(const KnownSet& set, const FetchRequest& request, const std::atomic<bool>& cancelled) {
  using Fetch = void(const KnownSet*, const FetchRequest*, const std::atomic<bool>*);
  static Fetch* const fetch_set = function_beside<Fetch>("liblathe_fetch.so", "lathe_fetch");
  fetch_set(&set, &request, &cancelled);
}

}  // namespace lathe
