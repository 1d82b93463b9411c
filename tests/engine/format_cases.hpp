// Every built-in number format with a few sets of options, for what is held against LibTorch's
// operators.
#pragma once

#include "core/base/json.hpp"
#include "tests/engine/engine.hpp"

namespace lathe_test {

struct FormatCase {
  const char* id;
  const char* json;
  // Blocks of two dimensions have no place in a bias.
  std::vector<std::string> roles = {"data_in", "weight", "bias"};

  lathe::Value given() const { return lathe::value_of(lathe::Json::parse(json)); }
  // All of the format's.
  lathe::Value options() const {
    return lathe::check_options(registry().find(lathe::Kind::format, id).options, given());
  }
  std::string name() const { return std::string(id) + json; }
};

inline const std::vector<FormatCase> kFormatCases = {
    {"integer", R"({"width": 8, "frac_width": 5})"},
    {"integer", R"({"width": 3, "frac_width": 1})"},
    {"integer", R"({"width": 4, "frac_width": 3, "is_signed": false})"},
    {"fixed", R"({"width": 5})"},
    {"integer_floor", R"({"width": 6, "frac_width": 4})"},
    {"integer_floor", R"({"width": 2, "frac_width": 0})"},
    {"minifloat_ieee", R"({"width": 8, "exponent_width": 4})"},
    {"minifloat_ieee", R"({"width": 4, "exponent_width": 2, "exponent_bias": 3})"},
    {"minifloat_denorm", R"({"width": 8, "exponent_width": 4})"},
    {"minifloat_denorm", R"({"width": 5, "exponent_width": 2, "exponent_bias": 2})"},
    {"minifloat_mx", R"({"exp_bits": 4, "frac_bits": 3, "is_finite": true, "round_mode": "rn"})"},
    {"minifloat_mx", R"({"exp_bits": 5, "frac_bits": 2, "round_mode": "ru"})"},
    {"minifloat_mx", R"({"exp_bits": 2, "frac_bits": 1, "is_finite": true, "round_mode": "rz"})"},
    {"minifloat_simple", R"({"width": 6, "exponent_width": 3})"},
    {"log", R"({"width": 5})"},
    {"log", R"({"width": 3, "exponent_bias": 3})"},
    {"block_fp", R"({"width": 6, "exponent_width": 8, "block_size": [1, 4]})"},
    {"block_fp",
     R"({"width": 3, "exponent_width": 4, "block_size": [2, 5]})",
     {"data_in", "weight"}},
    {"msfp", R"({"width": 4, "exponent_width": 8, "block_size": [-1]})"},
    {"block_minifloat",
     R"({"width": 6, "exponent_width": 3, "exponent_bias_width": 5, "block_size": [1, 4]})"},
    {"block_minifloat",
     R"({"width": 4, "exponent_width": 2, "exponent_bias_width": 4, "block_size": [3, 5]})",
     {"data_in", "weight"}},
    {"block_log", R"({"width": 4, "exponent_bias_width": 5, "block_size": [1, 4]})"},
    {"block_log",
     R"({"width": 3, "exponent_bias_width": 3, "block_size": [2, 7]})",
     {"data_in", "weight"}},
    {"mxint", R"({"element_bits": 8, "block_size": [1, 4]})"},
    {"mxint", R"({"element_bits": 3, "block_size": [2, 5]})", {"data_in", "weight"}},
    {"mxfp", R"({"element": "E4M3", "block_size": [1, 4]})"},
    {"mxfp", R"({"element": "E2M1", "block_size": [2, 5]})", {"data_in", "weight"}},
    {"mxint_hardware", R"({"width": 8, "exponent_width": 8, "parallelism": [1, 4]})"},
    {"mxint_hardware",
     R"({"width": 3, "exponent_width": 4, "parallelism": [2, 5]})",
     {"data_in", "weight"}},
    {"scale_integer", R"({"width": 8})"},
    {"scale_integer", R"({"width": 2})"},
    {"affine", R"({"width": 8, "scale": 0.02, "zero_point": 0})"},
    {"affine", R"({"width": 3, "scale": 0.21, "zero_point": 1, "narrow": true})"},
    {"affine", R"({"width": 4, "scale": 0.13, "zero_point": 7, "is_signed": false})"},
    {"affine",
     R"({"width": 3, "scale": [0.1, 0.2, 0.3, 0.4], "zero_point": [0, 1, -1, 2], "axis": 0,
         "rounding": "floor"})",
     {"weight", "bias"}},
    {"lsq", R"({"width": 4})"},
    {"lsq", R"({"width": 2})"},
    {"lsq", R"({"width": 3, "is_signed": false})"},
    {"binary", R"({"scale": "none"})"},
    {"binary", R"({"scale": "tensor"})"},
    {"binary", R"({"scale": "channel", "ste": "identity"})"},
    {"binary", R"({"scale": "tensor", "bipolar": false})"},
    {"binary_residual", R"({"levels": 1})"},
    {"binary_residual", R"({"levels": 3})"},
    {"binary_residual", R"({"levels": 2, "ste": "clipped"})"},
    {"ternary", R"({"scaling_factor": true, "granularity": "tensor"})"},
    {"ternary", R"({"scaling_factor": false, "granularity": "sample"})"},
    {"ternary", R"({"scaling_factor": true, "granularity": "channel"})"},
};

}  // namespace lathe_test
