// What a point of a space means: to the passes, to a training, in a log.
#include "core/search/space/space.hpp"

#include "core/mase/words.hpp"
#include "core/search/space/size_text.hpp"
#include "core/search/space/space_plan.hpp"

#include <algorithm>
#include <cmath>

namespace lathe {
namespace {

double number_of(std::span<const double> point, std::size_t parameter) {
  return parameter < point.size() ? point[parameter] : -1;
}

bool exists(const SearchSpace& space, std::span<const double> point, std::size_t parameter) {
  return space.parameters[parameter].condition.met(point);
}

Value value_of(const SearchSpace& space, std::span<const double> point, std::size_t parameter) {
  const SearchParameter& given = space.parameters[parameter];
  Value value = given.value(number_of(point, parameter), given.name);
  return given.as_real && value.is_int() ? Value(value.as_float()) : value;
}

std::size_t choice_of(const SearchSpace& space, std::span<const double> point,
                      std::size_t parameter) {
  const SearchParameter& given = space.parameters[parameter];
  const double number = number_of(point, parameter);
  given.value(number, given.name);  // refuses what is none
  return static_cast<std::size_t>(number);
}

// What a parameter says for an option of a node.
Value planned_value(const SearchSpace& space, std::span<const double> point,
                    const PlannedOption& option) {
  if (!exists(space, point, option.parameter)) return option.otherwise;
  if (!option.values.empty()) return option.values[choice_of(space, point, option.parameter)];
  const Value value = value_of(space, point, option.parameter);
  return option.as_real ? Value(value.as_float()) : value;
}

bool is_bypassed(const SearchSpace& space, std::span<const double> point, const PlannedName& name) {
  return name.bypass != kNoParameter && exists(space, point, name.bypass) &&
         name.bypassed[choice_of(space, point, name.bypass)];
}

// What a node and its operands say for one transform is one row.
void add_options(std::vector<NodeOptions>& rows, NodeId node, Value options) {
  if (rows.empty() || rows.back().node != node) {
    rows.push_back({node, std::move(options)});
    return;
  }
  Value& row = rows.back().options;
  for (const auto& [key, value] : options.as_map()) {
    if (row.find(key) == nullptr) row.set(key, value);
  }
}

// The table at a path whose parts end in '/', made if it is not there.
Value& table_at(Value& config, std::string_view path) {
  Value* table = &config;
  for (std::size_t slash = path.find('/'); slash != path.npos; slash = path.find('/')) {
    const std::string_view key = path.substr(0, slash);
    Value* next = table->find_to_write(key);
    table = next != nullptr ? next : &table->set(key, Value(Value::Map{}));
    path.remove_prefix(slash + 1);
  }
  return *table;
}

// What the node's name says at a point.
const PlannedName& name_at(const SearchSpace& space, std::span<const double> point,
                           const PlannedNode& node) {
  if (node.parameter == kNoParameter) return node.names.front();
  if (!exists(space, point, node.parameter)) return node.otherwise;
  return node.names[choice_of(space, point, node.parameter)];
}

}  // namespace

bool SearchSpace::infinite() const {
  return std::ranges::any_of(parameters,
                             [](const SearchParameter& parameter) { return parameter.infinite(); });
}

std::uint64_t SearchSpace::size() const {
  std::uint64_t size = 1;
  for (const SearchParameter& parameter : parameters) {
    if (parameter.infinite()) return kMostPoints;
    const std::uint64_t count = parameter.count();
    if (size > kMostPoints / count) return kMostPoints;
    size *= count;
  }
  return size;
}

std::optional<PointCounts> SearchSpace::point_counts() const {
  std::vector<Choosable> choosable;
  for (const SearchParameter& parameter : parameters) {
    choosable.push_back({&parameter, &parameter.condition});
  }
  return count_points(choosable);
}

std::optional<std::uint64_t> SearchSpace::networks() const {
  const std::optional<PointCounts> counts = point_counts();
  return counts ? std::optional(counts->total) : std::nullopt;
}

namespace {

using Factors = std::vector<std::uint64_t>;

// Of the number of points, every parameter with every other. REQUIRES: no infinite range.
Factors size_factors(const SearchSpace& space) {
  Factors factors;
  for (const SearchParameter& parameter : space.parameters) factors.push_back(parameter.count());
  return factors;
}

// Of the number of different points: of each parameter that always exists, with what hangs on it.
Factors network_factors(const SearchSpace& space, const PointCounts& counts) {
  Factors factors;
  for (std::size_t p = 0; p < space.parameters.size(); ++p)
    if (space.parameters[p].condition.parent == Condition::kAlways) factors.push_back(counts.of[p]);
  return factors;
}

Value count_value(const Factors& factors, std::uint64_t saturated) {
  if (saturated < kMostPoints) return static_cast<std::int64_t>(saturated);
  return size_number(factors);
}

}  // namespace

std::string SearchSpace::size_text() const {
  return infinite() ? std::string() : lathe::size_text(size_factors(*this));
}

std::string SearchSpace::networks_text() const {
  const std::optional<PointCounts> counts = point_counts();
  return counts ? lathe::size_text(network_factors(*this, *counts)) : std::string();
}

Value described(const SearchParameter& parameter) {
  Value domain = parameter.described();
  if (parameter.when() == nullptr) return domain;
  if (domain.is_list()) domain = Value(Value::Map{{"choices", domain}});
  domain.set("when", *parameter.when());
  return domain;
}

Value SearchSpace::describe() const {
  Value::Map all;
  for (const SearchParameter& parameter : parameters) {
    all.emplace_back(parameter.name, described(parameter));
  }
  const std::optional<PointCounts> different = point_counts();
  return Value(Value::Map{
      {"size", infinite() ? Value() : count_value(size_factors(*this), size())},
      {"networks",
       different ? count_value(network_factors(*this, *different), different->total) : Value()},
      {"parameters", Value(std::move(all))}});
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
    const PlannedName& name = name_at(*this, point, node);
    if (!name.refusal.empty()) throw usage_error(name.refusal, name.position);
    if (name.transform == kNoParameter || is_bypassed(*this, point, name)) continue;
    Value options = name.options;
    for (const PlannedOption& varying : name.varying) {
      Value& entry = options.as_map()[varying.entry].second;
      Value& option = varying.inner == kNoParameter ? entry : entry.as_map()[varying.inner].second;
      option = planned_value(*this, point, varying);
    }
    add_options(all[name.transform].nodes, node.node, std::move(options));
  }
  std::erase_if(all, [](const TransformOptions& options) { return options.nodes.empty(); });
  return all;
}

Value SearchSpace::run_options(std::span<const double> point) const {
  Value options{Value::Map{}};
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (parameters[i].part != SpacePart::training || !exists(*this, point, i)) continue;
    options.set(parameters[i].key, value_of(*this, point, i));
  }
  return options;
}

Value SearchSpace::model_options(std::span<const double> point) const {
  Value options{Value::Map{}};
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (parameters[i].part != SpacePart::model || !exists(*this, point, i)) continue;
    const Value value = value_of(*this, point, i);
    const bool single = parameters[i].as_list && !value.is_list() && !value.is_none();
    options.set(parameters[i].key, single ? Value(Value::List{value}) : value);
  }
  return options;
}

bool SearchSpace::has_part(SpacePart part) const {
  return std::ranges::any_of(
      parameters, [part](const SearchParameter& parameter) { return parameter.part == part; });
}

Value sampled_config(const SearchSpace& space, std::span<const double> point) {
  Value config{Value::Map{}};
  // Parameters of one table follow each other: it is looked up once.
  std::string_view place;
  Value* table = &config;
  for (std::size_t i = 0; i < space.parameters.size(); ++i) {
    const SearchParameter& parameter = space.parameters[i];
    if (std::isnan(number_of(point, i)) && !exists(space, point, i)) continue;
    const std::string_view name = parameter.name;
    const std::string_view in = name.substr(0, name.rfind('/') + 1);
    if (in != place) table = &table_at(config, in);
    place = in;
    table->as_map().emplace_back(name.substr(in.size()), value_of(space, point, i));
  }
  if (!space.by.empty()) {
    config.set("default", logged_default_config());
    config.set("by", space.by);
  }
  return config;
}

}  // namespace lathe
