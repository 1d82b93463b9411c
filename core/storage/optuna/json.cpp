// Values and distributions to and from JSON.
#include "core/storage/optuna/json.hpp"

namespace lathe {
namespace {

Json distribution(const StoredParameter& parameter) {
  if (parameter.kind == LATHE_PARAMETER_CATEGORICAL)
    return {{"name", "CategoricalDistribution"},
            {"attributes", {{"choices", json_of(Value(parameter.choices))}}}};
  const bool integer = parameter.kind == LATHE_PARAMETER_INTEGER;
  const auto number = [&](double x) {
    return integer ? Json(static_cast<std::int64_t>(x)) : Json(x);
  };
  // Keys in the order in which Optuna writes them.
  Json attributes = Json::object();
  if (integer) attributes["log"] = parameter.logarithmic;
  attributes["step"] = parameter.step == 0 ? Json() : number(parameter.step);
  attributes["low"] = number(parameter.low);
  attributes["high"] = number(parameter.high);
  if (!integer) attributes["log"] = parameter.logarithmic;
  return {{"name", integer ? "IntDistribution" : "FloatDistribution"},
          {"attributes", std::move(attributes)}};
}

}  // namespace

Value value_of_json(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  return json.is_discarded() ? Value(text) : value_of(json);
}

std::string distribution_json(const StoredParameter& parameter) {
  return distribution(parameter).dump(-1, ' ', true, Json::error_handler_t::replace);
}

bool same_distribution(const StoredParameter& parameter, std::string_view text) {
  // Key order is free, so compare as unordered objects; 1 and 1.0 are equal there as in Python.
  using Plain = nlohmann::json;
  const Plain theirs = Plain::parse(text, nullptr, false);
  return theirs == Plain::parse(distribution_json(parameter));
}

}  // namespace lathe
