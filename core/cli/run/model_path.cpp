#include "core/cli/run/model_path.hpp"

#include "core/cli/run/saved/network.hpp"
#include "core/options/text/component_text.hpp"

#include <fmt/format.h>

#include <algorithm>

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

EffectiveOption& row_of(Settings& settings, std::string_view key) {
  return *std::ranges::find_if(
      settings.options, [&](const EffectiveOption& row) { return row.option->option.key == key; });
}

// As if --load had been given in MODEL's place, and no MODEL.
void take_as_load(Settings& settings, const Value& folder) {
  EffectiveOption& model = row_of(settings, kModel.key);
  EffectiveOption& load = row_of(settings, kLoadName.key);
  (model.from_command_line ? load.from_command_line : load.from_file) = folder;
  load.effective = folder;
  model.from_command_line.reset();
  model.from_file.reset();
  model.effective = Value();
  settings.values = value_map(settings.options);
}

}  // namespace

bool brings_weights(const Settings& settings) {
  const Value& model = settings.value(kModel);
  return model.is_string() && parse_component(model.as_string(), "MODEL").name == kOnnx;
}

void settle_model_path(Settings& settings) {
  if (!settings.command->options.has(OptionGroup::model)) return;
  const Value given = settings.value(kModel);
  if (given.is_none()) return;
  const std::string& text = given.as_string();
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
    throw usage_error(
        fmt::format("'{}' is a saved network, which has its weights; leave --load out", text),
        given.position());
  }
  take_as_load(settings, Value(folder.string()).at(given.position()));
}

}  // namespace lathe
