// Both spellings of a pipeline are checked, also the one that is not run: a wrong file is wrong.
#include "core/cli/passes.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace lathe {

Pipeline chosen_pipeline(const Session& session) {
  const Settings& settings = session.settings();
  const Pipeline from_file = pipeline_from_config(settings.config.passes, session.registry());
  const std::string text = settings.text("passes");
  if (!text.empty()) {
    if (!from_file.steps.empty())
      spdlog::info("--passes is run instead of the [passes] of '{}'",
                   settings.config_file.string());
    return pipeline_from_text(text, session.registry());
  }
  if (settings.command == kTransform) {
    if (from_file.steps.empty())
      throw usage_error(
          "there is nothing to do: give --passes 'PASS,PASS<option=value>' or a config file with "
          "[passes.NAME] tables; 'lathe plugin list' shows the passes");
    return from_file;
  }
  return settings.flag("with_passes") ? from_file : Pipeline{};
}

}  // namespace lathe
