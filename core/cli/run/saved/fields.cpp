#include "core/cli/run/saved/fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace lathe {

namespace {

struct RoleName {
  lathe_field_role role;
  std::string_view name;
};
constexpr RoleName kRoles[] = {
    {LATHE_FIELD_INPUT, "input"}, {LATHE_FIELD_TARGET, "target"}, {LATHE_FIELD_WEIGHT, "weight"}};

constexpr const char* kBytes = "bytes";

bool is_utf8(const std::string& text) {
  try {
    static_cast<void>(Json(text).dump());
    return true;
  } catch (const Json::type_error&) {
    return false;
  }
}

const Value& member(const Value& map, std::string_view key) {
  if (const Value* found = map.find(key)) return *found;
  throw usage_error(fmt::format("a field of the data lacks '{}'", key));
}

template <typename T, typename Item>
std::vector<T> list_of(const Value& field, std::string_view key, const Item& item) {
  std::vector<T> out;
  if (const Value* list = field.find(key))
    for (const Value& value : list->as_list()) out.push_back(item(value));
  return out;
}

// JSON has no number for what is not finite.
double number_of(const Value& value) {
  return value.is_none() ? std::numeric_limits<double>::quiet_NaN() : value.as_float();
}

DType dtype_of(const std::string& word) {
  if (const auto dtype = dtype_from_name(word)) return *dtype;
  throw usage_error(fmt::format("a field of the data has the unknown element type '{}'", word));
}

lathe_field_role role_of(const std::string& word) {
  for (const RoleName& known : kRoles)
    if (known.name == word) return known.role;
  throw usage_error(fmt::format("a field of the data has the unknown role '{}'", word));
}

std::string_view name_of(lathe_field_role role) {
  return std::ranges::find(kRoles, role, &RoleName::role)->name;
}

Json texts(const std::vector<std::string>& names) {
  Json out = Json::array();
  for (const std::string& name : names) out.push_back(json_of_text(name));
  return out;
}

Field field_of(const Value& json) {
  Field field;
  field.name = text_of_json(member(json, "name"));
  field.role = role_of(member(json, "role").as_string());
  field.dtype = dtype_of(member(json, "dtype").as_string());
  if (json.find("shape") != nullptr) {
    field.shape = Shape(
        list_of<std::int64_t>(json, "shape", [](const Value& extent) { return extent.as_int(); }));
    field.known_shape = true;
  }
  if (const Value* classes = json.find("classes")) field.classes = classes->as_int();
  field.class_names = list_of<std::string>(json, "class_names", text_of_json);
  field.feature_names = list_of<std::string>(json, "feature_names", text_of_json);
  field.mean = list_of<double>(json, "mean", number_of);
  field.deviation = list_of<double>(json, "deviation", number_of);
  const auto count = static_cast<std::size_t>(std::max<std::int64_t>(0, field.classes));
  if (!field.class_names.empty() && field.class_names.size() != count)
    throw usage_error(fmt::format("the field '{}' has {} classes and {} names for them", field.name,
                                  field.classes, field.class_names.size()));
  if (field.mean.size() != field.deviation.size())
    throw usage_error(fmt::format("the field '{}' has {} means and {} deviations", field.name,
                                  field.mean.size(), field.deviation.size()));
  return field;
}

}  // namespace

Json json_of_text(const std::string& text) {
  if (is_utf8(text)) return text;
  std::string hex;
  for (const char byte : text) hex += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return {{kBytes, hex}};
}

std::string text_of_json(const Value& json) {
  const Value* bytes = json.find(kBytes);
  if (bytes == nullptr) return json.as_string();
  const std::string& hex = bytes->as_string();
  if (hex.size() % 2 != 0 || hex.find_first_not_of("0123456789abcdef") != std::string::npos)
    throw usage_error(fmt::format("'{}' are no bytes in hexadecimal digits", hex));
  std::string text;
  for (std::size_t i = 0; i < hex.size(); i += 2)
    text += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return text;
}

Json json_of(const std::vector<Field>& fields) {
  Json out = Json::array();
  for (const Field& field : fields) {
    Json row{{"name", json_of_text(field.name)},
             {"role", name_of(field.role)},
             {"dtype", name(field.dtype)}};
    if (field.known_shape) row["shape"] = field.shape.dims();
    if (field.classes > 0) row["classes"] = field.classes;
    if (!field.class_names.empty()) row["class_names"] = texts(field.class_names);
    if (!field.feature_names.empty()) row["feature_names"] = texts(field.feature_names);
    if (!field.mean.empty()) row["mean"] = field.mean;
    if (!field.deviation.empty()) row["deviation"] = field.deviation;
    out.push_back(std::move(row));
  }
  return out;
}

std::vector<Field> fields_of(const Value& json) {
  std::vector<Field> out;
  for (const Value& field : json.as_list()) out.push_back(field_of(field));
  return out;
}

}  // namespace lathe
