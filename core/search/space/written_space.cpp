#include "core/search/space/written_space.hpp"

#include "core/base/words/suggest.hpp"
#include "core/search/space/read_domain.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lathe {
namespace {

// Optuna's name of a distribution, and whether its numbers are integers.
struct Distribution {
  std::string_view name;
  bool categorical = false, whole = false;
};
constexpr Distribution kDistributions[] = {
    {"CategoricalDistribution", true},
    {"IntDistribution", false, true},
    {"FloatDistribution"},
};

const Distribution& distribution_called(const Value& name) {
  std::vector<std::string> known;
  for (const Distribution& row : kDistributions) {
    if (name.as_string() == row.name) return row;
    known.emplace_back(row.name);
  }
  throw usage_error(fmt::format("there is no distribution '{}'{}", name.as_string(),
                                suggestion(name.as_string(), known)),
                    name.position());
}

// As a config file would write it.
Value without_distribution(const Value& written) {
  const Value* name = written.find("name");
  const Value* attributes = written.find("attributes");
  if (name == nullptr || attributes == nullptr || !name->is_string()) return written;
  const Distribution& distribution = distribution_called(*name);
  Value plain{Value::Map{}};
  plain.at(written.position());
  const Value* log = attributes->find("log");
  const bool logarithmic = log != nullptr && log->is_bool() && log->as_bool();
  for (const auto& [key, value] : attributes->as_map()) {
    // A logarithmic integer has the step 1, a continuous number none.
    if (key == "step" && (logarithmic || value.is_none())) continue;
    const bool number = key == "low" || key == "high" || key == "step";
    plain.set(key, number && value.is_int() && !distribution.whole
                       ? Value(value.as_float()).at(value.position())
                       : value);
  }
  if (const Value* when = written.find("when")) plain.set("when", *when);
  return plain;
}

}  // namespace

SearchParameter read_parameter(const std::string& name, const Value& written) {
  SearchParameter parameter;
  parameter.name = name;
  parameter.given = without_distribution(written);
  parameter.position = written.position();
  // The word of a key is its last one: of "seq_blocks_1/config/name" it is name.
  static_cast<Domain&>(parameter) = read_domain(name, parameter.given);
  return parameter;
}

Condition read_when(const std::string& name, const Value& written,
                    std::span<const SearchParameter> before) {
  const Value* when = written.is_map() ? written.find("when") : nullptr;
  if (when == nullptr) return {};
  if (!when->is_map() || when->as_map().size() != 1)
    throw usage_error(fmt::format("'when' of '{}' takes one parameter and its values, eg: "
                                  "{{\"mode\": [2, 3]}}",
                                  name),
                      when->position());
  const auto& [key, values] = when->as_map().front();
  // Of a search's study: the key of the same node.
  const std::string sibling = name.substr(0, name.rfind('/') + 1) + key;
  const auto parent = std::ranges::find_if(before, [&](const SearchParameter& parameter) {
    return parameter.name == key || parameter.name == sibling;
  });
  if (parent == before.end())
    throw usage_error(
        fmt::format("'when' of '{}' names '{}', which is no parameter before it", name, key),
        when->position());
  Condition condition;
  condition.parent = static_cast<std::size_t>(parent - before.begin());
  const Value::List wanted = values.is_list() ? values.as_list() : Value::List{values};
  for (const Value& value : wanted) {
    const std::optional<double> number = parent->number_of(value);
    if (!number)
      throw usage_error(fmt::format("'when' of '{}' waits for '{}' to be {}, which takes {}", name,
                                    parent->name, value.text(), parent->text()),
                        value.position().known() ? value.position() : when->position());
    condition.numbers.push_back(*number);
  }
  std::ranges::sort(condition.numbers);
  return condition;
}

SearchSpace read_written_space(const Value& written) {
  if (!written.is_map())
    throw usage_error(fmt::format("a search space is a table of parameters; got {} {}",
                                  written.kind_name(), written.text()),
                      written.position());
  SearchSpace space;
  for (const auto& [name, parameter] : written.as_map()) {
    SearchParameter read = read_parameter(name, parameter);
    read.condition = read_when(name, read.given, space.parameters);
    space.parameters.push_back(std::move(read));
  }
  if (space.parameters.empty())
    throw usage_error("the search space has no parameter", written.position());
  return space;
}

}  // namespace lathe
