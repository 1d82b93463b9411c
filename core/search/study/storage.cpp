// Opens the storage library, which lies beside the core library, when the first study is opened.
#include "core/search/study/storage.hpp"

#include "core/base/library.hpp"

#include <algorithm>

namespace lathe {

std::shared_ptr<Storage> open_storage(const std::string& url, const StorageOptions& options) {
  using Factory = std::shared_ptr<Storage>*(const char* url, const StorageOptions& options);
  static Factory* const open_library =
      function_beside<Factory>("liblathe_storage.so", "lathe_open_storage");
  const std::unique_ptr<std::shared_ptr<Storage>> opened(open_library(url.c_str(), options));
  return *opened;
}

void check_storage(const std::string& url) {
  using Check = void(const char* url);
  static Check* const check = function_beside<Check>("liblathe_storage.so", "lathe_check_storage");
  check(url.c_str());
}

// postgresql://user:PASSWORD@host/database?password=PASSWORD
std::string shown_url(const std::string& url) {
  std::string shown = url;
  const std::size_t begin = shown.find("://");
  if (begin == std::string::npos || url.starts_with("sqlite:")) return shown;
  // A password may hold an @ or a / that should be written %40 or %2F.
  const std::size_t at = shown.rfind('@', shown.find('?'));
  const std::size_t colon = shown.find(':', begin + 3);
  if (at != std::string::npos && at > begin && colon < at) shown.erase(colon, at - colon);
  constexpr std::string_view kKey = "password=";
  for (std::size_t key = shown.find(kKey); key != std::string::npos; key = shown.find(kKey, key)) {
    const std::size_t after = std::min(shown.find('&', key), shown.size());
    const bool last = after == shown.size();
    shown.erase(last ? key - 1 : key, after - key + 1);
  }
  return shown;
}

}  // namespace lathe
