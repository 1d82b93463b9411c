#include "core/storage/optuna/text/distribution.hpp"

#include "core/base/json.hpp"
#include "core/storage/optuna/text/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace lathe {
namespace {

// Optuna's name, and what the name alone says.
struct Kind {
  std::string_view name;
  lathe_parameter_kind kind;
  bool logarithmic = false;
  std::string_view step = "step";  // the attribute with the step
};
constexpr Kind kKinds[] = {
    {"CategoricalDistribution", LATHE_PARAMETER_CATEGORICAL},
    {"IntDistribution", LATHE_PARAMETER_INTEGER},
    {"FloatDistribution", LATHE_PARAMETER_REAL},
    // Until Optuna 2.
    {"UniformDistribution", LATHE_PARAMETER_REAL},
    {"LogUniformDistribution", LATHE_PARAMETER_REAL, true},
    {"DiscreteUniformDistribution", LATHE_PARAMETER_REAL, false, "q"},
    {"IntUniformDistribution", LATHE_PARAMETER_INTEGER},
    {"IntLogUniformDistribution", LATHE_PARAMETER_INTEGER, true},
    // Where attributes and "type" are one object.
    {"categorical", LATHE_PARAMETER_CATEGORICAL},
    {"int", LATHE_PARAMETER_INTEGER},
    {"float", LATHE_PARAMETER_REAL},
};

const Kind* kind_of(const Value* name) {
  if (name == nullptr || !name->is_string()) return nullptr;
  const auto found = std::ranges::find(kKinds, std::string_view(name->as_string()), &Kind::name);
  return found == std::end(kKinds) ? nullptr : found;
}

double number_in(const Value& attributes, std::string_view name, double missing) {
  const Value* number = attributes.find(name);
  if (number == nullptr || number->is_none()) return missing;
  return number->is_number() ? number->as_float() : std::nan("");
}

std::optional<Domain> range_of(const Kind& kind, const Value& attributes) {
  const bool integer = kind.kind == LATHE_PARAMETER_INTEGER;
  Domain domain;
  domain.kind = kind.kind;
  domain.low = number_in(attributes, "low", std::nan(""));
  domain.high = number_in(attributes, "high", std::nan(""));
  domain.step = number_in(attributes, kind.step, integer ? 1 : 0);
  const Value* logarithmic = attributes.find("log");
  domain.logarithmic = kind.logarithmic || (logarithmic != nullptr && *logarithmic == Value(true));
  if (!std::isfinite(domain.low) || !std::isfinite(domain.high) || !std::isfinite(domain.step))
    return std::nullopt;
  if (domain.low > domain.high || domain.step < (integer ? 1 : 0)) return std::nullopt;
  return domain;
}

}  // namespace

std::string distribution_json(const Domain& domain) {
  const bool integer = domain.kind == LATHE_PARAMETER_INTEGER;
  const auto number = [&](double x) {
    return integer ? Json(static_cast<std::int64_t>(x)) : Json(x);
  };
  // Keys in the order in which Optuna writes them.
  Json attributes = Json::object();
  if (domain.categorical()) {
    attributes["choices"] = json_of(Value(domain.choices));
  } else {
    if (integer) attributes["log"] = domain.logarithmic;
    attributes["step"] = domain.step == 0 ? Json() : number(domain.step);
    attributes["low"] = number(domain.low);
    attributes["high"] = number(domain.high);
    if (!integer) attributes["log"] = domain.logarithmic;
  }
  const char* name = domain.categorical() ? "CategoricalDistribution"
                     : integer            ? "IntDistribution"
                                          : "FloatDistribution";
  return Json{{"name", name}, {"attributes", std::move(attributes)}}.dump(
      -1, ' ', true, Json::error_handler_t::replace);
}

std::optional<Domain> domain_of_json(std::string_view text) {
  const std::optional<Value> json = value_of_json(text);
  if (!json || !json->is_map()) return std::nullopt;
  const Value* nested = json->find("attributes");
  const Value& attributes = nested == nullptr ? *json : *nested;
  const Kind* kind = kind_of(json->find(nested == nullptr ? "type" : "name"));
  if (kind == nullptr) return std::nullopt;
  if (kind->kind != LATHE_PARAMETER_CATEGORICAL) return range_of(*kind, attributes);
  const Value* choices = attributes.find("choices");
  if (choices == nullptr || !choices->is_list() || choices->as_list().empty()) return std::nullopt;
  Domain domain;
  domain.choices = choices->as_list();
  return domain;
}

bool same_domain(const Domain& a, const Domain& b) {
  return a.kind == b.kind && a.low == b.low && a.high == b.high && a.step == b.step &&
         a.logarithmic == b.logarithmic && std::ranges::equal(a.choices, b.choices, same_choice);
}

std::optional<Domain> united(const Domain& a, const Domain& b) {
  if (same_domain(a, b)) return a;
  if (a.categorical() || a.kind != b.kind || a.logarithmic != b.logarithmic) return std::nullopt;
  Domain both = a;
  both.low = std::min(a.low, b.low);
  both.high = std::max(a.high, b.high);
  const double finest = a.kind == LATHE_PARAMETER_INTEGER ? 1 : 0;
  if (a.step != b.step || a.low != b.low) both.step = finest;
  return both;
}

std::string domain_text(const Domain& domain) {
  if (domain.categorical()) return fmt::format("one of {}", domain.text());
  return fmt::format("{} {}", domain.kind == LATHE_PARAMETER_INTEGER ? "integers" : "numbers",
                     domain.text());
}

}  // namespace lathe
