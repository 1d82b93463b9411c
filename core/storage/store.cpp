// The table of back ends, and the symbols of this library: a storage for a URL, and its check.
#include "core/storage/store.hpp"

#include "core/storage/postgres_library.hpp"
#include "core/storage/sqlite/storage.hpp"

#include <fmt/format.h>

namespace lathe {
namespace {

constexpr Store kStores[] = {
    {"sqlite:///",
     "sqlite:///study.db for a file in this folder, or sqlite:////absolute/path/study.db",
     open_sqlite_storage, check_sqlite_storage},
    {"postgresql://", "postgresql://USER@HOST/DATABASE for a server that several machines share",
     open_on_postgres, check_on_postgres},
    // As SQLAlchemy and libpq have it too.
    {"postgresql+psycopg2://", {}, open_on_postgres, check_on_postgres},
    {"postgres://", {}, open_on_postgres, check_on_postgres},
};

// Calls use(store, place) with the store that serves the URL.
template <typename Use>
auto with_store(std::string_view url, const Use& use) {
  std::string examples;
  for (const Store& store : stores()) {
    if (url.starts_with(store.scheme) && url.size() > store.scheme.size())
      return use(store, url.substr(store.scheme.size()));
    if (store.example.empty()) continue;
    examples += fmt::format("{}{}", examples.empty() ? "" : "; or ", store.example);
  }
  throw usage_error(
      fmt::format("cannot store a study at '{}'; write {}", shown_url(std::string(url)), examples));
}

}  // namespace

std::span<const Store> stores() { return kStores; }

}  // namespace lathe

extern "C" LATHE_EXPORT std::shared_ptr<lathe::Storage>* lathe_open_storage(
    const char* url, const lathe::StorageOptions& options);
extern "C" LATHE_EXPORT void lathe_check_storage(const char* url);

// C linkage so that its name is plain; the caller owns what it returns.
extern "C" std::shared_ptr<lathe::Storage>* lathe_open_storage(
    const char* url, const lathe::StorageOptions& options) {
  return new std::shared_ptr<lathe::Storage>(
      lathe::with_store(url, [&](const lathe::Store& store, std::string_view place) {
        return store.open(place, options);
      }));
}

extern "C" void lathe_check_storage(const char* url) {
  lathe::with_store(url,
                    [](const lathe::Store& store, std::string_view place) { store.check(place); });
}
