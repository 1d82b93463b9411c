#include "core/base/library.hpp"

#include "core/base/error.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

namespace lathe {

namespace {

// Something of this library, so that it can be found.
constexpr char kHere = 0;

}  // namespace

std::filesystem::path host_library() {
  static const std::filesystem::path path = [] {
    Dl_info here{};
    std::error_code error;
    std::filesystem::path found;
    if (::dladdr(&kHere, &here) != 0) found = std::filesystem::canonical(here.dli_fname, error);
    // Linked into an executable, the location is argv[0], which may name nothing.
    return error || found.empty() ? std::filesystem::read_symlink("/proc/self/exe") : found;
  }();
  return path;
}

void* symbol_beside(const std::string& file, const char* symbol) {
  // By its full path: never one that LD_LIBRARY_PATH happens to hold.
  const std::filesystem::path path = host_library().parent_path() / file;
  void* const library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  void* const found = library == nullptr ? nullptr : ::dlsym(library, symbol);
  if (found != nullptr) return found;
  const char* const why = ::dlerror();
  throw run_error(LATHE_UNAVAILABLE,
                  fmt::format("cannot open '{}', a part of Lathe: {}; is Lathe installed "
                              "completely?",
                              path.string(), why == nullptr ? "it lacks what is needed" : why));
}

}  // namespace lathe
