#include "core/data/read_fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace lathe {

namespace {

constexpr std::uint64_t kMostFields = 1024;
constexpr std::uint64_t kWidestRow = 4096;
constexpr std::uint32_t kMostRank = 64;
constexpr std::int64_t kMostClasses = std::int64_t{1} << 24;
constexpr std::int64_t kMostFeatures = std::int64_t{1} << 24;

class FieldReader {
 public:
  explicit FieldReader(const Blaming& broken) : broken_(broken) {}

  Field read(const lathe_field& row, std::uint64_t number) const {
    Field field;
    field.name =
        text_of_plugin(row.name, fmt::format("info(): the name of field {}", number), broken_);
    if (field.name.empty())
      throw broken_(fmt::format("info() gives field {} an empty name", number));
    field.role = row.role;
    field.dtype = dtype_of(row, field.name);
    if (row.rank != LATHE_RANK_UNKNOWN) {
      field.shape = shape_of(row, field.name);
      field.known_shape = true;
    }
    read_classes(row, field);
    read_features(row, field);
    const bool number_of_row = field.dtype == DType::float32 && field.shape.rank() == 0;
    if (field.role == LATHE_FIELD_WEIGHT && !number_of_row)
      throw broken_(
          fmt::format("info() gives the weight '{}' as {} of shape {}; a weight is one "
                      "float32",
                      field.name, name(field.dtype), field.shape.text()));
    return field;
  }

 private:
  DType dtype_of(const lathe_field& row, const std::string& field) const {
    if (row.dtype == LATHE_DTYPE_NONE || row.dtype > LATHE_DTYPE_BOOL)
      throw broken_(fmt::format("info() gives the field '{}' the unknown element type {}", field,
                                static_cast<int>(row.dtype)));
    return static_cast<DType>(row.dtype);
  }

  Shape shape_of(const lathe_field& row, const std::string& field) const {
    if (row.rank > 0 && row.shape == nullptr)
      throw broken_(fmt::format("info() gives the field '{}' a rank without a shape", field));
    if (row.rank > kMostRank)
      throw broken_(
          fmt::format("info() gives the field '{}' {} dimensions, at most {} are "
                      "believed",
                      field, row.rank, kMostRank));
    Shape shape(std::vector<std::int64_t>(row.shape, row.shape + row.rank));
    if (std::ranges::any_of(shape, [](std::int64_t extent) { return extent <= 0; }))
      throw broken_(fmt::format("info() gives the field '{}' the shape {}; extents are 1 and more",
                                field, shape.text()));
    return shape;
  }

  void read_classes(const lathe_field& row, Field& field) const {
    if (row.classes < 0 || row.classes > kMostClasses)
      throw broken_(fmt::format("info() gives the field '{}' {} classes; 0 to {} are believed",
                                field.name, row.classes, kMostClasses));
    if (row.classes > 0 && field.role != LATHE_FIELD_TARGET)
      throw broken_(fmt::format("info() gives the field '{}' {} classes, and it is no target",
                                field.name, row.classes));
    if (row.classes > 0 && !field.of_classes() && field.known_shape &&
        (field.shape.rank() == 0 || field.shape[field.shape.rank() - 1] != row.classes))
      throw broken_(
          fmt::format("info() gives the field '{}' of shape {} {} classes; one that is "
                      "not made of integers has as many numbers for them",
                      field.name, field.shape.text(), row.classes));
    field.classes = row.classes;
    for (std::int64_t i = 0; row.class_names != nullptr && i < row.classes; ++i)
      field.class_names.push_back(text_of_plugin(
          row.class_names[i], fmt::format("info(): the name of class {} of '{}'", i, field.name),
          broken_));
  }

  void read_features(const lathe_field& row, Field& field) const {
    if (row.feature_names == nullptr && row.mean == nullptr && row.deviation == nullptr) return;
    const bool has_width = !field.known_shape || field.shape.rank() > 0;
    if (field.role != LATHE_FIELD_INPUT || !has_width)
      throw broken_(
          fmt::format("info() gives the field '{}' names or a scaling of its numbers, and it is no "
                      "input of rank 1 or more",
                      field.name));
    if (row.feature_names != nullptr && field.known_shape && field.shape.rank() != 1)
      throw broken_(
          fmt::format("info() gives the field '{}' names of features, and it is no input of rank 1",
                      field.name));
    if ((row.mean == nullptr) != (row.deviation == nullptr))
      throw broken_(fmt::format("info() gives the field '{}' a {} without a {}", field.name,
                                row.mean == nullptr ? "deviation" : "mean",
                                row.mean == nullptr ? "mean" : "deviation"));
    const std::int64_t width = field.known_shape ? field.shape[0] : 0;
    if (width > kMostFeatures)
      throw broken_(
          fmt::format("info() gives the field '{}' names or a scaling of {} numbers; {} are "
                      "believed",
                      field.name, width, kMostFeatures));
    for (std::int64_t i = 0; row.feature_names != nullptr && i < width; ++i)
      field.feature_names.push_back(text_of_plugin(
          row.feature_names[i],
          fmt::format("info(): the name of feature {} of '{}'", i, field.name), broken_));
    for (std::int64_t i = 0; row.mean != nullptr && i < width; ++i) {
      if (!std::isfinite(row.mean[i]) || !std::isfinite(row.deviation[i]) ||
          !(row.deviation[i] > 0))
        throw broken_(fmt::format(
            "info() gives number {} of the field '{}' the mean {} and the deviation {}; both are "
            "finite, and deviations above 0",
            i, field.name, row.mean[i], row.deviation[i]));
      field.mean.push_back(row.mean[i]);
      field.deviation.push_back(row.deviation[i]);
    }
  }

  const Blaming& broken_;
};

}  // namespace

std::string text_of_plugin(lathe_str source, const std::string& what, const Blaming& broken) {
  if ((source.data == nullptr && source.size > 0) || source.size > kLongestText)
    throw broken(fmt::format("{} is no text ({} bytes{})", what, source.size,
                             source.data == nullptr ? " at NULL" : ""));
  return source.size == 0 ? std::string() : std::string(source.data, source.size);
}

std::vector<Field> read_fields(const lathe_field_table* table, const Blaming& broken) {
  if (table == nullptr) throw broken("info() gives no fields");
  if (table->struct_size < LATHE_SIZE_UP_TO(lathe_field_table, count))
    throw broken(fmt::format("info() gives fields with a struct_size of {}, which cannot be",
                             table->struct_size));
  if (table->count > kMostFields || (table->count > 0 && table->rows == nullptr))
    throw broken(fmt::format("info() gives {} fields{}", table->count,
                             table->rows == nullptr ? " at NULL" : ", which is not believed"));
  if (table->row_size < LATHE_SIZE_UP_TO(lathe_field, class_names) || table->row_size > kWidestRow)
    throw broken(
        fmt::format("info() gives fields with a row_size of {}, which cannot be", table->row_size));
  const FieldReader reader(broken);
  std::vector<Field> fields;
  const char* at = reinterpret_cast<const char*>(table->rows);
  for (std::uint64_t i = 0; i < table->count; ++i, at += table->row_size) {
    lathe_field row{};
    std::memcpy(&row, at, std::min<std::size_t>(table->row_size, sizeof row));
    Field field = reader.read(row, i);
    for (const Field& other : fields)
      if (other.name == field.name)
        throw broken(fmt::format("info() gives two fields the name '{}'", field.name));
    fields.push_back(std::move(field));
  }
  if (std::ranges::none_of(fields, [](const Field& f) { return f.role == LATHE_FIELD_INPUT; }))
    throw broken("info() gives no field that is an input");
  row_bytes(fields, broken);
  return fields;
}

std::uint64_t row_bytes(std::span<const Field> fields, const Blaming& broken) {
  std::uint64_t all = 0;
  for (const Field& field : fields) {
    std::uint64_t bytes = element_size(field.dtype);
    for (const std::int64_t extent : field.shape)
      if (__builtin_mul_overflow(bytes, static_cast<std::uint64_t>(extent), &bytes) ||
          bytes > kMostRowBytes)
        throw broken(fmt::format("info() gives the field '{}' the shape {}, which no memory holds",
                                 field.name, field.shape.text()));
    all += bytes;
  }
  return all;
}

void require_known(std::span<const Field> fields, const Blaming& broken) {
  for (const Field& field : fields) {
    if (!field.known_shape)
      throw broken(fmt::format("once open it must know the shape of its field '{}'", field.name));
    if (field.of_classes() && field.classes == 0)
      throw broken(fmt::format("once open it must know the classes of its field '{}'", field.name));
  }
}

}  // namespace lathe
