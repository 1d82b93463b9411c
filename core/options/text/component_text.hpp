// The text form of a component and of a pipeline: `name<option=value,option.sub=value>`, joined by
// commas. A value is a TOML value; quotes are optional for plain words and paths. Round-trips.
#pragma once

#include "core/options/text/value_text.hpp"

namespace lathe {

// A component as the user names it, not yet looked up.
struct ComponentText {
  std::string name;
  Value options{Value::Map{}};  // dotted keys become nested maps
  Position position;
};

// `origin` is what positions are reported as, eg: "--passes"; columns count from 1.
ComponentText parse_component(std::string_view text, const std::string& origin);
std::vector<ComponentText> parse_components(std::string_view text, const std::string& origin);
// The text in a config value, eg: dataset = "csv<train=a.csv>". Positions are in the value's file,
// so relative paths are relative to it.
ComponentText parse_component(const Value& text);

// One value, as in --set key=value and in option tables' defaults.
Value parse_value(std::string_view text, const std::string& origin);
Value parse_value(std::string_view text, const Position& start);

std::string text_of(const ComponentText& component);
std::string text_of(const std::vector<ComponentText>& components);

}  // namespace lathe
