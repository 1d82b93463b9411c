// Sampler "exact": the proven best points of an objective that adds up over the layers, under a
// budget; and how far every other result is from what is proven to be possible.
#include "budget.hpp"
#include "front_order.hpp"
#include "layers.hpp"

#include <lathe/lathe.hpp>

#include <cstdio>
#include <set>

namespace {

using search_strategies::Budget;
using search_strategies::Choice;
using search_strategies::ContributionsFile;
using search_strategies::kNoBudget;
using search_strategies::Layers;
using search_strategies::Ranking;
using search_strategies::Solution;
using search_strategies::Space;
using search_strategies::Table;

// What the pass `sensitivity` writes beside an objective.
bool is_cost(std::string_view name) { return name == "average_bitwidth" || name == "total_bitops"; }

// A message of what knows no options, with the option that it is about.
template <class Work>
auto told_at(const char* option, const Work& work) {
  try {
    return work();
  } catch (const std::invalid_argument& e) {
    throw lathe::invalid_argument(e.what()).at_option(option);
  }
}

struct Exact {
  static constexpr lathe_option options[] = {
      lathe::path_option("additive",
                         "File of the pass 'sensitivity': what each choice of each parameter "
                         "contributes, {objective: {parameter: [a value per choice]}}.")
          .required(),
      lathe::string_option("objective",
                           "Of that file, what is to be best. NA: the one that the search has, or "
                           "else the only one that is not 'average_bitwidth' or 'total_bitops'.")
          .by_default("NA")
          .nullable(),
      lathe::string_option("budget",
                           "What must not be exceeded, eg 'average_bitwidth <= 4.8'; its costs "
                           "stand in the same file. For the front alone the name is enough.")
          .by_default("NA")
          .nullable(),
      lathe::bool_option("front",
                         "First all best points, each at its own budget: the ends, then what lies "
                         "between them.")
          .by_default("false"),
  };
  static constexpr const char* details =
      "The objective is the sum over parameters of what the chosen value contributes, as "
      "`sensitivity` measured it; what no choice changes stands under `\"\"`. Which point is best "
      "within a budget is a multiple-choice knapsack, solved with proof by branch and bound. The "
      "first trial is that point, those after it the next best ones, to the last that the budget "
      "allows. With `front` the points of the exact Pareto front of objective and budget come "
      "before them.\n\n"
      "A budget of `total_bitops` needs each layer to have one searched parameter: bits of inputs "
      "and weights multiply.\n\n"
      "Results show beside each trial what the sum foretold (`predicted`), the proven best at the "
      "trial's own budget (`proven`), and the `gap` between them.\n\n"
      "Example: `--set search.strategy.setup.sampler=\"exact<additive='sensitivity.json',"
      "budget='average_bitwidth <= 4.8'>\"`";

  Exact(lathe::options given, lathe::space host_space)
      : Exact(given, host_space, search_strategies::read_space(host_space.raw())) {}

  Exact(lathe::options given, lathe::space host_space, const Space& space) {
    const std::string path = lathe::to_string(given.text("additive"));
    const ContributionsFile file =
        told_at("additive", [&] { return search_strategies::load_contributions(path); });
    const bool has_budget = static_cast<bool>(given["budget"]);
    if (has_budget) budget = read_budget(given, space);
    const std::string objective = objective_of(given, host_space, file, path);
    maximised = is_maximised(host_space, objective);
    told_at("additive", [&] {
      Table values = search_strategies::table_of(space, file, objective, path);
      value_constant = values.constant;
      if (maximised) {
        for (std::vector<double>& row : values.values) {
          for (double& value : row) value = -value;
        }
      }
      Table costs;
      if (has_budget) {
        costs = search_strategies::table_of(space, file, budget.quantity, path);
        cost_constant = costs.constant;
      }
      layers.emplace(space, values, has_budget ? &costs : nullptr);
      return 0;
    });
    limit = has_budget ? budget.limit - cost_constant : kNoBudget;
    check_budget();
    const bool front = given.boolean("front");
    if (front && !has_budget) {
      throw lathe::invalid_argument(
          "a front is one of objective and budget: name the budget too, eg "
          "budget='average_bitwidth'")
          .at_option("front");
    }
    if (front) order_front();
    ranking.emplace(layers->knapsack(), limit);
  }

  // The first solution that no trial had: a person's trials count as well.
  bool suggest(lathe::context, std::uint64_t, lathe::span<double> values) {
    for (; next_of_front < front_points.size(); ++next_of_front) {
      if (seen.count(front_points[next_of_front]) == 0) break;
    }
    if (next_of_front < front_points.size()) {
      layers->write(front_points[next_of_front], values.data());
      return true;
    }
    while (!ranked || seen.count(ranked->choice) > 0) {
      ranked = ranking->next();
      if (!ranked) return false;
    }
    layers->write(ranked->choice, values.data());
    return true;
  }

  void started(std::uint64_t, lathe::span<const double> values) {
    seen.insert(layers->choice_of(values.data()));
  }
  void finished(const lathe::outcome&) {}

  lathe::facts explain(lathe::span<const double> values, const lathe::outcome&) {
    const Choice choice = layers->choice_of(values.data());
    const double sum = layers->knapsack().value(choice);
    const double proven = best_at(layers->knapsack().cost(choice));
    const double sign = maximised ? -1 : 1;
    return {{"predicted", value_constant + sign * sum},
            {"proven", value_constant + sign * proven},
            {"gap", std::max(0.0, sum - proven)}};
  }

 private:
  static Budget read_budget(lathe::options given, const Space& space) {
    return told_at("budget", [&] {
      Budget result = search_strategies::read_budget(lathe::to_string(given.text("budget")));
      std::vector<std::string> searched;
      for (const auto& parameter : space.parameters) {
        if (parameter.count() > 1) searched.push_back(parameter.name);
      }
      search_strategies::check_adds_up(result, searched);
      return result;
    });
  }

  std::string objective_of(lathe::options given, lathe::space host_space,
                           const ContributionsFile& file, const std::string& path) const {
    if (given["objective"]) return lathe::to_string(given.text("objective"));
    for (std::uint64_t o = 0; o < host_space.objectives(); ++o) {
      const std::string name = lathe::to_string(host_space.objective(o));
      if (name != budget.quantity && !is_cost(name) && file.objectives.count(name) > 0) return name;
    }
    std::vector<std::string> left;
    for (const auto& [name, rows] : file.objectives) {
      if (name != budget.quantity && !is_cost(name)) left.push_back(name);
    }
    if (left.size() == 1) return left[0];
    std::string all;
    for (const auto& [name, rows] : file.objectives)
      all += (all.empty() ? "'" : ", '") + name + "'";
    throw lathe::invalid_argument(
        lathe::join({path, " has ", all,
                     ", and the search's objectives do not say which of them is to be best; "
                     "name it, eg objective='",
                     file.objectives.begin()->first, "'"}))
        .at_option("objective");
  }

  // As the search has it; else an accuracy is to be large, an error and a loss small.
  static bool is_maximised(lathe::space host_space, const std::string& objective) {
    for (std::uint64_t o = 0; o < host_space.objectives(); ++o) {
      if (host_space.objective(o) == objective) {
        return host_space.direction(o) == LATHE_DIRECTION_MAXIMIZE;
      }
    }
    return objective == "accuracy" || objective == "top1_agreement";
  }

  void check_budget() const {
    const double least = layers->knapsack().least_cost();
    if (limit >= least - 1e-12 * std::max(1.0, std::abs(least))) return;
    char text[64];
    std::snprintf(text, sizeof text, "%.10g", least + cost_constant);
    throw lathe::invalid_argument(lathe::join({"no point of the space has ", budget.quantity,
                                               " within the budget; the least is ", text}))
        .at_option("budget");
  }

  void order_front() {
    const std::vector<Solution> front = told_front();
    std::vector<double> costs;
    for (const Solution& solution : front) costs.push_back(solution.cost);
    for (const std::size_t i : search_strategies::front_order(costs)) {
      front_points.push_back(front[i].choice);
    }
  }

  std::vector<Solution> told_front() const {
    try {
      return layers->knapsack().front(limit);
    } catch (const std::length_error& e) {
      throw lathe::error(LATHE_RESOURCE_EXHAUSTED,
                         lathe::join({"the front is too long to be proven (", e.what(),
                                      "); give a budget without 'front'"}))
          .at_option("front");
    }
  }

  // Proven; the same cost comes again and again.
  double best_at(double cost) {
    const auto [known, is_new] = proven_at.emplace(cost, 0.0);
    if (is_new) {
      const auto best = layers->knapsack().best(budget.quantity.empty() ? kNoBudget : cost);
      known->second = best ? best->value : std::numeric_limits<double>::quiet_NaN();
    }
    return known->second;
  }

  Budget budget;
  bool maximised = false;
  double value_constant = 0, cost_constant = 0, limit = kNoBudget;
  std::optional<Layers> layers;
  std::vector<Choice> front_points;
  std::size_t next_of_front = 0;
  std::optional<Ranking> ranking;
  std::optional<Solution> ranked;
  std::set<Choice> seen;
  std::map<double, double> proven_at;
};

}  // namespace

LATHE_SAMPLER(Exact, "exact", "1.0.0",
              "The proven best points of an objective that adds up over layers, from a file of the "
              "pass sensitivity, under a budget.")
