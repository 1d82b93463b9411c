#include "core/cli/found_plugins.hpp"

#include "core/base/words/shown.hpp"
#include "core/mase/names.hpp"

#include <fmt/format.h>

namespace lathe {

Registry registry_of(const Invocation& call) {
  const std::vector<std::string> files = call.get(kPlugin);
  return Registry(default_plugin_folders(), {files.begin(), files.end()}, about_mase_name);
}

std::string broken_text(const Registry& registry) {
  std::string text;
  for (const BrokenPlugin& item : registry.broken())
    text += fmt::format("\ncannot be used ({}): {}\n", item.source, shown(item.reason));
  return text;
}

Json broken_json(const Registry& registry) {
  Json broken = Json::array();
  for (const BrokenPlugin& item : registry.broken())
    broken.push_back(
        {{"file", item.path.string()}, {"source", item.source}, {"reason", item.reason}});
  return broken;
}

}  // namespace lathe
