#include "core/data/fit_fields.hpp"

#include "core/base/error.hpp"
#include "core/base/log.hpp"
#include "core/host/scoring/ignored_target.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <optional>

namespace lathe {

namespace {

Error misfit(std::string_view id, const std::string& what) {
  return run_error(LATHE_INVALID_ARGUMENT, fmt::format("data set '{}' {}", id, what));
}

// "'a', 'b' and 12 more"
std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t kMostNamed = 20;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kMostNamed); ++i)
    text += fmt::format("{}'{}'", i == 0 ? "" : ", ", names[i]);
  if (names.size() > kMostNamed) text += fmt::format(" and {} more", names.size() - kMostNamed);
  return text;
}

bool tell_apart(std::vector<std::string> names) {
  std::ranges::sort(names);
  return !names.empty() && std::ranges::adjacent_find(names) == names.end();
}

// Of each of `wanted`, its place in `names`.
std::vector<std::optional<std::size_t>> places(const std::vector<std::string>& wanted,
                                               const std::vector<std::string>& names) {
  std::vector<std::optional<std::size_t>> out;
  for (const std::string& name : wanted) {
    const auto found = std::ranges::find(names, name);
    out.push_back(found == names.end() ? std::nullopt
                                       : std::optional<std::size_t>(
                                             static_cast<std::size_t>(found - names.begin())));
  }
  return out;
}

// Each of the network's names has its place here; `what` is what they name.
std::vector<std::size_t> columns_by_name(const std::vector<std::string>& own,
                                         const std::vector<std::string>& trained,
                                         std::string_view id, const char* what) {
  std::vector<std::size_t> columns;
  std::vector<std::string> missing;
  const auto found = places(trained, own);
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (!found[i])
      missing.push_back(trained[i]);
    else
      columns.push_back(*found[i]);
  }
  if (missing.empty()) return columns;
  throw misfit(id, fmt::format("has no {} {}, which the network was trained on; it has {}", what,
                               listed(missing), listed(own)));
}

template <typename T>
std::vector<T> taken(const std::vector<T>& values, const std::vector<std::size_t>& places) {
  std::vector<T> out;
  for (const std::size_t place : places)
    if (place < values.size()) out.push_back(values[place]);
  return out;
}

// Of inputs and targets that are a row of numbers.
bool is_row(const Field& field) { return field.known_shape && field.shape.rank() == 1; }
bool of_floats(const Field& field) {
  return field.dtype == DType::float32 || field.dtype == DType::float64 ||
         field.dtype == DType::float16 || field.dtype == DType::bfloat16;
}

class Fitter {
 public:
  Fitter(const Field& own, const Field& trained, std::string_view id)
      : own_(own), trained_(trained), id_(id), field_(own) {}

  void fit() {
    if (own_.role == LATHE_FIELD_INPUT)
      fit_input();
    else
      fit_target();
  }
  const Field& field() const { return field_; }
  const FieldFit& rows() const { return rows_; }

 private:
  void fit_input() {
    fit_columns();
    warn_of_scaling();
  }

  void fit_columns() {
    if (!is_row(own_) || !is_row(trained_)) return;
    if (tell_apart(own_.feature_names) && tell_apart(trained_.feature_names)) {
      if (own_.feature_names != trained_.feature_names)
        take_columns(columns_by_name(own_.feature_names, trained_.feature_names, id_, "column"));
    } else if (of_floats(own_) && own_.shape != trained_.shape) {
      throw misfit(
          id_, fmt::format(
                   "has {} features in a row of '{}', and the network was trained on {}{}; {} "
                   "no names that would tell which are which",
                   own_.shape[0], own_.name, trained_.shape[0], in_brackets(trained_.feature_names),
                   own_.feature_names.empty() ? "the data set gives" : "the network has"));
    }
    if (field_.feature_names.empty() && field_.shape == trained_.shape)
      field_.feature_names = trained_.feature_names;
  }

  void take_columns(std::vector<std::size_t> columns) {
    field_.shape[field_.shape.rank() - 1] = static_cast<std::int64_t>(columns.size());
    field_.feature_names = taken(own_.feature_names, columns);
    field_.mean = taken(own_.mean, columns);
    field_.deviation = taken(own_.deviation, columns);
    rows_.columns = std::move(columns);
  }

  // Statistics that were written and read again are the same to the last bit.
  void warn_of_scaling() const {
    if (field_.mean == trained_.mean && field_.deviation == trained_.deviation) return;
    const char* how =
        field_.mean.empty()
            ? "gives its numbers as they are, and the network was trained on scaled ones, (x - "
              "mean) / deviation; unless these are scaled already, what follows is wrong"
        : trained_.mean.empty()
            ? "scales its numbers, (x - mean) / deviation, and the network was trained on numbers "
              "as they are"
            : "scales its numbers by another mean and deviation than the network was trained on";
    log_warning("data set '{}' {}", id_, how);
  }

  void fit_target() {
    if (own_.of_classes() != trained_.of_classes() || (own_.classes > 0) != (trained_.classes > 0))
      throw misfit(id_, fmt::format("has {} in its target '{}', and the network was trained on {}",
                                    kind(own_), own_.name, kind(trained_)));
    if (own_.classes == 0) {
      if (is_row(own_) && is_row(trained_) && own_.shape != trained_.shape)
        throw misfit(id_, fmt::format("has {} numbers in a row of its target '{}', and the network "
                                      "was trained on {}",
                                      own_.shape[0], own_.name, trained_.shape[0]));
      return;
    }
    if (!tell_apart(own_.class_names) || !tell_apart(trained_.class_names)) {
      if (own_.classes != trained_.classes)
        throw misfit(id_, fmt::format("has {} classes{}, and the network was trained on {}{}",
                                      own_.classes, in_brackets(own_.class_names), trained_.classes,
                                      in_brackets(trained_.class_names)));
      if (field_.class_names.empty()) field_.class_names = trained_.class_names;
      return;
    }
    if (own_.class_names == trained_.class_names) return;
    if (own_.of_classes())
      renumber();
    else
      reorder();
    field_.classes = trained_.classes;
    field_.class_names = trained_.class_names;
  }

  void renumber() {
    for (const auto& place : places(own_.class_names, trained_.class_names))
      rows_.classes.push_back(place ? static_cast<std::int64_t>(*place) : -1);
  }
  // A number for each class: all have to be there on both sides.
  void reorder() {
    std::vector<std::size_t> columns =
        columns_by_name(own_.class_names, trained_.class_names, id_, "class");
    if (columns.size() != own_.class_names.size())
      throw misfit(id_, fmt::format("has the classes {}, and the network was trained on {} alone",
                                    listed(own_.class_names), listed(trained_.class_names)));
    rows_.columns = std::move(columns);
  }

  static const char* kind(const Field& field) {
    return field.of_classes()  ? "one class a row"
           : field.classes > 0 ? "any number of classes a row"
                               : "numbers";
  }
  static std::string in_brackets(const std::vector<std::string>& names) {
    return names.empty() ? std::string() : fmt::format(" ({})", listed(names));
  }

  const Field& own_;
  const Field& trained_;
  std::string_view id_;
  Field field_;
  FieldFit rows_;
};

// The field that the network knows as this one: that of its name, else the one at its place among
// those of its role.
const Field* counterpart(std::size_t own, std::span<const Field> fields,
                         std::span<const Field> trained_on) {
  const Field& field = fields[own];
  if (field.role == LATHE_FIELD_WEIGHT) return nullptr;
  const auto role = [&](const Field& other) { return other.role == field.role; };
  const auto place = std::ranges::count_if(fields.first(own), role);
  const Field* at_place = nullptr;
  std::ptrdiff_t seen = 0;
  for (const Field& trained : trained_on) {
    if (!role(trained)) continue;
    if (trained.name == field.name) return &trained;
    if (seen++ == place) at_place = &trained;
  }
  if (at_place == nullptr) return nullptr;
  const bool another = std::ranges::any_of(
      fields, [&](const Field& other) { return role(other) && other.name == at_place->name; });
  return another ? nullptr : at_place;
}

template <typename T>
void renumber(std::span<const std::byte> from, std::span<std::byte> to,
              const std::vector<std::int64_t>& classes,
              const std::function<void(std::size_t element, std::size_t label)>& refuse) {
  for (std::size_t i = 0; i < from.size() / sizeof(T); ++i) {
    T label{};
    std::memcpy(&label, from.data() + i * sizeof(T), sizeof(T));
    if (static_cast<std::int64_t>(label) != kIgnoredTarget) {
      const auto own = static_cast<std::size_t>(label);
      if (classes.at(own) < 0) refuse(i, own);
      label = static_cast<T>(classes[own]);
    }
    std::memcpy(to.data() + i * sizeof(T), &label, sizeof(T));
  }
}

// Labels that were checked to be classes of the field.
Tensor renumbered(const Tensor& labels, const FieldFit& fit,
                  const std::function<void(std::size_t, std::size_t)>& refuse) {
  return Tensor::make(labels.dtype(), labels.shape(), [&](std::span<std::byte> out) {
    switch (labels.dtype()) {
      case DType::int8:
        return renumber<std::int8_t>(labels.bytes(), out, fit.classes, refuse);
      case DType::uint8:
        return renumber<std::uint8_t>(labels.bytes(), out, fit.classes, refuse);
      case DType::int16:
        return renumber<std::int16_t>(labels.bytes(), out, fit.classes, refuse);
      case DType::int32:
        return renumber<std::int32_t>(labels.bytes(), out, fit.classes, refuse);
      default:
        return renumber<std::int64_t>(labels.bytes(), out, fit.classes, refuse);
    }
  });
}

Tensor selected(const Tensor& rows, std::int64_t width, const std::vector<std::size_t>& columns) {
  Shape shape = rows.shape();
  shape[shape.rank() - 1] = static_cast<std::int64_t>(columns.size());
  return Tensor::make(rows.dtype(), shape, [&](std::span<std::byte> out) {
    const std::size_t size = element_size(rows.dtype());
    const std::size_t pitch = static_cast<std::size_t>(width) * size;
    std::byte* to = out.data();
    for (const std::byte* from = rows.bytes().data(); to != out.data() + out.size(); from += pitch)
      for (const std::size_t column : columns) {
        std::memcpy(to, from + column * size, size);
        to += size;
      }
  });
}

}  // namespace

bool Fit::changes() const {
  return std::ranges::any_of(rows, [](const FieldFit& fit) { return fit.changes(); });
}

void check_trained(std::span<const Field> trained_on) {
  for (const Field& field : trained_on) {
    const std::size_t width =
        field.known_shape && field.shape.rank() > 0 ? static_cast<std::size_t>(field.shape[0]) : 0;
    const auto check = [&](const char* what, std::size_t count, std::size_t wanted) {
      if (count == 0 || count == wanted) return;
      throw usage_error(fmt::format(
          "the weights say {} {} of the field '{}' that they were trained on, where {} are needed",
          count, what, field.name, wanted));
    };
    check("names of classes", field.class_names.size(), static_cast<std::size_t>(field.classes));
    check("names of features", field.feature_names.size(), width);
    check("means", field.mean.size(), width);
    check("deviations", field.deviation.size(), field.mean.size());
    if (field.mean.size() != field.deviation.size() ||
        !std::ranges::all_of(field.mean, [](double x) { return std::isfinite(x); }) ||
        !std::ranges::all_of(field.deviation, [](double x) { return std::isfinite(x) && x > 0; }))
      throw usage_error(
          fmt::format("the weights say a scaling of the field '{}' that cannot be: means are "
                      "finite, deviations finite and above 0",
                      field.name));
  }
}

Fit fit_fields(std::vector<Field> own, std::span<const Field> trained_on, std::string_view id) {
  Fit fit;
  fit.own = std::move(own);
  for (std::size_t i = 0; i < fit.own.size(); ++i) {
    const Field* trained = counterpart(i, fit.own, trained_on);
    if (trained == nullptr) {
      fit.fields.push_back(fit.own[i]);
      fit.rows.emplace_back();
      continue;
    }
    Fitter fitter(fit.own[i], *trained, id);
    fitter.fit();
    fit.fields.push_back(fitter.field());
    fit.rows.push_back(fitter.rows());
  }
  return fit;
}

RowTensors fit_rows(const Fit& fit, const RowTensors& rows, const RowsOf& place) {
  RowTensors out;
  for (std::size_t i = 0; i < fit.rows.size(); ++i) {
    const Tensor& tensor = rows.fields.at(i);
    const FieldFit& how = fit.rows[i];
    if (!how.changes()) {
      out.fields.push_back(tensor);
    } else if (how.classes.empty()) {
      const Shape& shape = fit.own[i].shape;
      out.fields.push_back(selected(tensor, shape[shape.rank() - 1], how.columns));
    } else {
      out.fields.push_back(renumbered(tensor, how, [&](std::size_t element, std::size_t label) {
        const std::size_t row = element * static_cast<std::size_t>(rows.rows()) /
                                static_cast<std::size_t>(tensor.numel());
        const Position where{place.files.size() == 1 ? place.files[0] : std::string(), 0, 0};
        throw run_error(
            LATHE_INVALID_ARGUMENT,
            fmt::format("data set '{}': row {} of split '{}' is of the class '{}', which the "
                        "network does not know; it was trained on {}",
                        place.id, place.index.empty() ? row : place.index[row], name(place.split),
                        fit.own[i].class_names[label], listed(fit.fields[i].class_names)),
            where);
      }));
    }
  }
  return out;
}

}  // namespace lathe
