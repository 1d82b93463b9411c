#include "core/search/space/read_domain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace lathe {
namespace {

OptionTable table_of(const std::string& key) {
  OptionTable table{fmt::format("'{}'", key), {}};
  for (const char* word : {"choices", "low", "high", "step", "log", "when"}) {
    Option option;
    option.key = word;
    option.type = std::string_view(word) == "log" ? LATHE_OPTION_BOOL : LATHE_OPTION_ANY;
    table.options.push_back(option);
  }
  return table;
}

// A list is one choice per element; anything else is the only choice.
std::vector<Value> choices_of(const std::string& key, const Value& given) {
  if (given.is_map()) {
    throw usage_error(fmt::format("'{}' takes a list of choices; got a table", key),
                      given.position());
  }
  if (!given.is_list()) return {given};
  if (given.as_list().empty()) {
    throw usage_error(fmt::format("'{}' has no choices; \"NA\" is one that leaves it out", key),
                      given.position());
  }
  return given.as_list();
}

double number_in(const std::string& key, const Value& range, std::string_view word) {
  // Beyond this a double has no place for every integer.
  constexpr double kLargest = 9007199254740992.0;
  const Value& given = *range.find(word);
  const bool fits = given.is_number() && std::isfinite(given.as_float()) &&
                    (given.is_float() || std::abs(given.as_float()) <= kLargest);
  if (fits) return given.as_float();
  throw usage_error(fmt::format("'{}' of '{}' takes a finite number; got {} {}", word, key,
                                given.is_none() ? "NA" : given.kind_name(), given.text()),
                    given.position());
}

void check_step(const std::string& key, const Value& step, const Domain& range) {
  const auto refused = [&](const std::string& why) {
    return usage_error(fmt::format("the step of '{}' {}", key, why), step.position());
  };
  if (range.logarithmic) {
    throw refused("has no place beside log = true, whose values are not evenly apart");
  }
  if (!(range.step > 0)) throw refused(fmt::format("must be above 0; got {}", step.text()));
  if (range.step > range.high - range.low) {
    throw refused(fmt::format("is {}, which fits nothing between {} and {}", step.text(), range.low,
                              range.high));
  }
}

Domain read_range(const std::string& key, const Value& given) {
  for (const char* word : {"low", "high"}) {
    if (given.find(word) == nullptr) {
      throw usage_error(
          fmt::format("'{}' needs 'low' and 'high', or 'choices'; '{}' is missing", key, word),
          given.position());
    }
  }
  const Value* step = given.find("step");
  const Value* log = given.find("log");
  Domain range;
  range.low = number_in(key, given, "low");
  range.high = number_in(key, given, "high");
  range.logarithmic = log != nullptr && log->as_bool();
  if (range.low > range.high) {
    throw usage_error(
        fmt::format("'{}' has its low end {} above its high end {}", key, range.low, range.high),
        given.find("low")->position());
  }
  if (range.logarithmic && range.low <= 0) {
    throw usage_error(
        fmt::format("'{}' is logarithmic, so its low end must be above 0; got {}", key, range.low),
        given.find("low")->position());
  }
  bool whole = given.find("low")->is_int() && given.find("high")->is_int();
  if (step != nullptr) {
    whole = whole && step->is_int();
    range.step = number_in(key, given, "step");
    check_step(key, *step, range);
    range.high = grid_end(range.low, range.high, range.step);
  } else if (whole) {
    range.step = 1;
  }
  range.kind = whole ? LATHE_PARAMETER_INTEGER : LATHE_PARAMETER_REAL;
  return range;
}

}  // namespace

Domain read_domain(const std::string& key, const Value& given) {
  Domain domain;
  if (!given.is_map() || (key == "name" && given.find("choices") == nullptr)) {
    domain.choices = choices_of(key, given);
    return domain;
  }
  const Value checked = check_options(table_of(key), given);
  const Value* choices = checked.find("choices");
  if (choices == nullptr) return read_range(key, checked);
  for (const char* word : {"low", "high", "step", "log"}) {
    if (const Value* extra = checked.find(word)) {
      throw usage_error(
          fmt::format("'{}' has choices and, with '{}', a range; keep one of them", key, word),
          extra->position());
    }
  }
  domain.choices = choices_of(key, *choices);
  return domain;
}

void settle_range(Domain& domain, const Value& given, std::span<const Option> options) {
  if (domain.kind != LATHE_PARAMETER_INTEGER || given.find("step") != nullptr || options.empty()) {
    return;
  }
  const bool fractions = std::ranges::all_of(
      options, [](const Option& option) { return option.type == LATHE_OPTION_FLOAT; });
  if (!fractions) return;
  domain.kind = LATHE_PARAMETER_REAL;
  domain.step = 0;
}

void check_range(const Domain& range, const Value& given, const Option& option,
                 std::string_view owner) {
  const bool integers = option.type == LATHE_OPTION_INT;
  if (!integers && option.type != LATHE_OPTION_FLOAT && option.type != LATHE_OPTION_ANY) {
    throw usage_error(fmt::format("option '{}' of {} takes {}, and a range is of numbers; write a "
                                  "list of choices",
                                  option.key, owner, allowed_text(option)),
                      given.position());
  }
  for (const char* word : {"low", "high"}) check_value(option, *given.find(word), owner);
  if (integers && range.kind != LATHE_PARAMETER_INTEGER) {
    throw usage_error(
        fmt::format("option '{}' of {} takes {}, so the step is an integer too; got "
                    "{}",
                    option.key, owner, allowed_text(option), given.find("step")->text()),
        given.find("step")->position());
  }
}

}  // namespace lathe
