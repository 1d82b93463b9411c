#include "tools/sampler_quality/function.hpp"

#include "core/base/file.hpp"
#include "core/options/option.hpp"
#include "core/options/text/json.hpp"
#include "tools/sampler_quality/terms.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace lathe::quality {
namespace {

Option key(std::string name, lathe_option_type type, lathe_option_flags flags = 0) {
  Option option;
  option.key = std::move(name);
  option.type = type;
  option.flags = flags;
  return option;
}

OptionTable function_table() {
  constexpr auto kNeeded = LATHE_OPTION_FLAG_REQUIRED;
  constexpr auto kNullable = LATHE_OPTION_FLAG_NULLABLE;
  return {
      "a function",
      {key("id", LATHE_OPTION_STRING, kNeeded), key("note", LATHE_OPTION_STRING),
       key("space", LATHE_OPTION_TABLE_LIST, kNeeded),
       key("direction", LATHE_OPTION_STRING_LIST, kNeeded), key("noise_sigma", LATHE_OPTION_FLOAT),
       key("objectives", LATHE_OPTION_TABLE_LIST, kNeeded),
       key("optimum", LATHE_OPTION_FLOAT, kNullable),
       key("optimum_kind", LATHE_OPTION_STRING, kNullable),
       key("hv_reference", LATHE_OPTION_FLOAT_LIST, kNullable),
       key("hv_optimum", LATHE_OPTION_FLOAT, kNullable), key("pareto_front", LATHE_OPTION_ANY)}};
}

OptionTable variable_table(const std::string& kind) {
  OptionTable table{fmt::format("a variable of kind '{}'", kind),
                    {key("name", LATHE_OPTION_STRING, LATHE_OPTION_FLAG_REQUIRED),
                     key("kind", LATHE_OPTION_STRING), key("when", LATHE_OPTION_TABLE)}};
  if (kind == "cat") {
    table.options.push_back(key("n_choices", LATHE_OPTION_INT, LATHE_OPTION_FLAG_REQUIRED));
    table.options.back().range = parse_range("1..100000");
    return table;
  }
  const lathe_option_type number = kind == "int" ? LATHE_OPTION_INT : LATHE_OPTION_FLOAT;
  for (const char* end : {"low", "high"})
    table.options.push_back(key(end, number, LATHE_OPTION_FLAG_REQUIRED));
  table.options.push_back(key("step", number));
  table.options.push_back(key("log", LATHE_OPTION_BOOL));
  return table;
}

void read_range(SearchParameter& variable, const Value& row) {
  const bool whole = variable.kind == LATHE_PARAMETER_INTEGER;
  variable.low = row.find("low")->as_float();
  variable.high = row.find("high")->as_float();
  if (const Value* log = row.find("log")) variable.logarithmic = log->as_bool();
  const Value* step = row.find("step");
  variable.step = step != nullptr ? step->as_float() : whole ? 1 : 0;
  const auto refuse = [&](std::string_view why) {
    throw usage_error(fmt::format("the range of '{}' {}", variable.name, why), row.position());
  };
  if (!(variable.low <= variable.high)) refuse("has its low end above its high end");
  if (variable.logarithmic && variable.low <= 0) refuse("is logarithmic and not above 0");
  if (variable.step < 0 || (step != nullptr && variable.step == 0)) refuse("needs a step above 0");
  if (variable.step > 0) variable.high = grid_end(variable.low, variable.high, variable.step);
}

SearchParameter read_variable(const Value& row, const SearchSpace& before) {
  const Value* kind = row.find("kind");
  if (kind == nullptr || !kind->is_string() ||
      (kind->as_string() != "cat" && kind->as_string() != "int" && kind->as_string() != "float"))
    throw usage_error("a variable needs a 'kind': cat, int or float",
                      kind == nullptr ? row.position() : kind->position());
  const Value checked = check_options(variable_table(kind->as_string()), row);
  SearchParameter variable;
  variable.name = checked.find("name")->as_string();
  if (std::ranges::count(before.parameters, variable.name, &SearchParameter::name) > 0)
    throw usage_error(fmt::format("two variables are called '{}'", variable.name), row.position());
  if (const Value* when = checked.find("when"))
    variable.condition = read_condition(*when, before.parameters);
  if (kind->as_string() == "cat") {
    const std::int64_t choices = checked.find("n_choices")->as_int();
    for (std::int64_t choice = 0; choice < choices; ++choice) variable.choices.emplace_back(choice);
    return variable;
  }
  variable.kind = kind->as_string() == "int" ? LATHE_PARAMETER_INTEGER : LATHE_PARAMETER_REAL;
  read_range(variable, checked);
  return variable;
}

Objective read_objective(const Value& row, const SearchSpace& space) {
  const Value checked =
      check_options({"an objective",
                     {key("offset", LATHE_OPTION_FLOAT),
                      key("terms", LATHE_OPTION_TABLE_LIST, LATHE_OPTION_FLAG_REQUIRED)}},
                    row);
  Objective objective;
  if (const Value* offset = checked.find("offset")) objective.offset = offset->as_float();
  for (const Value& term : checked.find("terms")->as_list())
    objective.terms.push_back(read_term(term, space.parameters));
  return objective;
}

// One for each objective, and nothing else than what a score can be made of.
void check_objectives(const Function& function, const Value& row) {
  const Value& directions = *row.find("direction");
  if (directions.as_list().size() != function.objectives.size())
    throw usage_error(fmt::format("{} directions for {} objectives", directions.as_list().size(),
                                  function.objectives.size()),
                      directions.position());
  for (const Value& direction : directions.as_list())
    if (direction.as_string() != "minimize")
      throw usage_error(fmt::format("'{}': functions are minimised", direction.as_string()),
                        direction.position());
  const std::size_t objectives = function.objectives.size();
  if (objectives != 1 && objectives != 2)
    throw usage_error(
        fmt::format("{} objectives; one, or two of which a hypervolume tells", objectives),
        row.find("objectives")->position());
  if (objectives == 2 && function.reference.size() != 2)
    throw usage_error("two objectives need an 'hv_reference' of two numbers", row.position());
}

std::optional<double> number(const Value& row, std::string_view key) {
  const Value* found = row.find(key);
  return found == nullptr || found->is_none() ? std::nullopt : std::optional(found->as_float());
}

}  // namespace

double Objective::at(std::span<const double> x) const {
  return std::accumulate(terms.begin(), terms.end(), offset,
                         [&](double sum, const Term& term) { return sum + term(x); });
}

std::vector<double> Function::values(std::span<const double> x) const {
  std::vector<double> values;
  for (const Objective& objective : objectives) values.push_back(objective.at(x));
  return values;
}

void Function::ask_choices_as_integers() {
  for (SearchParameter& variable : space.parameters) {
    if (!variable.categorical()) continue;
    variable.high = static_cast<double>(variable.choices.size() - 1);
    variable.step = 1;
    variable.kind = LATHE_PARAMETER_INTEGER;
    variable.choices.clear();
  }
}

Function read_function(const std::filesystem::path& file) {
  const Value row = check_options(function_table(), read_json(file));
  Function function;
  function.id = row.find("id")->as_string();
  for (const Value& variable : row.find("space")->as_list())
    function.space.parameters.push_back(read_variable(variable, function.space));
  if (function.space.parameters.empty())
    throw usage_error("a space without variables", row.find("space")->position());
  for (const Value& objective : row.find("objectives")->as_list())
    function.objectives.push_back(read_objective(objective, function.space));
  function.noise_sigma = number(row, "noise_sigma").value_or(0);
  if (const Value* reference = row.find("hv_reference");
      reference != nullptr && reference->is_list())
    for (const Value& number : reference->as_list())
      function.reference.push_back(number.as_float());
  check_objectives(function, row);
  function.best_known = number(row, function.objectives.size() == 1 ? "optimum" : "hv_optimum");
  return function;
}

std::vector<Function> read_functions(const std::filesystem::path& place) {
  if (!std::filesystem::is_directory(place)) return {read_function(place)};
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(place, error), end; entry != end && !error;
       entry.increment(error))
    if (entry->path().extension() == ".json" && entry->path().filename() != "testvectors.json")
      files.push_back(entry->path());
  if (error) throw usage_error(read_failure(place, error.value()).message());
  if (files.empty())
    throw usage_error(fmt::format("'{}' has no functions: no file *.json", place.string()));
  std::ranges::sort(files);
  std::vector<Function> functions;
  for (const std::filesystem::path& file : files) functions.push_back(read_function(file));
  return functions;
}

}  // namespace lathe::quality
