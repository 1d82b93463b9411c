// Element types. Numbers are the SDK's (lathe_dtype).
#pragma once

#include <lathe/svc/graph.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace lathe {

enum class DType : std::uint8_t {
  none = LATHE_DTYPE_NONE,  // a result that is no tensor
  float32 = LATHE_DTYPE_FLOAT32,
  float64 = LATHE_DTYPE_FLOAT64,
  float16 = LATHE_DTYPE_FLOAT16,
  bfloat16 = LATHE_DTYPE_BFLOAT16,
  int8 = LATHE_DTYPE_INT8,
  int16 = LATHE_DTYPE_INT16,
  int32 = LATHE_DTYPE_INT32,
  int64 = LATHE_DTYPE_INT64,
  uint8 = LATHE_DTYPE_UINT8,
  boolean = LATHE_DTYPE_BOOL,
};

std::size_t element_size(DType dtype);  // bytes
// PyTorch's name: "float32", "bool", ...
std::string_view name(DType dtype);
std::optional<DType> dtype_from_name(std::string_view name);

}  // namespace lathe
