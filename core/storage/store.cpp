// The table of back ends, and the one symbol of this library: a storage for a URL.
#include "core/storage/store.hpp"

#include "core/storage/sqlite/storage.hpp"

#include <fmt/format.h>

namespace lathe {
namespace {

constexpr Store kStores[] = {
    {"sqlite:///",
     "sqlite:///study.db for a file in this folder, or sqlite:////absolute/path/study.db",
     open_sqlite_storage},
};

std::shared_ptr<Storage> opened(std::string_view url, const StorageOptions& options) {
  std::string examples;
  for (const Store& store : stores()) {
    if (url.starts_with(store.scheme) && url.size() > store.scheme.size())
      return store.open(url.substr(store.scheme.size()), options);
    examples += fmt::format("{}{}", examples.empty() ? "" : "; or ", store.example);
  }
  throw usage_error(fmt::format("cannot store a study at '{}'; write {}", url, examples));
}

}  // namespace

std::span<const Store> stores() { return kStores; }

}  // namespace lathe

extern "C" LATHE_EXPORT std::shared_ptr<lathe::Storage>* lathe_open_storage(
    const char* url, const lathe::StorageOptions& options);

// C linkage so that its name is plain; the caller owns what it returns.
extern "C" std::shared_ptr<lathe::Storage>* lathe_open_storage(
    const char* url, const lathe::StorageOptions& options) {
  return new std::shared_ptr<lathe::Storage>(lathe::opened(url, options));
}
