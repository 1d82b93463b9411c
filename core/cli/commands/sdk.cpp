// `lathe sdk`: where its parts are. Opens none of them.
#include "core/cli/commands/installed.hpp"
#include "core/cli/commands/rows.hpp"
#include "core/host/stdout_guard.hpp"
#include "core/report/json.hpp"

#include <fmt/format.h>

#include <array>

namespace lathe {

namespace {

struct Part {
  const char* name;
  const char* folder;
};

constexpr Part kPythonPart{"python", "share/lathe/python"};
constexpr std::array<Part, 3> kParts{
    {{"include", "include"}, {"templates", "share/lathe/templates"}, kPythonPart}};

std::string found(const Part& part) {
  const std::filesystem::path folder = installed(part.folder);
  if (std::filesystem::is_directory(folder)) return folder.string();
  throw run_error(LATHE_NOT_FOUND,
                  fmt::format("the SDK's part '{}' is not in '{}', where this lathe was installed",
                              part.name, folder.string()));
}

}  // namespace

void show_sdk(const Invocation& call) {
  const bool python = call.get(kPython);
  Json json{{"command", "sdk"}};
  std::string text;
  for (const Part& part : kParts) {
    if (python && part.name != std::string_view(kPythonPart.name)) continue;
    const std::string folder = found(part);
    json[part.name] = folder;
    text += python ? folder + "\n" : fmt::format("{:<9}  {}\n", part.name, folder);
  }
  if (call.get(kJson)) return write_json(json);
  write_output(text);
}

}  // namespace lathe
