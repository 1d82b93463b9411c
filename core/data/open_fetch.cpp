// Opens the library that alone links libcurl and libarchive, when something is first fetched.
#include "core/base/error.hpp"
#include "core/data/fetch.hpp"
#include "core/plugin/trust.hpp"

#include <fmt/format.h>
#include <boost/dll/shared_library.hpp>

namespace lathe {

namespace {

using Fetch = void(const KnownSet*, const FetchRequest*, const std::atomic<bool>*);

Fetch* open_library() {
  // By its full path beside the core: never one that LD_LIBRARY_PATH happens to hold.
  const std::filesystem::path path = host_library().parent_path() / "liblathe_fetch.so";
  try {
    using namespace boost::dll;
    // Never closed: libcurl and OpenSSL keep state for the life of the process.
    static auto* const library =
        new shared_library(path.string(), load_mode::rtld_now | load_mode::rtld_local);
    return &library->get<Fetch>("lathe_fetch");
  } catch (const std::exception& error) {
    throw run_error(LATHE_UNAVAILABLE,
                    fmt::format("the library '{}' that downloads cannot be opened: {}; is Lathe "
                                "installed completely?",
                                path.string(), error.what()));
  }
}

}  // namespace

void fetch(const KnownSet& set, const FetchRequest& request, const std::atomic<bool>& cancelled) {
  static Fetch* const fetch_set = open_library();
  fetch_set(&set, &request, &cancelled);
}

}  // namespace lathe
