// Components as a run or a saved graph names them: with every path resolved, so that the same words
// mean the same files from another folder, and found again where files have moved.
#pragma once

#include "core/options/text/component_text.hpp"
#include "core/plugin/registry.hpp"

#include <filesystem>

namespace lathe {

// What a config file or the command line gave as `option`: paths of a file are beside it.
ComponentText given_component(const Value& given, std::string_view option);

// The options of that component, checked: every path resolved, and of options that may be names of
// files among other things, each text that a file beside the config file is called by.
Value checked_component(const OptionTable& options, const Value& given);

// `text` as it was given, `checked` its options as they were checked: the component with what was
// given of them, every path as it was resolved.
std::string resolved_text(const std::string& text, const Value& checked);

// Where files of a data set are looked for.
struct DataPlaces {
  std::filesystem::path data_dir;   // of this run; empty: none
  std::filesystem::path directory;  // that names were relative to; empty: not known
};

// The same data set with the files that its options name as they are found now: as they are named,
// in the folder of data sets, then where they were. What is found nowhere stays as it is, for the
// data set to name. Says on stderr which files are taken from elsewhere.
std::string located_text(const std::string& text, const OptionTable& options,
                         const DataPlaces& places);

// Throws usage_error if `model`, as it was given, says another one than `saved` does: another name,
// or an option with another value. Options that it does not give do not count.
void require_same(const Value& model, const std::string& saved, const Component& component,
                  const std::filesystem::path& file);

}  // namespace lathe
