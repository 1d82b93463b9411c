// What rows of a data set are made of, as data sets say it and as models and passes read it, and
// the rows of one call.
#pragma once

#include <lathe/field.h>
#include <lathe/hpp/span.hpp>

#include <string>
#include <string_view>
#include <vector>

#pragma GCC visibility push(hidden)

namespace lathe {

// One part of every row. Made by input_field, target_field, class_field or weight_field.
struct field {
  std::string name;  // eg: "attention_mask"
  lathe_field_role role = LATHE_FIELD_INPUT;
  lathe_dtype dtype = LATHE_DTYPE_FLOAT32;
  std::vector<std::int64_t> shape;                // of one row's part; empty: a number
  std::int64_t classes = 0;                       // lathe_field.classes
  std::vector<std::string> class_names;           // empty, or one per class
  bool known_shape = true;                        // false: not known before open
  std::vector<std::string> feature_names = {};    // of an input of rank 1: empty, or one per number
  std::vector<double> mean = {}, deviation = {};  // lathe_field.mean; empty: not scaled

  // A target of integers: its elements are classes.
  bool of_classes() const {
    return role == LATHE_FIELD_TARGET && dtype >= LATHE_DTYPE_INT8 && dtype <= LATHE_DTYPE_UINT8;
  }
  std::int64_t elements() const { return static_cast<std::int64_t>(element_count(shape)); }
};

namespace detail {

template <class T>
constexpr lathe_dtype dtype_of() {
  if constexpr (std::is_same_v<T, bool>) return LATHE_DTYPE_BOOL;
  if constexpr (std::is_same_v<T, float>) return LATHE_DTYPE_FLOAT32;
  if constexpr (std::is_same_v<T, double>) return LATHE_DTYPE_FLOAT64;
  if constexpr (std::is_same_v<T, std::int8_t>) return LATHE_DTYPE_INT8;
  if constexpr (std::is_same_v<T, std::int16_t>) return LATHE_DTYPE_INT16;
  if constexpr (std::is_same_v<T, std::int32_t>) return LATHE_DTYPE_INT32;
  if constexpr (std::is_same_v<T, std::int64_t>) return LATHE_DTYPE_INT64;
  if constexpr (std::is_same_v<T, std::uint8_t>) return LATHE_DTYPE_UINT8;
  return LATHE_DTYPE_NONE;
}

// A copy of what is borrowed.
inline field field_of(const lathe_field& row) {
  field out{to_string(to_view(row.name)), row.role, row.dtype, {}, row.classes, {}, true};
  out.known_shape = row.rank != LATHE_RANK_UNKNOWN;
  if (out.known_shape) out.shape.assign(row.shape, row.shape + row.rank);
  for (std::int64_t i = 0; row.class_names != nullptr && i < row.classes; ++i) {
    out.class_names.push_back(to_string(to_view(row.class_names[i])));
  }
  const std::int64_t width = out.shape.empty() ? 0 : out.shape[0];
  for (std::int64_t i = 0; row.feature_names != nullptr && i < width; ++i) {
    out.feature_names.push_back(to_string(to_view(row.feature_names[i])));
  }
  if (row.mean != nullptr && row.deviation != nullptr) {
    out.mean.assign(row.mean, row.mean + width);
    out.deviation.assign(row.deviation, row.deviation + width);
  }
  return out;
}

inline std::vector<field> fields_of(const lathe_field_table& table) {
  std::vector<field> all;
  for (std::uint64_t i = 0; i < table.count; ++i) {
    all.push_back(field_of(detail::row(table.rows, table.row_size, i)));
  }
  return all;
}

// Fields as the host borrows them.
class field_rows {
 public:
  void set(std::vector<field> fields) {
    fields_ = std::move(fields);
    rows_.clear();
    classes_.clear();
    features_.clear();
    for (const field& f : fields_) {
      require_one_per_number(f);
      classes_.push_back(texts(f.class_names));
      features_.push_back(texts(f.feature_names));
      rows_.push_back(
          {to_str(f.name),
           f.role,
           f.dtype,
           {},
           f.known_shape ? static_cast<std::uint32_t>(f.shape.size()) : LATHE_RANK_UNKNOWN,
           f.shape.data(),
           f.classes,
           f.class_names.empty() ? nullptr : classes_.back().data(),
           f.feature_names.empty() ? nullptr : features_.back().data(),
           f.mean.empty() ? nullptr : f.mean.data(),
           f.deviation.empty() ? nullptr : f.deviation.data()});
    }
    table_ = {sizeof(lathe_field_table), sizeof(lathe_field), rows_.data(), rows_.size()};
  }
  const std::vector<field>& fields() const { return fields_; }
  const lathe_field_table& table() const { return table_; }

 private:
  static std::vector<lathe_str> texts(const std::vector<std::string>& names) {
    std::vector<lathe_str> all;
    for (const std::string& name : names) all.push_back(to_str(name));
    return all;
  }
  // The host reads as many as the first extent says.
  static void require_one_per_number(const field& f) {
    const std::size_t width =
        f.known_shape && !f.shape.empty() ? static_cast<std::size_t>(f.shape[0]) : 0;
    for (const std::size_t count : {f.feature_names.size(), f.mean.size(), f.deviation.size()}) {
      if (count == 0 || count == width) continue;
      throw error(LATHE_INTERNAL, join({"the field '", f.name,
                                        "' has names or a scaling, and not one for each of its ",
                                        to_string(static_cast<std::int64_t>(width))}));
    }
    if (f.class_names.empty() || static_cast<std::int64_t>(f.class_names.size()) >= f.classes) {
      return;
    }
    throw error(LATHE_INTERNAL,
                join({"the field '", f.name, "' has names of classes, and not one for each"}));
  }

  std::vector<field> fields_;
  std::vector<std::vector<lathe_str>> classes_, features_;
  std::vector<lathe_field> rows_;
  lathe_field_table table_ = {};
};

}  // namespace detail

// An input of the network: input_field<std::int64_t>("tokens", {32}).
template <class T>
field input_field(std::string name, std::vector<std::int64_t> shape) {
  static_assert(detail::dtype_of<T>() != LATHE_DTYPE_NONE, "a field holds numbers or truths");
  return {std::move(name), LATHE_FIELD_INPUT, detail::dtype_of<T>(), std::move(shape), 0, {}, true};
}
// A target of numbers, for regression; a network's output has the target's shape.
template <class T = float>
field target_field(std::string name, std::vector<std::int64_t> shape) {
  static_assert(detail::dtype_of<T>() != LATHE_DTYPE_NONE, "a field holds numbers or truths");
  return {
      std::move(name), LATHE_FIELD_TARGET, detail::dtype_of<T>(), std::move(shape), 0, {}, true};
}
// A target of std::int64_t: one class per row, or one for each element of the shape.
inline field class_field(std::string name, std::int64_t classes,
                         std::vector<std::string> class_names = {},
                         std::vector<std::int64_t> shape = {}) {
  return {std::move(name),
          LATHE_FIELD_TARGET,
          LATHE_DTYPE_INT64,
          std::move(shape),
          classes,
          std::move(class_names),
          true};
}
// A target that says of each class whether it holds, from 0 to 1: several may, or none.
inline field multi_label_field(std::string name, std::vector<std::string> class_names) {
  const auto classes = static_cast<std::int64_t>(class_names.size());
  return {std::move(name),
          LATHE_FIELD_TARGET,
          LATHE_DTYPE_FLOAT32,
          {classes},
          classes,
          std::move(class_names),
          true};
}
// The weight of a row in the loss: a float.
inline field weight_field(std::string name) {
  return {std::move(name), LATHE_FIELD_WEIGHT, LATHE_DTYPE_FLOAT32, {}, 0, {}, true};
}

// Rows to be filled or changed: one tensor per field, all rows one after another. Valid for the
// call it came with.
class batch {
 public:
  batch(lathe_tensor* const* tensors, std::uint64_t count, const std::vector<field>& fields)
      : tensors_(tensors), count_(count), fields_(&fields) {}

  std::uint64_t fields() const { return count_; }
  std::uint64_t rows() const {
    return count_ == 0 ? 0 : static_cast<std::uint64_t>(raw(0).dl.shape[0]);
  }
  // The elements of a field, by its place in fields() or its name: rows() times those of one row.
  // Refuses another type than the field's.
  template <class T>
  span<T> values(std::uint64_t field) const {
    return tensor<T>(raw(field));
  }
  template <class T>
  span<T> values(std::string_view name) const {
    return values<T>(place_of(name));
  }
  // Of a type that C++ has no name for, eg: bfloat16.
  lathe_tensor& raw(std::uint64_t field) const {
    if (field >= count_) {
      throw error(LATHE_OUT_OF_RANGE,
                  join({"field ", to_string(static_cast<std::int64_t>(field)), " of rows with ",
                        to_string(static_cast<std::int64_t>(count_)), " fields was asked for"}));
    }
    return *tensors_[field];
  }

 private:
  std::uint64_t place_of(std::string_view name) const {
    for (std::uint64_t i = 0; i < fields_->size(); ++i) {
      if ((*fields_)[i].name == name) return i;
    }
    throw error(LATHE_NOT_FOUND, join({"these rows have no field '", name, "'"}));
  }

  lathe_tensor* const* tensors_;
  std::uint64_t count_;
  const std::vector<field>* fields_;
};

}  // namespace lathe

#pragma GCC visibility pop
