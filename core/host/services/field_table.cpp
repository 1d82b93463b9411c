#include "core/host/services/field_table.hpp"

#include "core/host/services/call.hpp"

#include <algorithm>

namespace lathe {

namespace {

lathe_field row_of(Call& call, const Field& field) {
  auto* shape = call.kept<std::int64_t>(field.shape.rank());
  std::copy(field.shape.begin(), field.shape.end(), shape);
  auto* names = call.kept<lathe_str>(field.class_names.size());
  for (std::size_t i = 0; i < field.class_names.size(); ++i) {
    names[i] = call.kept_text(field.class_names[i]);
  }
  lathe_field row{};
  row.name = call.kept_text(field.name);
  row.role = field.role;
  row.dtype = static_cast<lathe_dtype>(field.dtype);
  row.rank =
      field.known_shape ? static_cast<std::uint32_t>(field.shape.rank()) : LATHE_RANK_UNKNOWN;
  row.shape = shape;
  row.classes = field.classes;
  row.class_names = field.class_names.empty() ? nullptr : names;
  return row;
}

}  // namespace

lathe_field_table field_table(Call& call, const DatasetInfo& info) {
  auto* rows = call.kept<lathe_field>(info.fields.size());
  for (std::size_t i = 0; i < info.fields.size(); ++i) rows[i] = row_of(call, info.fields[i]);
  return {sizeof(lathe_field_table), sizeof(lathe_field), rows, info.fields.size()};
}

}  // namespace lathe
