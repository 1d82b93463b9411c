// `lathe plugin build`: one file, one compiler line, one plugin. No CMake, no LibTorch.
#include "core/base/file.hpp"
#include "core/base/log.hpp"
#include "core/base/words/near_path.hpp"
#include "core/base/words/shown.hpp"
#include "core/cli/commands/installed.hpp"
#include "core/cli/commands/rows.hpp"
#include "core/host/stdout_guard.hpp"
#include "core/plugin/elf.hpp"
#include "core/plugin/load.hpp"
#include "core/plugin/trust.hpp"
#include "core/report/json.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <sstream>

extern char** environ;

namespace lathe {
namespace {

namespace fs = std::filesystem;

enum class Language { c, cpp };

std::optional<Language> known_language(const fs::path& source) {
  const std::string extension = source.extension().string();
  if (extension == ".c") return Language::c;
  for (const char* cpp : {".cpp", ".cc", ".cxx", ".C"}) {
    if (extension == cpp) return Language::cpp;
  }
  return std::nullopt;
}

Language language_of(const fs::path& source) {
  if (const auto language = known_language(source)) return *language;
  throw usage_error(
      fmt::format("'{}' is neither C++ (.cpp, .cc, .cxx) nor C (.c); Rust plugins are "
                  "built with cargo",
                  source.string()));
}

// $CXX or $CC, which may carry arguments ("ccache g++"), else the system's.
std::vector<std::string> compiler(Language language) {
  const char* variable = language == Language::c ? "CC" : "CXX";
  std::vector<std::string> words;
  if (const char* given = std::getenv(variable)) {
    std::istringstream in(given);
    for (std::string word; in >> word;) words.push_back(word);
  }
  if (words.empty()) words.emplace_back(language == Language::c ? "cc" : "c++");
  return words;
}

// As a shell would take it, so that the line can be copied.
std::string quoted(const std::string& word) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./,:@%";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

void run(const std::vector<std::string>& line, const fs::path& source) {
  std::vector<char*> arguments;
  for (const std::string& word : line) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  pid_t child = 0;
  // The host ignores these; a compiler need not know what to do then.
  sigset_t defaults;
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  sigaddset(&defaults, SIGXFSZ);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  const int error =
      posix_spawnp(&child, arguments[0], nullptr, &attributes, arguments.data(), environ);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) {
    throw usage_error(
        fmt::format("the compiler '{}' cannot be started: {}; install g++, or set CXX "
                    "or CC",
                    line[0], system_text(error)));
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  throw run_error(LATHE_INVALID_ARGUMENT,
                  WIFSIGNALED(status)
                      ? fmt::format("the compiler died of signal {}", WTERMSIG(status))
                      : fmt::format("the compiler refused '{}' (exit code {})", source.string(),
                                    WEXITSTATUS(status)));
}

std::vector<std::string> compiler_line(const fs::path& source, const fs::path& output,
                                       const std::vector<std::string>& more_arguments) {
  const fs::path include = installed("include");
  const fs::path exports = include / "lathe" / "exports.map";
  if (!fs::exists(exports)) {
    throw run_error(LATHE_NOT_FOUND,
                    fmt::format("the SDK's headers are not in '{}', where this lathe was installed",
                                include.string()));
  }
  const Language language = language_of(source);
  std::vector<std::string> line = compiler(language);
  line.insert(line.end(),
              {language == Language::c ? "-std=c99" : "-std=c++17", "-O2", "-Wall", "-Wextra",
               "-fPIC", "-shared", "-fvisibility=hidden", "-I" + include.string(),
               "-Wl,--version-script=" + exports.string(), "-o", output.string(), source.string()});
  line.insert(line.end(), more_arguments.begin(), more_arguments.end());
  if (language == Language::c) line.emplace_back("-lm");
  return line;
}

// What a plugin that is there was compiled from, as far as it says so.
std::vector<std::string> sources_of(const fs::path& plugin) {
  std::vector<std::string> sources;
  try {
    const OpenFile file(plugin);
    const auto size = static_cast<std::uint64_t>(file.status().st_size);
    for (const std::string& name : ElfFile(file.descriptor(), size, plugin).sources()) {
      if (name != "crtstuff.c" && known_language(name)) sources.push_back(name);
    }
  } catch (const Error&) {
    // Nothing is there, or nothing that was built.
  }
  return sources;
}

// count_relu.c and count_relu.cpp are two plugins of one name; the second would replace the first.
fs::path default_output(const fs::path& source) {
  const fs::path output = source.stem().string() + ".so";
  const std::vector<std::string> built_from = sources_of(output);
  if (built_from.empty() || std::ranges::count(built_from, source.filename().string()) > 0) {
    return output;
  }
  throw usage_error(fmt::format(
      "'{}' is there and was built from '{}', not from '{}'; say -o {} to replace it, "
      "or -o with another name to keep both",
      output.string(), fmt::join(built_from, "', '"), source.string(), output.string()));
}

// By itself: a service that it needs may be in a file that is yet to be built.
LoadedModule loaded(const fs::path& output) {
  const fs::path path = fs::canonical(output);
  const OpenFile file(path);
  const ElfFile elf(file.descriptor(), static_cast<std::uint64_t>(file.status().st_size), path);
  return load_module(path, read_stamp(elf, path));
}

}  // namespace

void build_plugin(const Invocation& call) {
  const auto start = std::chrono::steady_clock::now();
  const fs::path source = call.words.front();
  if (!fs::is_regular_file(source)) {
    throw usage_error(fmt::format("there is no file '{}'{}", source.string(), near_path(source)));
  }
  const std::optional<std::string> given = call.get(kOutput);
  const fs::path output = given ? fs::path(*given) : default_output(source);
  const std::vector<std::string> line = compiler_line(source, output, call.arguments);
  std::vector<std::string> printed;
  for (const std::string& word : line) printed.push_back(quoted(word));
  log_info("{}", fmt::join(printed, " "));
  run(line, source);
  // A plugin that others can write is refused, whatever the umask says. Where permissions cannot be
  // set (NTFS, vfat), loading it says so.
  std::error_code ignored;
  fs::permissions(output, fs::perms::group_write | fs::perms::others_write,
                  fs::perm_options::remove, ignored);

  const LoadedModule built = loaded(output);
  for (const std::string& warning : built.warnings) log_warning("{}", warning);
  Json components = Json::array(), services = Json::array();
  std::string text;
  for (const auto& c : built.contents.components) {
    text += fmt::format("{}: {} {} {}: {}\n", output.string(), name(c->kind), c->id,
                        shown(c->version), shown(c->doc));
    components.push_back(
        {{"kind", name(c->kind)}, {"id", c->id}, {"version", c->version}, {"doc", c->doc}});
  }
  for (const PluginService& service : built.contents.services) {
    text += fmt::format("{}: service {}\n", output.string(), service.id);
    services.push_back(service.id);
  }
  for (const PluginNeed& need : built.contents.needs)
    log_info("it needs the service '{}' of another plugin", need.service);
  if (call.get(kJson)) {
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    return write_json({{"command", "plugin build"},
                       {"file", absolute_path(output).string()},
                       {"components", std::move(components)},
                       {"services", std::move(services)},
                       {"seconds", seconds.count()}});
  }
  write_output(text);
}

}  // namespace lathe
