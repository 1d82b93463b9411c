// What a point of a space means: to the passes, to a training, in a log.
#include "core/search/space/space.hpp"

#include "core/mase/words.hpp"
#include "core/search/space/space_plan.hpp"

#include <fmt/format.h>

#include <limits>

namespace lathe {
namespace {

constexpr std::uint64_t kLargestSize = std::numeric_limits<std::int64_t>::max();

std::size_t choice_of(const SearchSpace& space, std::span<const double> point,
                      std::size_t parameter) {
  const double given = parameter < point.size() ? point[parameter] : -1;
  const std::size_t count = space.parameters[parameter].choices.size();
  if (!(given >= 0) || given >= static_cast<double>(count)) {
    throw run_error(LATHE_INVALID_ARGUMENT,
                    fmt::format("a point has the choice {} for '{}', which has {}", given,
                                space.parameters[parameter].name, count));
  }
  return static_cast<std::size_t>(given);
}

}  // namespace

std::uint64_t SearchSpace::size() const {
  std::uint64_t size = 1;
  for (const SearchParameter& parameter : parameters) {
    const std::uint64_t count = parameter.choices.size();
    if (size > kLargestSize / count) return kLargestSize;
    size *= count;
  }
  return size;
}

Value SearchSpace::describe() const {
  Value::Map choices;
  for (const SearchParameter& parameter : parameters) {
    choices.emplace_back(parameter.name, Value(parameter.choices));
  }
  return Value(Value::Map{{"size", static_cast<std::int64_t>(size())},
                          {"parameters", Value(std::move(choices))}});
}

void SearchSpace::check_runnable() const {
  for (const PlannedNode& node : plan->nodes) {
    for (const PlannedName& name : node.names) {
      if (!name.refusal.empty()) throw usage_error(name.refusal, name.position);
    }
  }
}

std::vector<TransformOptions> SearchSpace::node_options(std::span<const double> point) const {
  std::vector<TransformOptions> all;
  for (const Component* transform : plan->transforms) all.push_back({transform, {}});
  for (const PlannedNode& node : plan->nodes) {
    const std::size_t choice =
        node.parameter == kNoParameter ? 0 : choice_of(*this, point, node.parameter);
    const PlannedName& name = node.names[choice];
    if (!name.refusal.empty()) throw usage_error(name.refusal, name.position);
    if (name.transform == kNoParameter) continue;
    if (name.bypass != kNoParameter && name.bypassed[choice_of(*this, point, name.bypass)]) {
      continue;
    }
    Value options = name.options;
    for (const PlannedOption& varying : name.varying) {
      options.as_map()[varying.entry].second =
          varying.values[choice_of(*this, point, varying.parameter)];
    }
    all[name.transform].nodes.push_back({node.node, std::move(options)});
  }
  std::erase_if(all, [](const TransformOptions& options) { return options.nodes.empty(); });
  return all;
}

Value SearchSpace::run_options(std::span<const double> point) const {
  Value options{Value::Map{}};
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const SearchParameter& parameter = parameters[i];
    if (parameter.node != NodeId::none) continue;
    options.set(parameter.key, parameter.choices[choice_of(*this, point, i)]);
  }
  return options;
}

Value sampled_config(const SearchSpace& space, std::span<const double> point) {
  Value config{Value::Map{}};
  for (std::size_t i = 0; i < space.parameters.size(); ++i) {
    const SearchParameter& parameter = space.parameters[i];
    Value* table = &config;
    std::string_view path = parameter.name;
    for (std::size_t slash = path.find('/'); slash != path.npos; slash = path.find('/')) {
      const std::string_view key = path.substr(0, slash);
      Value* next = table->find_to_write(key);
      table = next != nullptr ? next : &table->set(key, Value(Value::Map{}));
      path.remove_prefix(slash + 1);
    }
    table->set(path, parameter.choices[choice_of(space, point, i)]);
  }
  if (!space.by.empty()) {
    config.set("default", logged_default_config());
    config.set("by", space.by);
  }
  return config;
}

}  // namespace lathe
