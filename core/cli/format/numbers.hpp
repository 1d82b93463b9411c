// The numbers that `lathe format` quantizes, and numbers as its JSON has them: float32 in the
// fewest digits that read back as the same, what is not finite as "inf", "-inf" and "nan".
#pragma once

#include "core/base/json.hpp"
#include "core/tensor/tensor.hpp"

#include <filesystem>
#include <span>
#include <string>

namespace lathe {

// A file of {"shape": [...], "data": [...]}, row by row, or of numpy.save, by its name's ending.
// Throws usage_error with what is wrong and where.
Tensor read_numbers(const std::filesystem::path& path);

// 65,536 draws of the standard normal distribution, as 256 rows of 256.
Tensor normal_numbers(std::uint64_t seed);

std::string float32_text(float number);  // 0.1, -0.0, 1e-05, inf, nan
// A JSON number, or one of the three texts.
Json json_number(double number);
// The number that a float's shortest text says.
Json json_short(float number);

// {"shape": [2, 3], "data": [...]}, each number by `text`.
template <typename T, typename Text>
std::string array_text(const Shape& shape, std::span<const T> numbers, const Text& text) {
  std::string out = "{\"shape\": " + shape.text() + ", \"data\": [";
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (i > 0) out += ", ";
    out += text(numbers[i]);
  }
  return out + "]}";
}
// A float in it: quoted where JSON has no number for it.
std::string json_float32(float number);

}  // namespace lathe
