#include "constant.hpp"

#include "external_data.hpp"

#include <lathe/lathe.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace onnx_reader {

namespace {

using onnx::TensorProto;

// Bytes of an element; 0: a type that nothing here computes with.
std::int64_t element_size(int type) {
  switch (type) {
    case TensorProto::FLOAT:
    case TensorProto::INT32:
    case TensorProto::UINT32:
      return 4;
    case TensorProto::DOUBLE:
    case TensorProto::INT64:
    case TensorProto::UINT64:
      return 8;
    case TensorProto::FLOAT16:
    case TensorProto::BFLOAT16:
    case TensorProto::INT16:
    case TensorProto::UINT16:
      return 2;
    case TensorProto::INT8:
    case TensorProto::UINT8:
    case TensorProto::BOOL:
      return 1;
    default:
      return 0;
  }
}

// IEEE 754 binary16.
float from_half(std::uint16_t bits) {
  const int exponent = (bits >> 10) & 31;
  const int fraction = bits & 1023;
  float value = 0;
  if (exponent == 31) {
    value = fraction == 0 ? HUGE_VALF : std::nanf("");
  } else {
    const int significand = exponent == 0 ? fraction : fraction + 1024;
    value = std::ldexp(static_cast<float>(significand), (exponent == 0 ? 1 : exponent) - 25);
  }
  return (bits & 0x8000) != 0 ? -value : value;
}

float from_bfloat(std::uint16_t bits) {
  const std::uint32_t wide = std::uint32_t{bits} << 16;
  float value = 0;
  std::memcpy(&value, &wide, sizeof value);
  return value;
}

template <class T, class Out, class Convert>
void convert(const char* bytes, std::size_t count, std::vector<Out>& out, Convert each) {
  out.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    T element;
    std::memcpy(&element, bytes + i * sizeof element, sizeof element);
    out[i] = each(element);
  }
}
template <class T>
void convert(const char* bytes, std::size_t count, std::vector<std::int64_t>& out) {
  convert<T>(bytes, count, out, [](T x) { return static_cast<std::int64_t>(x); });
}

// REQUIRES: `bytes` holds `count` elements, little-endian.
Contents from_bytes(int type, const char* bytes, std::size_t count) {
  Contents out;
  switch (type) {
    case TensorProto::FLOAT:
      out.reals.resize(count);
      if (count > 0) std::memcpy(out.reals.data(), bytes, count * sizeof(float));
      break;
    case TensorProto::DOUBLE:
      convert<double>(bytes, count, out.reals, [](double x) { return static_cast<float>(x); });
      break;
    case TensorProto::FLOAT16:
      convert<std::uint16_t>(bytes, count, out.reals, from_half);
      break;
    case TensorProto::BFLOAT16:
      convert<std::uint16_t>(bytes, count, out.reals, from_bfloat);
      break;
    case TensorProto::INT8:
      convert<std::int8_t>(bytes, count, out.integers);
      break;
    case TensorProto::INT16:
      convert<std::int16_t>(bytes, count, out.integers);
      break;
    case TensorProto::INT32:
      convert<std::int32_t>(bytes, count, out.integers);
      break;
    case TensorProto::INT64:
      convert<std::int64_t>(bytes, count, out.integers);
      break;
    case TensorProto::UINT16:
      convert<std::uint16_t>(bytes, count, out.integers);
      break;
    case TensorProto::UINT32:
      convert<std::uint32_t>(bytes, count, out.integers);
      break;
    case TensorProto::UINT64:
      convert<std::uint64_t>(bytes, count, out.integers);
      break;
    default:  // UINT8, BOOL
      convert<std::uint8_t>(bytes, count, out.integers);
      break;
  }
  return out;
}

// Of the fields that hold numbers one by one.
std::int64_t listed(const TensorProto& tensor) {
  switch (tensor.data_type()) {
    case TensorProto::FLOAT:
      return tensor.float_data_size();
    case TensorProto::DOUBLE:
      return tensor.double_data_size();
    case TensorProto::INT64:
      return tensor.int64_data_size();
    case TensorProto::UINT32:
    case TensorProto::UINT64:
      return tensor.uint64_data_size();
    default:
      return tensor.int32_data_size();
  }
}

Contents from_list(const TensorProto& tensor) {
  Contents out;
  switch (tensor.data_type()) {
    case TensorProto::FLOAT:
      out.reals.assign(tensor.float_data().begin(), tensor.float_data().end());
      break;
    case TensorProto::DOUBLE:
      for (const double x : tensor.double_data()) out.reals.push_back(static_cast<float>(x));
      break;
    case TensorProto::FLOAT16:
      for (const int x : tensor.int32_data()) {
        out.reals.push_back(from_half(static_cast<std::uint16_t>(x)));
      }
      break;
    case TensorProto::BFLOAT16:
      for (const int x : tensor.int32_data()) {
        out.reals.push_back(from_bfloat(static_cast<std::uint16_t>(x)));
      }
      break;
    case TensorProto::INT64:
      out.integers.assign(tensor.int64_data().begin(), tensor.int64_data().end());
      break;
    case TensorProto::UINT32:
    case TensorProto::UINT64:
      for (const std::uint64_t x : tensor.uint64_data()) {
        out.integers.push_back(static_cast<std::int64_t>(x));
      }
      break;
    default:
      out.integers.assign(tensor.int32_data().begin(), tensor.int32_data().end());
      break;
  }
  return out;
}

lathe::error refused(const TensorProto& tensor, std::string_view why) {
  return lathe::data_loss(lathe::join({"tensor '", tensor.name(), "' ", why}));
}

// The number of elements, checked before anything is made of it.
std::int64_t checked_count(const TensorProto& tensor, const std::vector<std::int64_t>& dims) {
  const std::optional<std::int64_t> count = product(dims);
  const std::int64_t size = element_size(tensor.data_type());
  std::int64_t bytes = 0;
  if (!count || __builtin_mul_overflow(*count, size, &bytes)) {
    throw refused(tensor, lathe::join({"has the impossible shape ", text(dims)}));
  }
  return *count;
}

}  // namespace

bool is_real(int type) {
  return type == TensorProto::FLOAT || type == TensorProto::DOUBLE ||
         type == TensorProto::FLOAT16 || type == TensorProto::BFLOAT16;
}

std::string type_name(int type) {
  switch (type) {
    case TensorProto::FLOAT:
      return "float32";
    case TensorProto::DOUBLE:
      return "float64";
    case TensorProto::BOOL:
      return "bool";
    default:
      break;
  }
  if (!TensorProto::DataType_IsValid(type)) {
    return lathe::join({"type ", lathe::to_string(static_cast<std::int64_t>(type))});
  }
  std::string name = TensorProto::DataType_Name(static_cast<TensorProto::DataType>(type));
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return name;
}

std::vector<float> Constant::reals() const {
  Contents all = contents();
  if (is_real(type_)) return std::move(all.reals);
  std::vector<float> out;
  out.reserve(all.integers.size());
  for (const std::int64_t x : all.integers) out.push_back(static_cast<float>(x));
  return out;
}

std::vector<std::int64_t> Constant::integers() const {
  if (is_real(type_)) {
    throw lathe::invalid_argument(
        lathe::join({"tensor '", name_, "' holds ", type_name(type_), ", not integers"}));
  }
  return contents().integers;
}

double Constant::number() const {
  const Contents all = contents();
  return is_real(type_) ? static_cast<double>(all.reals.at(0))
                        : static_cast<double>(all.integers.at(0));
}

ConstantPtr constant_of(const TensorProto& tensor, std::shared_ptr<const void> owner,
                        const std::string& folder) {
  const int type = tensor.data_type();
  const std::int64_t size = element_size(type);
  if (size == 0) throw refused(tensor, lathe::join({"is of ", type_name(type)}));
  if (tensor.has_segment()) throw refused(tensor, "lies in segments");
  std::vector<std::int64_t> dims(tensor.dims().begin(), tensor.dims().end());
  const std::int64_t count = checked_count(tensor, dims);
  const auto number = static_cast<std::size_t>(count);
  Constant::Make make;
  if (tensor.data_location() == TensorProto::EXTERNAL) {
    make = [type, number, range = external_range(tensor, count * size, folder)] {
      const std::vector<char> bytes = read(range);
      return from_bytes(type, bytes.data(), number);
    };
  } else if (tensor.has_raw_data()) {
    const std::string& raw = tensor.raw_data();
    if (static_cast<std::int64_t>(raw.size()) != count * size) {
      throw refused(tensor, lathe::join({"of shape ", text(dims), " has ",
                                         lathe::to_string(static_cast<std::int64_t>(raw.size())),
                                         " bytes, not ", lathe::to_string(count * size)}));
    }
    make = [type, number, bytes = raw.data(), owner = std::move(owner)] {
      return from_bytes(type, bytes, number);
    };
  } else {
    if (listed(tensor) != count) {
      throw refused(tensor, lathe::join({"of shape ", text(dims), " has ",
                                         lathe::to_string(listed(tensor)), " elements"}));
    }
    make = [&tensor, owner = std::move(owner)] { return from_list(tensor); };
  }
  return std::make_shared<Constant>(type, std::move(dims), std::move(make), tensor.name());
}

void write(const Constant& constant, const lathe_tensor& out) {
  std::int64_t count = 1;
  for (int d = 0; d < out.dl.ndim; ++d) count *= out.dl.shape[d];
  if (count != constant.count()) {
    throw lathe::invalid_argument(
        lathe::join({"tensor '", constant.name(), "' does not fit its parameter"}));
  }
  if (is_real(constant.type())) {
    const std::vector<float> numbers = constant.reals();
    if (count > 0) std::memcpy(out.dl.data, numbers.data(), numbers.size() * sizeof(float));
    return;
  }
  const std::vector<std::int64_t> numbers = constant.integers();
  const auto each = [&](auto zero) {
    auto* to = static_cast<decltype(zero)*>(out.dl.data);
    for (std::size_t i = 0; i < numbers.size(); ++i)
      to[i] = static_cast<decltype(zero)>(numbers[i]);
  };
  const bool truth = out.dl.dtype.code == kDLBool;
  if (truth) {
    auto* to = static_cast<std::uint8_t*>(out.dl.data);
    for (std::size_t i = 0; i < numbers.size(); ++i) to[i] = numbers[i] != 0 ? 1 : 0;
  } else if (out.dl.dtype.bits == 64) {
    each(std::int64_t{});
  } else if (out.dl.dtype.bits == 32) {
    each(std::int32_t{});
  } else if (out.dl.dtype.bits == 16) {
    each(std::int16_t{});
  } else {
    each(std::uint8_t{});
  }
}

ConstantPtr derived(int type, std::vector<std::int64_t> dims, Constant::Make make,
                    const std::vector<ConstantPtr>& from, std::string name) {
  constexpr int kMostSteps = 1024;  // each may be a call within a call
  constexpr std::int64_t kMostRepeated = std::int64_t{1} << 24;
  int steps = 1;
  std::int64_t largest = kMostRepeated;
  for (const ConstantPtr& constant : from) {
    steps = std::min(steps + constant->steps(), kMostSteps + 1);
    largest = std::max(largest, constant->count());
  }
  const std::optional<std::int64_t> count = product(dims);
  if (steps > kMostSteps || !count || *count > largest) {
    throw lathe::error(LATHE_UNIMPLEMENTED,
                       "it computes a constant that is too large, or in too many steps");
  }
  return std::make_shared<Constant>(type, std::move(dims), std::move(make), std::move(name), steps);
}

ConstantPtr integers_constant(std::vector<std::int64_t> numbers, std::vector<std::int64_t> dims) {
  return std::make_shared<Constant>(
      TensorProto::INT64, std::move(dims),
      [numbers = std::move(numbers)] { return Contents{{}, numbers}; });
}

ConstantPtr reals_constant(std::vector<float> numbers, std::vector<std::int64_t> dims) {
  return std::make_shared<Constant>(
      TensorProto::FLOAT, std::move(dims),
      [numbers = std::move(numbers)] { return Contents{numbers, {}}; });
}

}  // namespace onnx_reader
