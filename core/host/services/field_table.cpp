#include "core/host/services/field_table.hpp"

#include "core/host/services/call.hpp"

#include <algorithm>

namespace lathe {

namespace {

// NULL for none.
const lathe_str* names_of(Call& call, const std::vector<std::string>& names) {
  if (names.empty()) return nullptr;
  auto* kept = call.kept<lathe_str>(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) kept[i] = call.kept_text(names[i]);
  return kept;
}
const double* numbers_of(Call& call, const std::vector<double>& numbers) {
  if (numbers.empty()) return nullptr;
  auto* kept = call.kept<double>(numbers.size());
  std::ranges::copy(numbers, kept);
  return kept;
}

lathe_field row_of(Call& call, const Field& field) {
  auto* shape = call.kept<std::int64_t>(field.shape.rank());
  std::copy(field.shape.begin(), field.shape.end(), shape);
  lathe_field row{};
  row.name = call.kept_text(field.name);
  row.role = field.role;
  row.dtype = static_cast<lathe_dtype>(field.dtype);
  row.rank =
      field.known_shape ? static_cast<std::uint32_t>(field.shape.rank()) : LATHE_RANK_UNKNOWN;
  row.shape = shape;
  row.classes = field.classes;
  row.class_names = names_of(call, field.class_names);
  row.feature_names = names_of(call, field.feature_names);
  row.mean = numbers_of(call, field.mean);
  row.deviation = numbers_of(call, field.deviation);
  return row;
}

}  // namespace

lathe_field_table field_table(Call& call, std::span<const Field> fields) {
  auto* rows = call.kept<lathe_field>(fields.size());
  for (std::size_t i = 0; i < fields.size(); ++i) rows[i] = row_of(call, fields[i]);
  return {sizeof(lathe_field_table), sizeof(lathe_field), rows, fields.size()};
}

}  // namespace lathe
