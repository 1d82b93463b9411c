// Search spaces from TOML over tables without code, for tests of what a space can be.
#pragma once

#include "core/options/text/document.hpp"
#include "core/search/space/build_space.hpp"
#include "tests/graph/models.hpp"
#include "tests/options/expect.hpp"
#include "tests/options/rules.hpp"

namespace lathe_test {

using namespace lathe;

inline std::vector<SpaceTransform> formats_and_widths() {
  static Component quantize, widen;
  quantize.kind = widen.kind = Kind::pass;
  quantize.id = "quantize";
  widen.id = "widen";
  return {{&widen, widen_rules()}, {&quantize, quantize_rules()}};
}

// A model with an option of each type that a search may change.
inline const OptionTable& model_table() {
  static const OptionTable table = [] {
    Option depth = option("depth", LATHE_OPTION_INT);
    depth.range = parse_range("1..9");
    Option widths = option("widths", LATHE_OPTION_INT_LIST);
    widths.range = parse_range("1..64");
    return OptionTable{"model 'net'",
                       {depth, widths, option("dropout", LATHE_OPTION_FLOAT),
                        option("activation", LATHE_OPTION_STRING)}};
  }();
  return table;
}

// The tables of [search.search_space], eg "model = {depth=[1,2]}\n".
inline SearchSpace space_from(const std::string& toml) {
  return build_space(parse_toml(toml, "a.toml"), jsc_tiny(), formats_and_widths(), &model_table());
}

// The seed of one linear layer, whose first key stands in column 20 of line 2.
inline std::string layer(const std::string& keys) {
  return "setup.by='name'\nseed.seq_blocks_2={" + keys + "}\n";
}

inline const SearchParameter& parameter(const SearchSpace& space, const std::string& name) {
  for (const SearchParameter& each : space.parameters) {
    if (each.name == name) return each;
  }
  throw std::logic_error("no parameter " + name);
}

}  // namespace lathe_test
