#include "core/search/space/conditions/conditions.hpp"

#include "core/base/words/suggest.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lathe {
namespace {

constexpr std::size_t kNone = Condition::kAlways;

class Conditions {
 public:
  explicit Conditions(std::vector<SearchParameter>& parameters)
      : parameters_(parameters), parents_(parameters.size(), kNone) {}

  void set() {
    for (std::size_t p = 0; p < parents_.size(); ++p) {
      if (parameters_[p].when() != nullptr) parents_[p] = parent_of(p);
    }
    for (std::size_t p = 0; p < parents_.size(); ++p) {
      if (parents_[p] != kNone) check_order(p);
    }
    for (std::size_t p = 0; p < parents_.size(); ++p) {
      if (parents_[p] != kNone) join(p, {parents_[p], numbers(p)});
    }
  }

 private:
  // The one entry of a condition.
  const Value::Entry& entry(std::size_t p) const {
    const Value& when = *parameters_[p].when();
    if (when.is_map() && when.as_map().size() == 1) return when.as_map().front();
    throw usage_error(fmt::format("the condition of '{}' names one other parameter and its values, "
                                  "eg: when = {{name = [\"integer\"]}}; got {}",
                                  parameters_[p].name, when.text()),
                      when.position());
  }

  std::size_t parent_of(std::size_t p) const {
    const auto& [key, values] = entry(p);
    const std::string& name = parameters_[p].name;
    std::vector<std::string> known;
    // Beside it, then around the table that it stands in, then by its whole name.
    for (std::size_t slash = name.rfind('/'); slash != name.npos && slash > 0;
         slash = name.rfind('/', slash - 1)) {
      const std::size_t found = find(name.substr(0, slash + 1) + key);
      if (found != kNone) return found;
    }
    if (const std::size_t found = find(key); found != kNone) return found;
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      if (i == p) continue;
      const std::string& other = parameters_[i].name;
      const bool sibling = other.starts_with(name.substr(0, name.rfind('/') + 1));
      known.push_back(sibling ? parameters_[i].key : other);
    }
    throw usage_error(fmt::format("the condition of '{}' names '{}', which is no parameter of the "
                                  "search space{}",
                                  name, key, suggestion(key, known)),
                      values.position());
  }

  std::size_t find(std::string_view name) const {
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      if (parameters_[i].name == name) return i;
    }
    return kNone;
  }

  void check_order(std::size_t p) const {
    const Position& place = entry(p).second.position();
    std::size_t at = parents_[p];
    for (std::size_t step = 0; at != kNone && step < parents_.size(); ++step, at = parents_[at]) {
      if (at != p) continue;
      throw usage_error(fmt::format("the conditions of '{}' go in a circle: it hangs on '{}'",
                                    parameters_[p].name, parameters_[parents_[p]].name),
                        place);
    }
    if (parents_[p] < p) return;
    throw usage_error(
        fmt::format("the condition of '{}' names '{}', which comes later; a condition looks at "
                    "what is chosen before: options of the model, then of nodes in the order of "
                    "the graph, then of the training",
                    parameters_[p].name, parameters_[parents_[p]].name),
        place);
  }

  std::vector<double> numbers(std::size_t p) const {
    const Value& given = entry(p).second;
    const SearchParameter& parent = parameters_[parents_[p]];
    if (parent.infinite()) {
      throw usage_error(fmt::format("the condition of '{}' names '{}', any number of {}; only one "
                                    "with choices or a step can be a condition",
                                    parameters_[p].name, parent.name, parent.text()),
                        given.position());
    }
    std::vector<double> all;
    for (const Value& value : given.is_list() ? given.as_list() : Value::List{given}) {
      const std::optional<double> number = parent.number_of(value);
      if (!number) {
        throw usage_error(fmt::format("the condition of '{}' wants '{}' to be {}, but that is one "
                                      "of {}",
                                      parameters_[p].name, parent.name,
                                      value.is_none() ? "NA" : value.text(), parent.text()),
                          value.position());
      }
      all.push_back(*number);
    }
    if (all.empty()) {
      throw usage_error(
          fmt::format("the condition of '{}' has no values for '{}', so it could never be met",
                      parameters_[p].name, parent.name),
          given.position());
    }
    std::ranges::sort(all);
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
  }

  // Puts a written condition over the one that the node's name says unsaid.
  void join(std::size_t p, Condition written) {
    Condition& own = parameters_[p].condition;
    if (own.parent != kNone && !implies(written, own)) {
      if (written.parent != own.parent) {
        throw usage_error(
            fmt::format("'{}' hangs on '{}' already, so its condition cannot name '{}' too unless "
                        "that hangs on '{}' as well",
                        parameters_[p].name, parameters_[own.parent].name,
                        parameters_[written.parent].name, parameters_[own.parent].name),
            entry(p).second.position());
      }
      std::erase_if(written.numbers, [&](double number) {
        return std::ranges::find(own.numbers, number) == own.numbers.end();
      });
      if (written.numbers.empty()) {
        throw usage_error(fmt::format("'{}' would never exist: none of these values of '{}' has it",
                                      parameters_[p].name, parameters_[own.parent].name),
                          entry(p).second.position());
      }
    }
    own = std::move(written);
  }

  // Whether what meets `a` meets `b`.
  bool implies(const Condition& a, const Condition& b) const {
    if (a.parent == b.parent) {
      return std::ranges::includes(b.numbers, a.numbers);
    }
    const Condition& above = parameters_[a.parent].condition;
    return above.parent != kNone && implies(above, b);
  }

  std::vector<SearchParameter>& parameters_;
  std::vector<std::size_t> parents_;  // that are written
};

}  // namespace

void set_conditions(std::vector<SearchParameter>& parameters) { Conditions(parameters).set(); }

}  // namespace lathe
