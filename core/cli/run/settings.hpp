// What a run was asked for, from three places: default < config file < command line. Knows no
// plugin; nothing here touches data.
#pragma once

#include "core/cli/command_table.hpp"
#include "core/mase/run_file.hpp"
#include "core/options/effective_options.hpp"
#include "core/report/json.hpp"
#include "core/report/table.hpp"

#include <filesystem>
#include <memory>

namespace lathe {

struct SavedSearch;

struct Settings {
  const Command* command = nullptr;
  std::vector<std::string> line;             // the command line as given, for provenance
  std::vector<EffectiveOption> options;      // one row each
  Value values{Value::Map{}};                // key -> effective value
  std::filesystem::path config_file;         // empty: none
  std::string config_sha256;                 // of its text, which may have come from a pipe
  RunConfig config;                          // [passes] and [search]; --set applied
  Value sweep{Value::Map{}};                 // [sweep], as written
  std::shared_ptr<const SavedSearch> trial;  // whose network --trial asks for; null: none

  // What counts. REQUIRES, as the others: an option of the command.
  template <typename T>
  T get(OptionKey<T> key) const {
    return value_as<T>(value(key));
  }
  // Empty if there is none.
  std::string text(OptionKey<OptionalText> key) const { return get(key).value_or(std::string()); }
  // With its position.
  template <typename T>
  const Value& value(OptionKey<T> key) const {
    return option(key.key).effective;
  }
  // Counts from now on, though nobody gave it: the checkpoint of --load says it.
  void adopt(std::string_view key, Value value);
  // The one word of the command line, which stands where MODEL does, is DATASET.
  void take_word_as_dataset();

  template <typename T>
  bool on_command_line(OptionKey<T> key) const {
    return option(key.key).from_command_line.has_value();
  }
  // In the file or on the command line.
  template <typename T>
  bool given(OptionKey<T> key) const {
    return option(key.key).given();
  }

 private:
  const EffectiveOption& option(std::string_view key) const;
  EffectiveOption& option_to_write(std::string_view key);
};

// Reads the config file and --set besides what the command line says; throws usage_error.
Settings read_settings(const Invocation& call);

// name | default | config file | command line | effective: every option with its whole value, or
// those that were given with long values cut.
TextTable settings_table(const Settings& settings, bool every_option);

}  // namespace lathe
