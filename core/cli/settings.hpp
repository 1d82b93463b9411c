// What a run was asked for, from three places: default < config file < command line. Knows keys by
// name and no plugin; nothing here touches data.
#pragma once

#include "core/mase/mase.hpp"
#include "core/report/json.hpp"
#include "core/report/table.hpp"

#include <filesystem>

namespace lathe {

struct Settings {
  RunCommand command = kTrain;
  std::string word;                      // "train"
  std::vector<std::string> words;        // the command line as given, for provenance
  std::vector<EffectiveOption> options;  // one row each
  Value values{Value::Map{}};            // key -> effective value
  std::filesystem::path config_file;     // empty: none
  RunConfig config;                      // [passes] and [search]; --set applied
  Value sweep{Value::Map{}};             // [sweep], as written

  // The effective value. REQUIRES: `key` is an option of the command.
  const Value& value(std::string_view key) const;
  bool given(std::string_view key) const;  // in the file or on the command line
  bool flag(std::string_view key) const { return value(key).as_bool(); }
  // Text or path; empty if the value is none.
  std::string text(std::string_view key) const;
  std::int64_t integer(std::string_view key) const { return value(key).as_int(); }
};

// Reads the command line, the config file and --set; throws usage_error.
Settings read_settings(RunCommand command, const std::string& word,
                       const std::vector<std::string>& words);

// name | default | config file | command line | effective: every option with its whole value, or
// those that were given with long values cut.
TextTable settings_table(const Settings& settings, bool every_option);

}  // namespace lathe
