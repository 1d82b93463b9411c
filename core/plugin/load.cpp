#include "core/plugin/load.hpp"

#include "core/plugin/host_state.hpp"
#include "core/plugin/in_plugin.hpp"
#include "core/plugin/trust.hpp"
#include "core/tensor/hash.hpp"

#include <cxxabi.h>
#include <fmt/format.h>
#include <boost/dll/shared_library.hpp>

#include <array>
#include <cstdlib>
#include <list>
#include <mutex>

namespace lathe {
namespace {

// The loader's sentence, a mangled C++ name in it made readable.
std::string readable(std::string message) {
  // Boost puts what dlerror() says in brackets, behind a text that says nothing.
  constexpr std::string_view kMark = "(dlerror system message: ";
  if (const std::size_t mark = message.find(kMark); mark != std::string::npos) {
    const std::size_t begin = mark + kMark.size();
    message = message.substr(begin, message.rfind(')') - begin);
  }
  constexpr std::string_view kSymbol = "undefined symbol: ";
  const std::size_t at = message.find(kSymbol);
  if (at == std::string::npos) return message;
  const std::size_t begin = at + kSymbol.size();
  const std::size_t end = message.find_first_of(" ,)", begin);
  const std::string mangled = message.substr(begin, end - begin);
  int status = 0;
  char* plain = abi::__cxa_demangle(mangled.c_str(), nullptr, nullptr, &status);
  if (status == 0) message += fmt::format(" ({})", plain);
  std::free(plain);
  return message;
}

// Names that the compiler, its runtime or the standard library bring along in any file.
bool is_toolchain_symbol(std::string_view name) {
  constexpr std::array<std::string_view, 5> kExact{"_init", "_fini", "_edata", "_end", ""};
  if (std::ranges::find(kExact, name) != kExact.end() || name.starts_with("__")) return true;
  if (!name.starts_with("_Z")) return false;
  // The first namespace of a mangled name, wherever its qualifiers end.
  for (std::string_view prefix :
       {"_ZNSt",          "_ZNKSt",        "_ZSt",           "_ZTSSt",          "_ZTISt",
        "_ZTVSt",         "_ZTSNSt",       "_ZTINSt",        "_ZTVNSt",         "_ZGVNSt",
        "_ZZNSt",         "_ZZNKSt",       "_ZZSt",          "_ZGVZNSt",        "_ZNSa",
        "_ZNSs",          "_ZN9__gnu_cxx", "_ZNK9__gnu_cxx", "_ZTIN9__gnu_cxx", "_ZTSN9__gnu_cxx",
        "_ZTVN9__gnu_cxx"}) {
    if (name.starts_with(prefix)) return true;
  }
  return false;
}

// Never closed: the objects are kept until the process ends.
const boost::dll::shared_library& open_library(const std::filesystem::path& path) {
  using namespace boost::dll;
  static std::mutex mutex;
  static auto* const kept = new std::list<shared_library>;
  try {
    shared_library library(path.string(), load_mode::rtld_now | load_mode::rtld_local);
    const std::lock_guard lock(mutex);
    return kept->emplace_back(std::move(library));
  } catch (const std::exception& error) {
    throw usage_error(
        fmt::format("plugin '{}' cannot be loaded: {}", path.string(), readable(error.what())));
  }
}

const lathe_module* call_entry(const boost::dll::shared_library& library,
                               const std::filesystem::path& path) {
  if (!library.has(LATHE_ENTRY_NAME)) {
    throw usage_error(
        fmt::format("plugin '{}' has a stamp, but exports no function '{}'; export it "
                    "with LATHE_EXPORT",
                    path.string(), LATHE_ENTRY_NAME));
  }
  try {
    return library.get<const lathe_module*()>(LATHE_ENTRY_NAME)();
  } catch (const std::exception& error) {
    throw usage_error(fmt::format("plugin '{}' throws out of {}(): {}", path.string(),
                                  LATHE_ENTRY_NAME, error.what()));
  } catch (...) {
    throw usage_error(
        fmt::format("plugin '{}' throws out of {}()", path.string(), LATHE_ENTRY_NAME));
  }
}

}  // namespace

std::vector<std::string> lint(const ElfFile& file, const std::filesystem::path& path) {
  std::vector<std::string> warnings;
  for (const std::string& library : file.needed()) {
    for (std::string_view heavy : {"libtorch", "libc10", "libcuda", "libpython"}) {
      if (!library.starts_with(heavy)) continue;
      warnings.push_back(fmt::format(
          "plugin '{}' links {}, which ties it to one version of that library; use the services of "
          "<lathe/svc/exec.h> instead",
          path.string(), library));
    }
  }
  std::vector<std::string> extra;
  for (const std::string& symbol : file.exported()) {
    if (symbol != LATHE_ENTRY_NAME && !is_toolchain_symbol(symbol)) extra.push_back(symbol);
  }
  if (!extra.empty()) {
    warnings.push_back(
        fmt::format("plugin '{}' exports {} symbol{} besides {} (eg: {}); build it with "
                    "-fvisibility=hidden",
                    path.string(), extra.size(), extra.size() == 1 ? "" : "s", LATHE_ENTRY_NAME,
                    extra.front()));
  }
  return warnings;
}

LoadedModule load_module(const std::filesystem::path& path, const Stamp& listed) {
  const OpenFile file(path);
  check_trusted_file(path, file.status());
  check_trusted_folder(path.parent_path());
  const ElfFile elf(file.descriptor(), static_cast<std::uint64_t>(file.status().st_size), path);
  if (read_stamp(elf, path) != listed) {
    throw usage_error(
        fmt::format("plugin '{}' was replaced while the host was running", path.string()));
  }
  LoadedModule out;
  out.warnings = lint(elf, path);
  const std::string hash = sha256_of_file(file.descriptor());

  static const std::string itself;
  watch_exit();
  const HostState guard(Guarded::everything, itself, path, "while it was loaded");
  const InPlugin loading(itself, path, "while it was loaded");
  const boost::dll::shared_library& library = open_library(path);
  // What was hashed must be what was opened: descriptors are reused, so the path is loaded and
  // compared, rather than /proc/self/fd.
  struct stat now{};
  if (stat(path.c_str(), &now) != 0 || now.st_dev != file.status().st_dev ||
      now.st_ino != file.status().st_ino) {
    throw usage_error(
        fmt::format("plugin '{}' was replaced while it was being loaded", path.string()));
  }
  out.contents = read_module(call_entry(library, path), listed, path);
  for (const auto& component : out.contents.components) {
    component->file = path;
    component->sha256 = hash;
  }
  for (PluginService& service : out.contents.services) {
    service.file = path;
    service.sha256 = hash;
  }
  return out;
}

}  // namespace lathe
