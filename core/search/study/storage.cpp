// Opens the storage library, which lies beside the core library, when the first study is opened.
#include "core/search/study/storage.hpp"

#include <fmt/format.h>
#include <boost/dll/runtime_symbol_info.hpp>
#include <boost/dll/shared_library.hpp>

#include <filesystem>

namespace lathe {
namespace {

// Something of this library, so that it can be found.
const char kHere = 0;

boost::dll::shared_library& storage_library() {
  static boost::dll::shared_library library = [] {
    const std::filesystem::path here = boost::dll::symbol_location(kHere).string();
    const std::filesystem::path path = here.parent_path() / "liblathe_storage.so";
    boost::dll::fs::error_code failed;
    boost::dll::shared_library loaded(
        path.string(), failed, boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
    if (failed)
      throw run_error(LATHE_NOT_FOUND,
                      fmt::format("cannot open the storage library '{}': {}; is Lathe installed "
                                  "completely?",
                                  path.string(), failed.message()));
    return loaded;
  }();
  return library;
}

}  // namespace

std::shared_ptr<Storage> open_storage(const std::string& url, const StorageOptions& options) {
  using Factory = std::shared_ptr<Storage>*(const char* url, const StorageOptions& options);
  const std::unique_ptr<std::shared_ptr<Storage>> opened(
      storage_library().get<Factory>("lathe_open_storage")(url.c_str(), options));
  return *opened;
}

}  // namespace lathe
