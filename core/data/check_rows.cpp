#include "core/data/check_rows.hpp"

#include "core/base/error.hpp"
#include "core/host/scoring/ignored_target.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace lathe {

namespace {

// The rows that are checked, for messages.
struct Place {
  std::string_view id;
  Split split;
  std::span<const std::uint64_t> index;

  // "data set 'x': row 3 of split 'train'"
  std::string row_of(std::size_t element, const Tensor& tensor) const {
    const auto rows = static_cast<std::size_t>(tensor.shape()[0]);
    const std::size_t row = element / (static_cast<std::size_t>(tensor.numel()) / rows);
    return fmt::format("data set '{}': row {} of split '{}'", id, index.empty() ? row : index[row],
                       name(split));
  }
};

template <typename T, typename Wrong>
void refuse_if_any(const Tensor& tensor, const Wrong& wrong,
                   const std::function<std::string(std::size_t element, T value)>& message) {
  const auto values = tensor.values<T>();
  const auto found = std::find_if(values.begin(), values.end(), wrong);
  if (found == values.end()) return;
  throw run_error(LATHE_DATA_LOSS,
                  message(static_cast<std::size_t>(found - values.begin()), *found));
}

template <typename T>
void check_classes(const Tensor& tensor, const Field& field, const Place& place) {
  const bool may_be_ignored = field.shape.rank() > 0;
  refuse_if_any<T>(
      tensor,
      [&](T value) {
        const auto label = static_cast<std::int64_t>(value);
        if (label == kIgnoredTarget && may_be_ignored) return false;
        return label < 0 || label >= field.classes;
      },
      [&](std::size_t at, T label) {
        return fmt::format("{} has label {} in its field '{}'; there are {} classes, from 0",
                           place.row_of(at, tensor), static_cast<std::int64_t>(label), field.name,
                           field.classes);
      });
}

void check_classes(const Tensor& tensor, const Field& field, const Place& place) {
  switch (tensor.dtype()) {
    case DType::int8:
      return check_classes<std::int8_t>(tensor, field, place);
    case DType::int16:
      return check_classes<std::int16_t>(tensor, field, place);
    case DType::int32:
      return check_classes<std::int32_t>(tensor, field, place);
    case DType::uint8:
      return check_classes<std::uint8_t>(tensor, field, place);
    default:
      return check_classes<std::int64_t>(tensor, field, place);
  }
}

template <typename T>
void check_finite(const Tensor& tensor, const Field& field, const Place& place) {
  refuse_if_any<T>(
      tensor, [](T x) { return !std::isfinite(x); },
      [&](std::size_t at, T x) {
        return fmt::format("{} holds {} in its field '{}'", place.row_of(at, tensor), x,
                           field.name);
      });
}

// Of 16 bits: infinities and what is no number have every bit of the exponent.
void check_finite_bits(const Tensor& tensor, std::uint16_t exponent, const Field& field,
                       const Place& place) {
  refuse_if_any<std::uint16_t>(
      tensor, [exponent](std::uint16_t x) { return (x & exponent) == exponent; },
      [&](std::size_t at, std::uint16_t) {
        return fmt::format("{} holds a {} that is not finite in its field '{}'",
                           place.row_of(at, tensor), name(tensor.dtype()), field.name);
      });
}

// Floats that say whether a class holds.
template <typename T>
void check_shares(const Tensor& tensor, const Field& field, const Place& place) {
  refuse_if_any<T>(
      tensor, [](T x) { return x < 0 || x > 1; },
      [&](std::size_t at, T x) {
        return fmt::format("{} holds {} in its field '{}'; whether a class holds is from 0 to 1",
                           place.row_of(at, tensor), x, field.name);
      });
}

void check_numbers(const Tensor& tensor, const Field& field, const Place& place) {
  switch (tensor.dtype()) {
    case DType::float32:
      return check_finite<float>(tensor, field, place);
    case DType::float64:
      return check_finite<double>(tensor, field, place);
    case DType::float16:
      return check_finite_bits(tensor, 0x7C00, field, place);
    case DType::bfloat16:
      return check_finite_bits(tensor, 0x7F80, field, place);
    case DType::boolean:
      return refuse_if_any<std::uint8_t>(
          tensor, [](std::uint8_t x) { return x > 1; },
          [&](std::size_t at, std::uint8_t x) {
            return fmt::format("{} holds {} in its field '{}' of truths, which are 0 and 1",
                               place.row_of(at, tensor), x, field.name);
          });
    default:
      return;
  }
}

}  // namespace

void check_rows(const RowTensors& rows, std::span<const Field> fields, std::string_view id,
                Split split, std::span<const std::uint64_t> index) {
  const Place place{id, split, index};
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const Tensor& tensor = rows.fields[i];
    if (fields[i].of_classes()) check_classes(tensor, fields[i], place);
    check_numbers(tensor, fields[i], place);
    if (fields[i].classes > 0 && tensor.dtype() == DType::float32)
      check_shares<float>(tensor, fields[i], place);
    if (fields[i].classes > 0 && tensor.dtype() == DType::float64)
      check_shares<double>(tensor, fields[i], place);
    if (fields[i].role != LATHE_FIELD_WEIGHT) continue;
    refuse_if_any<float>(
        tensor, [](float weight) { return weight < 0; },
        [&](std::size_t at, float weight) {
          return fmt::format("{} has the weight {} in its field '{}'; weights are 0 and more",
                             place.row_of(at, tensor), weight, fields[i].name);
        });
  }
}

}  // namespace lathe
