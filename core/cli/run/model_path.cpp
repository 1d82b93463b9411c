#include "core/cli/run/model_path.hpp"

#include "core/cli/run/saved/network.hpp"
#include "core/options/text/component_text.hpp"

#include <fmt/format.h>

namespace lathe {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kOnnx = "onnx";  // the model, and what its files end in

bool is_onnx_file(const std::string& text) {
  return fs::path(text).extension() == fmt::format(".{}", kOnnx) &&
         text.find('<') == std::string::npos;
}

// Relative paths of a config file are relative to it.
fs::path path_of(const Value& value, const Settings& settings) {
  const fs::path named = value.as_string();
  const bool of_file =
      !settings.config_file.empty() && value.position().file == settings.config_file.string();
  return of_file ? settings.config_file.parent_path() / named : named;
}

}  // namespace

void settle_model_path(Settings& settings) {
  if (!settings.command->options.has(OptionGroup::model)) return;
  const Value given = settings.value(kModel);
  if (given.is_none()) return;
  const std::string text = given.as_string();
  if (is_onnx_file(text)) {
    ComponentText component;
    component.name = kOnnx;
    component.options.set("file", Value(text));
    settings.adopt(kModel.key, Value(text_of(component)).at(given.position()));
    return;
  }
  std::error_code ignored;
  const fs::path folder = path_of(given, settings);
  if (!fs::is_regular_file(folder / kGraphFile, ignored)) return;
  if (!settings.text(kLoadName).empty()) {
    throw usage_error(fmt::format("'{}' is a saved network, which has its weights; leave --{} out",
                                  text, kLoadName.key),
                      given.position());
  }
  settings.adopt(kModel.key, Value());
  settings.adopt(kLoadName.key, Value(folder.string()));
}

}  // namespace lathe
