#include "core/storage/postgres_library.hpp"

#include "core/base/library.hpp"

#include <fmt/format.h>

namespace lathe {
namespace {

constexpr const char* kLibrary = "liblathe_postgres.so";

std::string url_of(std::string_view place) { return fmt::format("postgresql://{}", place); }

}  // namespace

std::shared_ptr<Storage> open_on_postgres(std::string_view place, const StorageOptions& options) {
  using Factory = std::shared_ptr<Storage>*(const char* url, const StorageOptions& options);
  static Factory* const open = function_beside<Factory>(kLibrary, "lathe_open_postgres");
  const std::unique_ptr<std::shared_ptr<Storage>> opened(open(url_of(place).c_str(), options));
  return *opened;
}

void check_on_postgres(std::string_view place) {
  using Check = void(const char* url);
  static Check* const check = function_beside<Check>(kLibrary, "lathe_check_postgres");
  check(url_of(place).c_str());
}

}  // namespace lathe
