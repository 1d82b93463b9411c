#include "core/cli/run/saved/components.hpp"

#include "core/base/log.hpp"

#include <fmt/format.h>

namespace lathe {

namespace {

namespace fs = std::filesystem;

constexpr const char* kOrigin = "graph.json";  // where positions in these texts are

// Whether texts of the option may name files. Options of any type may be names of files, too.
bool may_name_files(const Option& option) {
  return option.type == LATHE_OPTION_PATH || option.type == LATHE_OPTION_ANY ||
         option.type == LATHE_OPTION_STRING_LIST;
}

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

// Texts by whose names files lie beside the config file that has them: those files. What it says
// otherwise, and what the command line says, stays as it is.
Value beside_config(const Value& value) {
  if (value.is_list()) {
    Value::List items;
    for (const Value& item : value.as_list()) items.push_back(beside_config(item));
    return Value(std::move(items)).at(value.position());
  }
  const fs::path config(value.position().file);
  if (!value.is_string() || config.extension() != ".toml") return value;
  const fs::path file = (config.parent_path() / value.as_string()).lexically_normal();
  std::error_code ignored;
  return fs::is_regular_file(file, ignored) ? Value(file.string()).at(value.position()) : value;
}

class Locator {
 public:
  Locator(std::string set, const DataPlaces& places) : set_(std::move(set)), places_(places) {}

  Value located(const Value& value) const {
    if (value.is_string()) return located(value.as_string());
    if (!value.is_list()) return value;
    Value::List items;
    for (const Value& item : value.as_list()) items.push_back(located(item));
    return items;
  }

 private:
  std::string located(const std::string& name) const {
    if (name.empty() || is_there(name)) return name;
    for (const fs::path& place : candidates(name)) {
      if (!is_there(place)) continue;
      log_info("'{}' of the data set is not there; '{}' is taken", name, place.string());
      return place.string();
    }
    return name;
  }

  // A file that had an absolute name is looked for by its last part.
  std::vector<fs::path> candidates(const fs::path& name) const {
    const fs::path tail = name.is_absolute() ? name.filename() : name;
    std::vector<fs::path> out;
    if (name.is_absolute()) out.push_back(tail);
    if (!places_.data_dir.empty()) {
      out.push_back(places_.data_dir / tail);
      out.push_back(places_.data_dir / set_ / tail);
    }
    if (!name.is_absolute() && !places_.directory.empty()) out.push_back(places_.directory / name);
    return out;
  }

  std::string set_;
  const DataPlaces& places_;
};

[[noreturn]] void refuse_other(const std::string& given, const std::string& saved,
                               const fs::path& file) {
  throw usage_error(
      fmt::format("MODEL is '{}', and '{}' is a network of '{}'; leave MODEL out, or --load "
                  "weights of '{}'",
                  given, file.string(), saved, given));
}

}  // namespace

ComponentText given_component(const Value& given, std::string_view option) {
  const Position& place = given.position();
  if (place.line > 0) return parse_component(given);
  return parse_component(given.as_string(),
                         place.known() ? place.text() : fmt::format("<{}>", option));
}

Value checked_component(const OptionTable& options, const Value& given) {
  Value checked = check_options(options, given);
  for (const Option& option : options.options) {
    Value* value = checked.find_to_write(option.key);
    const bool resolved = option.type == LATHE_OPTION_PATH;
    if (value != nullptr && !resolved && may_name_files(option)) *value = beside_config(*value);
  }
  return checked;
}

std::string resolved_text(const std::string& text, const Value& checked) {
  ComponentText component = parse_component(text, kOrigin);
  Value options{Value::Map{}};
  for (const auto& [key, given] : component.options.as_map()) {
    const Value* value = checked.find(key);
    // A text or a list of texts may have become a path; all else stands as it was given.
    const bool resolved = value != nullptr && (given.is_string() || given.is_list());
    options.set(key, resolved ? *value : given);
  }
  component.options = options;
  return text_of(component);
}

std::string located_text(const std::string& text, const OptionTable& options,
                         const DataPlaces& places) {
  ComponentText component = parse_component(text, kOrigin);
  const Locator locator(component.name, places);
  Value located{Value::Map{}};
  for (const auto& [key, value] : component.options.as_map()) {
    const Option* option = options.find(key);
    const bool file = option != nullptr && may_name_files(*option);
    located.set(key, file ? locator.located(value) : value);
  }
  component.options = located;
  return text_of(component);
}

void require_same(const Value& model, const std::string& saved, const Component& component,
                  const fs::path& file) {
  const std::string& given = model.as_string();
  const ComponentText mine = given_component(model, "model");
  const ComponentText theirs = parse_component(saved, kOrigin);
  if (mine.name != theirs.name) refuse_other(given, saved, file);
  const Value asked = check_options(component.options, mine.options);
  const Value had = check_options(component.options, theirs.options);
  for (const auto& [key, ignored] : mine.options.as_map()) {
    const Value* value = asked.find(key);
    const Value* other = had.find(key);
    const bool same = value == nullptr ? other == nullptr : other != nullptr && *value == *other;
    if (!same) refuse_other(given, saved, file);
  }
}

}  // namespace lathe
