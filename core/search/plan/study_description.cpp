#include "core/search/plan/study_description.hpp"

#include <fmt/format.h>

namespace lathe {

namespace {

// The domain of the integers that stand for choices.
Domain indexes_of(const Domain& choices) {
  Domain indexes;
  indexes.kind = LATHE_PARAMETER_INTEGER;
  indexes.high = static_cast<double>(choices.count() - 1);
  indexes.step = 1;
  return indexes;
}

}  // namespace

StoredParameter stored_parameter(const SearchParameter& parameter, bool as_int) {
  StoredParameter row;
  row.name = parameter.name;
  static_cast<Domain&>(row) = parameter;
  if (as_int && parameter.categorical()) static_cast<Domain&>(row) = indexes_of(parameter);
  row.condition = parameter.condition;
  row.written = described(parameter);
  return row;
}

StudyDescription study_description(const SearchOptions& options, const SearchSpace& space,
                                   const std::string& name) {
  StudyDescription description;
  description.name = name;
  description.directions = options.directions();
  for (const SearchParameter& parameter : space.parameters)
    description.parameters.push_back(stored_parameter(parameter, space.as_int));
  Value metrics{Value::Map{}};
  for (const Metric& metric : options.metrics) metrics.set(metric.name, metric.scale);
  Value constraints{Value::Map{}};
  for (const SearchConstraint& constraint : options.constraints) {
    const Value* before = constraints.find(constraint.name);
    constraints.set(constraint.name, before == nullptr ? constraint.text()
                                                       : fmt::format("{}, {}", before->as_string(),
                                                                     constraint.text()));
  }
  Value& attributes = description.user_attributes;
  attributes = options.study_attributes;
  attributes.set("as_int", space.as_int);
  attributes.set("seed", static_cast<std::int64_t>(options.seed));
  attributes.set("lookahead", options.lookahead);
  attributes.set("repeat", options.repeat);
  attributes.set("sampler", options.sampler.name());
  attributes.set("sampler_options", options.sampler.options());
  attributes.set("pruner", options.pruner.name());
  attributes.set("pruner_options", options.pruner.options());
  attributes.set("metrics", std::move(metrics));
  attributes.set("constraints", std::move(constraints));
  return description;
}

}  // namespace lathe
