#include "core/cli/run/saved/codes_file.hpp"

#include "core/base/json.hpp"
#include "core/checkpoint/load.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lathe {

namespace {

constexpr const char* kHowToRead =
    "Each tensor below was quantized. Where 'value' is said, the tensor of that name holds integer "
    "codes, and its values are made of them as 'value' says: in double precision, then rounded to "
    "float32. NAME.scale and NAME.zero_point have one element per block: the code at [i, j, ...] "
    "belongs to block [i // block[0], j // block[1], ...]. Where 'values' is said, the tensor "
    "holds "
    "the quantized values themselves, and 'why' says why it has no codes. Tensors that are not "
    "named here are as they were.";

// The narrowest type that both Lathe and NumPy have; of 64 bits without sign, the same 64 bits.
DType dtype_of(const IntegerCodes& codes) {
  const bool is_signed = codes.is_signed && codes.levels.empty();
  if (codes.width <= 8) return is_signed ? DType::int8 : DType::uint8;
  const int with_sign = is_signed ? codes.width : codes.width + 1;
  return with_sign <= 16 ? DType::int16 : with_sign <= 32 ? DType::int32 : DType::int64;
}

template <typename Element>
Tensor narrowed(const IntegerCodes& codes, DType dtype) {
  return Tensor::make(dtype, codes.shape, [&](std::span<std::byte> bytes) {
    auto* out = reinterpret_cast<Element*>(bytes.data());
    for (const std::int64_t code : codes.codes) *out++ = static_cast<Element>(code);
  });
}

Tensor codes_tensor(const IntegerCodes& codes) {
  switch (const DType dtype = dtype_of(codes)) {
    case DType::uint8:
      return narrowed<std::uint8_t>(codes, dtype);
    case DType::int8:
      return narrowed<std::int8_t>(codes, dtype);
    case DType::int16:
      return narrowed<std::int16_t>(codes, dtype);
    case DType::int32:
      return narrowed<std::int32_t>(codes, dtype);
    default:
      return narrowed<std::int64_t>(codes, DType::int64);
  }
}

// In the words of NumPy.
std::string formula(const IntegerCodes& codes) {
  if (!codes.levels.empty()) return "float32(levels[codes] * scale)";
  if (!codes.is_signed && codes.width == 64) return "float32(float64(codes.view(uint64)) * scale)";
  if (codes.zero_point.empty()) return "float32(float64(codes) * scale)";
  return "float32(float64(int64(codes) - zero_point) * scale)";
}

Json options_json(const Value& options) {
  Json out = Json::object();
  for (const auto& [key, value] : options.as_map()) out[key] = json_of(value);
  return out;
}

Json described(const run::ParameterCodes& parameter) {
  Json out{{"format", parameter.format.format},
           {"options", options_json(parameter.format.options)}};
  if (!parameter.codes) {
    out["values"] = "float32";
    out["why"] = parameter.why_none;
    return out;
  }
  const IntegerCodes& codes = *parameter.codes;
  out["width"] = codes.width;
  out["signed"] = codes.is_signed && codes.levels.empty();
  out["block"] = codes.block.dims();
  out["value"] = formula(codes);
  return out;
}

void add(CodesFile& file, const std::string& name, Tensor tensor) {
  if (!file.tensors.emplace(name, std::move(tensor)).second) {
    throw usage_error(fmt::format(
        "the network has a parameter '{}', which is what would be written beside the codes of "
        "another one; rename its node",
        name));
  }
}

template <typename T>
void add(CodesFile& file, const std::string& name, DType dtype, Shape shape,
         const std::vector<T>& values) {
  if (!values.empty()) add(file, name, Tensor::of<T>(dtype, std::move(shape), values));
}

void add_codes(CodesFile& file, const std::string& name, const IntegerCodes& codes) {
  add(file, name, codes_tensor(codes));
  add(file, name + ".scale", DType::float64, codes.blocks(), codes.scale);
  add(file, name + ".zero_point", DType::int64, codes.blocks(), codes.zero_point);
  add(file, name + ".levels", DType::float64, Shape{static_cast<std::int64_t>(codes.levels.size())},
      codes.levels);
}

}  // namespace

CodesFile codes_file(const Graph& graph, const std::vector<run::ParameterCodes>& coded) {
  CodesFile file;
  file.tensors = parameters_of(graph);
  Json tensors = Json::object();
  for (const run::ParameterCodes& parameter : coded) {
    file.tensors.erase(parameter.name);
    tensors[parameter.name] = described(parameter);
  }
  for (const run::ParameterCodes& parameter : coded) {
    if (parameter.codes) {
      add_codes(file, parameter.name, *parameter.codes);
    } else {
      add(file, parameter.name, parameter.values);
    }
  }
  file.metadata[kCodesMetadata] =
      Json{{"version", 1}, {"how_to_read", kHowToRead}, {"tensors", std::move(tensors)}}.dump();
  return file;
}

}  // namespace lathe
