#include "core/tensor/dtype.hpp"

#include <array>

namespace lathe {

namespace {

struct Row {
  DType dtype;
  std::size_t size;
  std::string_view name;
};

// Indexed by the dtype's number.
constexpr std::array<Row, 11> kTypes{{{DType::none, 0, "none"},
                                      {DType::float32, 4, "float32"},
                                      {DType::float64, 8, "float64"},
                                      {DType::float16, 2, "float16"},
                                      {DType::bfloat16, 2, "bfloat16"},
                                      {DType::int8, 1, "int8"},
                                      {DType::int16, 2, "int16"},
                                      {DType::int32, 4, "int32"},
                                      {DType::int64, 8, "int64"},
                                      {DType::uint8, 1, "uint8"},
                                      {DType::boolean, 1, "bool"}}};

}  // namespace

std::size_t element_size(DType dtype) { return kTypes.at(static_cast<std::size_t>(dtype)).size; }

std::string_view name(DType dtype) { return kTypes.at(static_cast<std::size_t>(dtype)).name; }

std::optional<DType> dtype_from_name(std::string_view name) {
  for (const Row& row : kTypes) {
    if (row.name == name && row.dtype != DType::none) return row.dtype;
  }
  return std::nullopt;
}

}  // namespace lathe
