#include "core/cli/run/model_path.hpp"

#include "core/cli/run/saved/network.hpp"
#include "core/options/text/component_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lathe {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kOnnx = "onnx";  // the model, and what its files end in
constexpr std::string_view kLlama = "llama";
constexpr std::string_view kConfigFile = "config.json";  // of the folders that it reads

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

// As if MODEL had been that model with the option.
void take_as_model(Settings& settings, std::string_view name, const char* option, Value path) {
  ComponentText component;
  component.name = name;
  component.options.set(option, std::move(path));
  const Position position = settings.value(kModel).position();
  settings.adopt(kModel.key, Value(text_of(component)).at(position));
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
  if (!model.is_string()) return false;
  const ComponentText component = parse_component(model.as_string(), "MODEL");
  const Value* const weights = component.options.find("weights");
  return component.name == kOnnx ||
         (component.name == kLlama && (weights == nullptr || *weights != Value("fresh")));
}

void settle_model_path(Settings& settings) {
  if (!settings.command->options.has(OptionGroup::model)) return;
  const Value given = settings.value(kModel);
  if (given.is_none()) return;
  const std::string& text = given.as_string();
  if (is_onnx_file(text)) return take_as_model(settings, kOnnx, "file", Value(text));
  std::error_code ignored;
  const fs::path folder = path_of(given, settings);
  if (!fs::is_regular_file(folder / kGraphFile, ignored)) {
    if (fs::is_regular_file(folder / kConfigFile, ignored))
      take_as_model(settings, kLlama, "config", Value(text));
    return;
  }
  if (!settings.text(kLoadName).empty()) {
    throw usage_error(
        fmt::format("'{}' is a saved network, which has its weights; leave --load out", text),
        given.position());
  }
  take_as_load(settings, Value(folder.string()).at(given.position()));
}

}  // namespace lathe
