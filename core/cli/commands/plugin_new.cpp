// `lathe plugin new`: a plugin to start from, which builds and runs as it is.
#include "core/base/file.hpp"
#include "core/cli/commands/installed.hpp"
#include "core/cli/commands/rows.hpp"
#include "core/host/stdout_guard.hpp"
#include "core/report/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace lathe {
namespace {

namespace fs = std::filesystem;

bool is_name(const std::string& name) {
  const auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
  return !name.empty() && lower(name[0]) && std::ranges::all_of(name, [&](char c) {
    return lower(c) || (c >= '0' && c <= '9') || c == '_';
  });
}

// count_relu -> CountRelu
std::string type_name(const std::string& name) {
  std::string out;
  bool upper = true;
  for (const char c : name) {
    if (c == '_') {
      upper = true;
      continue;
    }
    out += upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    upper = false;
  }
  return out;
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at)) {
    text.replace(at, from.size(), to);
    at += to.size();
  }
}

}  // namespace

void new_plugin(const Invocation& call) {
  const std::string &kind = call.words[0], &plugin = call.words[1];
  const std::string language = call.get(kLanguage);
  if (kind != "pass") {
    throw usage_error(fmt::format(
        "there is no template for a {}; known: pass (the other kinds: examples/plugins)", kind));
  }
  if (!is_name(plugin)) {
    throw usage_error(fmt::format(
        "'{}' cannot be a plugin's name: use small letters, digits and '_', a letter first",
        plugin));
  }
  const fs::path source = installed("share/lathe/templates") / fmt::format("pass.{}", language);
  std::ifstream in(source, std::ios::binary);
  std::ostringstream contents;
  if (!(contents << in.rdbuf())) {
    throw run_error(LATHE_NOT_FOUND, fmt::format("the template '{}' is missing", source.string()));
  }
  std::string text = contents.str();
  replace_all(text, "pass_name", plugin);
  replace_all(text, "PassName", type_name(plugin));

  const fs::path target = fmt::format("{}.{}", plugin, language);
  if (fs::exists(target)) {
    throw usage_error(fmt::format("'{}' is there already; choose another name", target.string()));
  }
  write_atomically(target, text);
  if (call.get(kJson)) {
    return write_json({{"command", "plugin new"}, {"file", absolute_path(target).string()}});
  }
  write_output(
      fmt::format("{0} is written. Next:\n  lathe plugin build {0}\n  lathe transform "
                  "jsc-toy jsc-sim --passes {1} --plugin ./{1}.so\n",
                  target.string(), plugin));
}

}  // namespace lathe
