#include "core/host/dataset.hpp"

#include <algorithm>

namespace lathe {

bool Field::of_classes() const {
  switch (dtype) {
    case DType::int8:
    case DType::int16:
    case DType::int32:
    case DType::int64:
    case DType::uint8:
      return role == LATHE_FIELD_TARGET;
    default:
      return false;
  }
}

const Field* DatasetInfo::first(lathe_field_role role) const {
  const auto found = std::find_if(fields.begin(), fields.end(),
                                  [role](const Field& field) { return field.role == role; });
  return found == fields.end() ? nullptr : &*found;
}

std::optional<std::size_t> DatasetInfo::input_for(std::string_view placeholder,
                                                  std::size_t place) const {
  std::optional<std::size_t> at_place;
  for (std::size_t i = 0, inputs = 0; i < fields.size(); ++i) {
    if (fields[i].role != LATHE_FIELD_INPUT) continue;
    if (fields[i].name == placeholder) return i;
    if (inputs++ == place) at_place = i;
  }
  return at_place;
}

bool DatasetInfo::complete() const {
  return !fields.empty() && std::ranges::all_of(fields, [](const Field& field) {
    return field.known_shape && (!field.of_classes() || field.classes > 0);
  });
}

}  // namespace lathe
