// A transform that gives nodes number formats, as its plugin's tables would say it, without any
// plugin: what node maps and search spaces are checked against.
#pragma once

#include "core/options/nodes/node_map.hpp"

#include <map>

namespace lathe_test {

inline lathe::Option option(std::string key, lathe_option_type type, lathe_option_flags flags = 0) {
  lathe::Option result;
  result.key = std::move(key);
  result.type = type;
  result.flags = flags;
  return result;
}

// Two formats: `integer`, whose width must be given, and `log`, which has defaults.
inline const std::map<std::string, lathe::OptionTable>& formats() {
  static const std::map<std::string, lathe::OptionTable> tables = [] {
    lathe::Option width = option("width", LATHE_OPTION_INT, LATHE_OPTION_FLAG_REQUIRED);
    width.range = lathe::parse_range("1..64");
    const lathe::Option frac = option("frac_width", LATHE_OPTION_INT, LATHE_OPTION_FLAG_NULLABLE);
    lathe::Option log_width = option("width", LATHE_OPTION_INT);
    log_width.default_value = 8;
    return std::map<std::string, lathe::OptionTable>{
        {"integer", {"format 'integer'", {width, frac}}},
        {"log",
         {"format 'log'",
          {log_width, option("exponent_bias", LATHE_OPTION_INT, LATHE_OPTION_FLAG_NULLABLE)}}}};
  }();
  return tables;
}

inline const lathe::Option& quantize_map() {
  static const lathe::Option map = [] {
    lathe::Option result = option("nodes", LATHE_OPTION_NODE_MAP);
    result.items = {option("name", LATHE_OPTION_CHOICE, LATHE_OPTION_FLAG_NULLABLE)};
    result.item_kind = "format";
    result.item_roles = {"data_in", "weight", "bias", "data_out"};
    return result;
  }();
  return map;
}

inline lathe::NodeMapRules quantize_rules() {
  lathe::NodeMapRules rules;
  rules.targets = {"linear", "conv1d", "conv2d", "relu", "add", "sub", "mul", "matmul", "bmm"};
  rules.option = &quantize_map();
  rules.owner = "pass 'quantize'";
  rules.item_table = [](std::string_view id) -> const lathe::OptionTable* {
    const auto found = formats().find(std::string(id));
    return found == formats().end() ? nullptr : &found->second;
  };
  rules.item_ids = {"integer", "log"};
  rules.item_word = [](std::string_view word) {
    return std::string(word == "fixed" ? "integer" : word);
  };
  return rules;
}

// A transform whose names are its own, and whose `width` needs none of them.
inline const lathe::Option& widen_map() {
  static const lathe::Option map = [] {
    lathe::Option result = option("nodes", LATHE_OPTION_NODE_MAP);
    lathe::Option name = option("name", LATHE_OPTION_CHOICE, LATHE_OPTION_FLAG_NULLABLE);
    name.choices = {"output_only", "both", "input_only"};
    lathe::Option multiplier = option("channel_multiplier", LATHE_OPTION_INT);
    multiplier.range = lathe::parse_range("1..64");
    multiplier.default_value = 1;
    lathe::Option width =
        option("width", LATHE_OPTION_FLOAT, LATHE_OPTION_FLAG_NULLABLE | LATHE_OPTION_FLAG_BESIDE);
    width.range = lathe::parse_range("0<..");
    result.items = {name, multiplier, width};
    return result;
  }();
  return map;
}

inline lathe::NodeMapRules widen_rules() {
  lathe::NodeMapRules rules;
  rules.targets = {"linear", "conv2d"};
  rules.option = &widen_map();
  rules.owner = "pass 'widen'";
  return rules;
}

}  // namespace lathe_test
