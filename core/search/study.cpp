// What a study is called and what has to agree when it is resumed.
#include "core/search/loop.hpp"
#include "core/search/pruner.hpp"

namespace lathe {

StudyDescription study_description(const SearchOptions& options, const SearchSpace& space) {
  StudyDescription description;
  description.name = options.study_name;
  description.directions = options.directions();
  for (const SearchParameter& parameter : space.parameters) {
    StoredParameter row;
    row.name = parameter.name;
    row.choices = parameter.choices;
    description.parameters.push_back(std::move(row));
  }
  Value metrics{Value::Map{}};
  for (const Metric& metric : options.metrics) metrics.set(metric.name, metric.scale);
  Value& attributes = description.user_attributes;
  attributes = options.study_attributes;
  attributes.set("seed", static_cast<std::int64_t>(options.seed));
  attributes.set("lookahead", options.lookahead);
  attributes.set("sampler", options.sampler);
  attributes.set("sampler_options", options.sampler_options);
  attributes.set("pruner", options.pruner);
  attributes.set("pruner_options", check_pruner({options.pruner, options.pruner_options, {}}));
  attributes.set("metrics", std::move(metrics));
  return description;
}

std::vector<lathe_direction> SearchOptions::directions() const {
  if (sum_scaled_metrics) return {direction};
  std::vector<lathe_direction> result;
  for (const Metric& metric : metrics) result.push_back(metric.direction);
  return result;
}

}  // namespace lathe
