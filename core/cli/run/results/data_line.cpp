// Shapes are those of one row.
#include "core/cli/run/results/data_line.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace lathe {

namespace {

Json field_json(const Field& field) {
  Json json{{"name", field.name}, {"dtype", name(field.dtype)}, {"shape", field.shape.dims()}};
  if (!field.feature_names.empty()) json["feature_names"] = field.feature_names;
  return json;
}

// " (a, b, c and 13 more)"; nothing if there are none.
std::string names_text(const Json& field, const char* key, std::size_t most) {
  if (!field.contains(key)) return "";
  auto names = field.at(key).get<std::vector<std::string>>();
  const std::size_t more = names.size() - std::min(names.size(), most);
  names.resize(names.size() - more);
  return fmt::format(" ({}{})", fmt::join(names, ", "),
                     more == 0 ? "" : fmt::format(" and {} more", more));
}

std::string field_text(const Json& field) {
  const auto shape = field.at("shape").get<std::vector<std::int64_t>>();
  constexpr std::size_t kMostNamed = 4;
  return fmt::format("{} {} [{}]{}", field.at("name").get<std::string>(),
                     field.at("dtype").get<std::string>(), fmt::join(shape, ", "),
                     names_text(field, "feature_names", kMostNamed));
}

// "5 classes (g, q, w, z, t)"
std::string classes_text(const Json& target) {
  constexpr std::size_t kMostNamed = 10;
  const auto classes = target.at("classes").get<std::int64_t>();
  return fmt::format("{} {}{}", classes, classes == 1 ? "class" : "classes",
                     names_text(target, "class_names", kMostNamed));
}

}  // namespace

Json data_part(const Dataset& data, std::span<const Split> splits) {
  const DatasetInfo info = data.info();
  Json part;
  for (const Split split : splits) part["rows"][std::string(name(split))] = data.count(split);
  part["inputs"] = Json::array();
  for (const Field& field : info.fields)
    if (field.role == LATHE_FIELD_INPUT) part["inputs"].push_back(field_json(field));
  if (const Field* target = info.target()) {
    part["target"] = field_json(*target);
    if (target->classes > 0) part["target"]["classes"] = target->classes;
    if (!target->class_names.empty()) part["target"]["class_names"] = target->class_names;
  }
  if (const Field* weight = info.first(LATHE_FIELD_WEIGHT)) part["weight"] = weight->name;
  return part;
}

std::string data_line(const Json& part) {
  std::vector<std::string> rows, features;
  for (const auto& [split, count] : part.at("rows").items())
    rows.push_back(fmt::format("{} {}", count.get<std::uint64_t>(), split));
  for (const Json& field : part.at("inputs")) features.push_back(field_text(field));
  std::string text =
      fmt::format("rows: {}; features: {}", fmt::join(rows, ", "), fmt::join(features, ", "));
  if (part.contains("target")) {
    const Json& target = part.at("target");
    text += target.contains("classes")
                ? fmt::format("; target: {}, {}", target.at("name").get<std::string>(),
                              classes_text(target))
                : fmt::format("; target: {}, numbers", field_text(target));
  }
  if (part.contains("weight"))
    text += fmt::format("; weight: {}", part.at("weight").get<std::string>());
  return text;
}

}  // namespace lathe
