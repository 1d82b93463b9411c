// A term is read into a closure over numbers: what can be wrong with it is refused before.
#include "tools/sampler_quality/terms.hpp"

#include "core/base/words/suggest.hpp"
#include "core/options/option.hpp"
#include "tools/sampler_quality/formulas.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace lathe::quality {
namespace {

using Variables = std::span<const SearchParameter>;
using Numbers = std::vector<double>;

Option key(std::string name, lathe_option_type type, bool needed) {
  Option option;
  option.key = std::move(name);
  option.type = type;
  if (needed) option.flags = LATHE_OPTION_FLAG_REQUIRED;
  return option;
}

Numbers numbers(const Value& list) {
  Numbers result;
  for (const Value& number : list.as_list()) {
    result.push_back(number.as_float());
    if (!std::isfinite(result.back()))
      throw usage_error("a number that is not finite", number.position());
  }
  return result;
}

// A term as written, its keys checked.
struct Written {
  Value row;
  std::vector<std::size_t> vars;
  Variables variables;

  const Value& operator[](std::string_view key) const { return *row.find(key); }
  double number(std::string_view key, double standard) const {
    const Value* found = row.find(key);
    return found == nullptr ? standard : found->as_float();
  }
  Error wrong(std::string_view key, const std::string& why) const {
    return usage_error(
        fmt::format("'{}' of a term '{}' {}", key, row.find("type")->as_string(), why),
        row.find(key)->position());
  }
  void need_variables(std::size_t count) const {
    if (vars.size() != count)
      throw wrong("vars", fmt::format("names {} variables; {} are needed", vars.size(), count));
  }
};

// Entries for every value of a variable, the first for the number `base`.
void check_entries(const Written& term, std::size_t var, std::size_t entries, double base) {
  const SearchParameter& variable = term.variables[var];
  const double first = variable.categorical() ? 0 : variable.low;
  const double last =
      variable.categorical() ? static_cast<double>(variable.choices.size() - 1) : variable.high;
  const bool whole = variable.categorical() || variable.kind == LATHE_PARAMETER_INTEGER;
  if (whole && first >= base && last - base < static_cast<double>(entries)) return;
  throw term.wrong("t", fmt::format("has {} entries from {} on, and '{}' takes {}", entries, base,
                                    variable.name, variable.text()));
}

std::size_t index(double number, double base) { return static_cast<std::size_t>(number - base); }

Term read_table(const Written& term) {
  term.need_variables(1);
  const double base = term.number("base", 0);
  Numbers t = numbers(term["t"]);
  check_entries(term, term.vars[0], t.size(), base);
  return [t = std::move(t), base, v = term.vars[0]](std::span<const double> x) {
    return t[index(x[v], base)];
  };
}

std::vector<Numbers> rows_of(const Value& table) {
  std::vector<Numbers> rows;
  for (const Value& row : table.as_list()) rows.push_back(numbers(row));
  return rows;
}

Term read_table2(const Written& term) {
  term.need_variables(2);
  std::vector<Numbers> t = rows_of(term["t"]);
  check_entries(term, term.vars[0], t.size(), 0);
  for (const Numbers& row : t) check_entries(term, term.vars[1], row.size(), 0);
  return [t = std::move(t), v = term.vars[0], w = term.vars[1]](std::span<const double> x) {
    return t[index(x[v], 0)][index(x[w], 0)];
  };
}

Term read_max_table(const Written& term) {
  std::vector<Numbers> t = rows_of(term["t"]);
  term.need_variables(t.size());
  for (std::size_t i = 0; i < t.size(); ++i) check_entries(term, term.vars[i], t[i].size(), 0);
  return [t = std::move(t), weight = term.number("weight", 1),
          vars = term.vars](std::span<const double> x) {
    double worst = t[0][index(x[vars[0]], 0)];
    for (std::size_t i = 1; i < t.size(); ++i) worst = std::max(worst, t[i][index(x[vars[i]], 0)]);
    return weight * worst;
  };
}

// Deceptive: grows with the number of hits, and is 0 where all hit.
Term read_trap(const Written& term) {
  const Numbers target = numbers(term["target"]);
  term.need_variables(std::max<std::size_t>(2, target.size()));
  const double low = term.number("low", 0), high = term.number("high", 1);
  return [=, vars = term.vars](std::span<const double> x) {
    std::size_t hits = 0;
    for (std::size_t i = 0; i < vars.size(); ++i) hits += x[vars[i]] == target[i] ? 1 : 0;
    if (hits == vars.size()) return 0.0;
    return low + (high - low) * static_cast<double>(hits) / static_cast<double>(vars.size() - 1);
  };
}

Term read_linear(const Written& term) {
  term.need_variables(1);
  return [weight = term.number("weight", 1), v = term.vars[0]](std::span<const double> x) {
    return weight * x[v];
  };
}

Term read_formula(const Written& term) {
  const std::string& name = term["name"].as_string();
  const Formula* formula = find_formula(name);
  if (formula == nullptr)
    throw term.wrong("name", fmt::format("'{}' is none that is known{}", name,
                                         suggestion(name, formula_names())));
  const std::size_t n = term.vars.size();
  if (n < formula->least)
    throw term.wrong("vars",
                     fmt::format("names {} variables; '{}' needs {}", n, name, formula->least));
  const Numbers shift = numbers(term["shift"]), scale = numbers(term["scale"]);
  for (const char* key : {"shift", "scale"})
    if (term[key].as_list().size() != n)
      throw term.wrong(key, fmt::format("has not one number for each of {} variables", n));
  std::vector<Numbers> rotation;
  if (term.row.find("rot") != nullptr) rotation = rows_of(term["rot"]);
  if (!rotation.empty() &&
      (rotation.size() != n ||
       std::ranges::any_of(rotation, [&](const Numbers& row) { return row.size() != n; })))
    throw term.wrong("rot", fmt::format("is no {} by {} matrix", n, n));
  return [=, value = formula->value, weight = term.number("weight", 1),
          vars = term.vars](std::span<const double> x) {
    Numbers z(n);
    for (std::size_t i = 0; i < n; ++i) z[i] = (x[vars[i]] - shift[i]) * scale[i];
    return weight * value(rotation.empty() ? z : rotated(rotation, z));
  };
}

struct TermType {
  std::string_view word;
  std::vector<Option> keys;  // beside type, vars, when
  Term (*read)(const Written& term);
};

const std::vector<TermType>& term_types() {
  constexpr auto kAny = LATHE_OPTION_ANY;
  constexpr auto kFloat = LATHE_OPTION_FLOAT;
  constexpr auto kFloats = LATHE_OPTION_FLOAT_LIST;
  static const std::vector<TermType> all{
      {"table", {key("t", kFloats, true), key("base", kFloat, false)}, read_table},
      {"table2", {key("t", kAny, true)}, read_table2},
      {"max_table", {key("t", kAny, true), key("weight", kFloat, false)}, read_max_table},
      {"trap",
       {key("target", kFloats, true), key("low", kFloat, true), key("high", kFloat, true)},
       read_trap},
      {"linear", {key("weight", kFloat, false)}, read_linear},
      {"formula",
       {key("name", LATHE_OPTION_STRING, true), key("shift", kFloats, true),
        key("scale", kFloats, true), key("rot", kAny, false), key("weight", kFloat, false)},
       read_formula}};
  return all;
}

const TermType& type_of(const Value& term) {
  const Value* type = term.find("type");
  if (type == nullptr) throw usage_error("a term without a 'type'", term.position());
  std::vector<std::string> known;
  for (const TermType& row : term_types()) {
    if (type->as_string() == row.word) return row;
    known.emplace_back(row.word);
  }
  throw usage_error(fmt::format("there is no term of type '{}'{}", type->as_string(),
                                suggestion(type->as_string(), known)),
                    type->position());
}

std::vector<std::size_t> read_vars(const Value& given, Variables variables) {
  std::vector<std::size_t> vars;
  for (const Value& number : given.as_list()) {
    const std::int64_t var = number.as_int();
    if (var < 0 || static_cast<std::size_t>(var) >= variables.size())
      throw usage_error(fmt::format("there is no variable number {}; numbers go from 0 to {}", var,
                                    variables.size() - 1),
                        number.position());
    vars.push_back(static_cast<std::size_t>(var));
  }
  if (vars.empty()) throw usage_error("a term of no variables", given.position());
  return vars;
}

// Numbers that do not exist have no place in a term.
void check_existence(const Written& term, const Condition& when) {
  for (const std::size_t var : term.vars) {
    const Condition& needed = term.variables[var].condition;
    const bool same = needed.parent == when.parent && needed.numbers == when.numbers;
    if (needed.parent == Condition::kAlways || same) continue;
    throw term.wrong("vars", fmt::format("names '{}', which does not always exist: give the term "
                                         "the same 'when'",
                                         term.variables[var].name));
  }
}

}  // namespace

Condition read_condition(const Value& when, std::span<const SearchParameter> variables) {
  Option var = key("var", LATHE_OPTION_INT, true);
  if (variables.empty()) throw usage_error("no variable stands before it", when.position());
  var.range = parse_range(fmt::format("0..{}", variables.size() - 1));
  const Value checked =
      check_options({"'when'", {var, key("equals", LATHE_OPTION_FLOAT, true)}}, when);
  Condition condition;
  condition.parent = static_cast<std::size_t>(checked.find("var")->as_int());
  condition.numbers = {checked.find("equals")->as_float()};
  const SearchParameter& parent = variables[condition.parent];
  if (!parent.takes(condition.numbers[0]))
    throw usage_error(fmt::format("'{}' never is {}", parent.name, condition.numbers[0]),
                      checked.find("equals")->position());
  return condition;
}

Term read_term(const Value& given, std::span<const SearchParameter> variables) {
  const TermType& type = type_of(given);
  OptionTable table{fmt::format("a term '{}'", type.word), type.keys};
  table.options.push_back(key("type", LATHE_OPTION_STRING, true));
  table.options.push_back(key("vars", LATHE_OPTION_INT_LIST, true));
  table.options.push_back(key("when", LATHE_OPTION_TABLE, false));
  Written written{check_options(table, given), {}, variables};
  written.vars = read_vars(written["vars"], variables);
  Condition when;
  if (const Value* condition = written.row.find("when"))
    when = read_condition(*condition, variables);
  check_existence(written, when);
  Term term = type.read(written);
  if (when.parent == Condition::kAlways) return term;
  return [when, term = std::move(term)](std::span<const double> x) {
    return when.met(x) ? term(x) : 0.0;
  };
}

}  // namespace lathe::quality
