// What the tests of data sets share: a set as a user names it, and files to read.
#pragma once

#include "core/data/data.hpp"
#include "core/options/text/component_text.hpp"
#include "tests/plugins/workbench.hpp"
#include "tests/support/messages.hpp"

namespace lathe_test {

inline std::shared_ptr<lathe::Dataset> make_set(const std::string& text,
                                                const std::filesystem::path& data_dir = {}) {
  const lathe::ComponentText parsed = lathe::parse_component(text, "--dataset");
  const lathe::Component& component = built_plugins().find(lathe::Kind::dataset, parsed.name);
  return lathe::make_dataset(component, lathe::check_options(component.options, parsed.options),
                             text, data_dir);
}

inline std::shared_ptr<lathe::Dataset> open_set(const std::string& text,
                                                const std::filesystem::path& data_dir = {},
                                                const lathe::OpenRequest& request = {}) {
  auto set = make_set(text, data_dir);
  set->open(request);
  return set;
}

// The message of the error that naming or opening a set ends with; "" if it opens.
inline std::string opening_fails(const std::string& text,
                                 const std::filesystem::path& data_dir = {},
                                 const lathe::OpenRequest& request = {}) {
  try {
    open_set(text, data_dir, request);
  } catch (const lathe::Error& error) {
    return error.what();
  }
  return "";
}

inline std::filesystem::path written(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return path;
}

inline std::vector<float> samples_of(const lathe::Dataset& set, lathe::Split split) {
  const auto values = set.all(split).fields[0].values<float>();
  return {values.begin(), values.end()};
}
inline std::vector<std::int64_t> labels_of(const lathe::Dataset& set, lathe::Split split) {
  const auto values = set.all(split).fields[1].values<std::int64_t>();
  return {values.begin(), values.end()};
}

}  // namespace lathe_test
