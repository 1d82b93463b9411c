// How MASE names the classes of quantized modules: "Linear" + "MinifloatIEEE".
#pragma once

#include <string>
#include <string_view>

namespace analysis {

// Capitals, and names that are older than their formats, follow no rule.
struct FormatClass {
  std::string_view format, name;
};
constexpr FormatClass kFormatClasses[] = {
    {"fixed", "Integer"},
    {"minifloat_ieee", "MinifloatIEEE"},
    {"minifloat_simple", "MinifloatDenorm"},
    {"block_fp", "BlockFP"},
    {"msfp", "BlockFP"},
    {"mxint", "MXInt"},
    {"mxfp", "MXFP"},
    {"binary_residual", "BinaryResidualSign"},
};

// "integer" -> "Integer", "block_log" -> "BlockLog"; empty for no format.
inline std::string format_class(std::string_view format) {
  for (const FormatClass& known : kFormatClasses) {
    if (known.format == format) return std::string(known.name);
  }
  std::string name;
  bool start = true;
  for (const char c : format) {
    if (c == '_') {
      start = true;
      continue;
    }
    name += start && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    start = false;
  }
  return name;
}

}  // namespace analysis
