// Opens the storage library, which lies beside the core library, when the first study is opened.
#include "core/search/study/storage.hpp"

#include "core/base/library.hpp"

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

}  // namespace lathe
