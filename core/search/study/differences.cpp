#include "core/search/study/differences.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>

namespace lathe {

namespace {

using Clauses = std::vector<std::string>;

constexpr std::string_view kNetwork = "network";

bool differs(const Value& begun, const Value& now, std::string_view name) {
  const Value* theirs = begun.find(name);
  const Value* ours = now.find(name);
  return theirs != nullptr && ours != nullptr && !(*theirs == *ours);
}

// What a value of a table of facts is called: "option 'seed' of the sampler", "metric 'loss'".
using Called = std::function<std::string(const std::string& key)>;

std::string changed(std::string_view what, const Value& begun, const Value& now) {
  return fmt::format("with {} {}, but this search has {}", what, begun.text(), now.text());
}
std::string only_begun(std::string_view what) {
  return fmt::format("with {}, which this search does not have", what);
}
std::string only_now(std::string_view what) {
  return fmt::format("without {}, which this search has", what);
}

void compare_tables(const Value& begun, const Value& now, const Called& called, Clauses& clauses) {
  for (const auto& [key, value] : begun.as_map()) {
    const Value* other = now.find(key);
    if (other == nullptr)
      clauses.push_back(only_begun(fmt::format("{} = {}", called(key), value.text())));
    else if (!same_choice(*other, value))
      clauses.push_back(changed(called(key) + " =", value, *other));
  }
  for (const auto& [key, value] : now.as_map())
    if (begun.find(key) == nullptr)
      clauses.push_back(only_now(fmt::format("{} = {}", called(key), value.text())));
}

// The choices of a parameter as it is written; null: it is a range.
const Value* choices_of(const Value& parameter) {
  if (parameter.is_list()) return &parameter;
  return parameter.is_map() ? parameter.find("choices") : nullptr;
}

bool has_choice(const Value& choices, const Value& wanted) {
  return std::ranges::any_of(choices.as_list(),
                             [&](const Value& choice) { return same_choice(choice, wanted); });
}

void compare_choices(const std::string& name, const Value& begun, const Value& now,
                     Clauses& clauses) {
  const std::size_t before = clauses.size();
  const auto called = [&](const Value& choice) {
    return fmt::format("the choice {} of '{}'", choice.text(), name);
  };
  for (const Value& choice : begun.as_list())
    if (!has_choice(now, choice)) clauses.push_back(only_begun(called(choice)));
  for (const Value& choice : now.as_list())
    if (!has_choice(begun, choice)) clauses.push_back(only_now(called(choice)));
  if (clauses.size() == before)
    clauses.push_back(fmt::format("with the choices of '{}' as {}, but this search has {}", name,
                                  begun.text(), now.text()));
}

// Of one parameter of both.
void compare_parameters(const std::string& name, const Value& begun, const Value& now,
                        Clauses& clauses) {
  const Value* ours = choices_of(now);
  const Value* theirs = choices_of(begun);
  if ((ours == nullptr) != (theirs == nullptr)) {
    clauses.push_back(changed(fmt::format("the parameter '{}' as", name), begun, now));
    return;
  }
  if (ours != nullptr && !(*ours == *theirs)) compare_choices(name, *theirs, *ours, clauses);
  Value begun_rest{Value::Map{}}, now_rest{Value::Map{}};
  for (const auto& [from, into] : {std::pair(&begun, &begun_rest), std::pair(&now, &now_rest)})
    if (from->is_map())
      for (const auto& [key, value] : from->as_map())
        if (key != "choices") into->set(key, value);
  compare_tables(
      begun_rest, now_rest,
      [&](const std::string& key) { return fmt::format("'{}' of '{}'", key, name); }, clauses);
}

void compare_spaces(const Value& begun, const Value& now, Clauses& clauses) {
  const std::size_t before = clauses.size();
  const auto called = [](const std::string& name) {
    return fmt::format("the parameter '{}'", name);
  };
  for (const auto& [name, parameter] : begun.as_map()) {
    const Value* other = now.find(name);
    if (other == nullptr)
      clauses.push_back(only_begun(called(name)));
    else if (!(*other == parameter))
      compare_parameters(name, parameter, *other, clauses);
  }
  for (const auto& [name, parameter] : now.as_map())
    if (begun.find(name) == nullptr) clauses.push_back(only_now(called(name)));
  if (clauses.size() == before) clauses.emplace_back("with its parameters in another order");
}

Called called_in(const std::string& name) {
  constexpr std::string_view kOfPass = "options_of_";
  if (name == "metrics")
    return [](const std::string& key) { return fmt::format("the scale of the metric '{}'", key); };
  std::string whose = name;
  if (name == "sampler_options") whose = "the sampler";
  if (name == "pruner_options") whose = "the pruner";
  if (name == "training") whose = "the training";
  if (name.starts_with(kOfPass))
    whose = fmt::format("the pass '{}'", std::string_view(name).substr(kOfPass.size()));
  return
      [whose](const std::string& key) { return fmt::format("the option '{}' of {}", key, whose); };
}

void compare_facts(const std::string& name, const Value& begun, const Value& now,
                   Clauses& clauses) {
  if (begun == now) return;
  if (name == kNetwork)
    return clauses.emplace_back("with another network or other weights"), void();
  if (name == kDataHashes) return clauses.emplace_back("with data files of other contents"), void();
  if (name == kCpuCapability)
    return clauses.push_back(fmt::format(
               "on processors with {}, but this one has {}, which rounds otherwise (--mixed-cpus "
               "takes both)",
               begun.text(), now.text())),
           void();
  if (!begun.is_map() || !now.is_map()) return clauses.push_back(changed(name, begun, now));
  if (name == "space") return compare_spaces(begun, now, clauses);
  compare_tables(begun, now, called_in(name), clauses);
}

std::string joined(const Clauses& clauses) {
  constexpr std::size_t kMostTold = 3;
  const auto told = static_cast<std::ptrdiff_t>(std::min(clauses.size(), kMostTold));
  std::string text = fmt::format("{}", fmt::join(clauses.begin(), clauses.begin() + told, "; "));
  if (clauses.size() > kMostTold) text += fmt::format("; and {} more", clauses.size() - kMostTold);
  return text;
}

}  // namespace

Value facts_of(const StudyDescription& description) {
  Value facts = description.user_attributes;
  Value space{Value::Map{}};
  for (const StoredParameter& parameter : description.parameters)
    space.set(parameter.name,
              parameter.written.is_none() ? parameter.described() : parameter.written);
  facts.set("space", std::move(space));
  return facts;
}

std::string difference_text(const Value& begun, const Value& now) {
  Clauses clauses;
  // Another model has other nodes, so that all else differs; another seed draws other weights.
  const bool other_model = differs(begun, now, "model");
  const bool other_seed = differs(begun, now, "seed");
  for (const auto& [name, value] : now.as_map()) {
    const Value* theirs = begun.find(name);
    if (theirs == nullptr || (other_model && name != "model")) continue;
    if (other_seed && name == kNetwork) continue;
    compare_facts(name, *theirs, value, clauses);
  }
  return joined(clauses);
}

std::string difference_of_directions(const std::vector<std::string>& begun,
                                     const std::vector<std::string>& now, const Value& facts) {
  if (begun == now) return {};
  if (begun.size() != now.size())
    return fmt::format("with {} objectives ({}), but this search has {} ({})", begun.size(),
                       fmt::join(begun, ", "), now.size(), fmt::join(now, ", "));
  const Value* metrics = facts.find("metrics");
  Clauses clauses;
  for (std::size_t i = 0; i < now.size(); ++i) {
    if (begun[i] == now[i]) continue;
    const bool named = metrics != nullptr && metrics->as_map().size() == now.size();
    const std::string objective = named ? fmt::format("'{}'", metrics->as_map()[i].first)
                                  : now.size() == 1 ? std::string("its objective")
                                                    : fmt::format("objective {}", i);
    clauses.push_back(
        fmt::format("to {} {}, but this search is to {} it", begun[i], objective, now[i]));
  }
  return joined(clauses);
}

}  // namespace lathe
