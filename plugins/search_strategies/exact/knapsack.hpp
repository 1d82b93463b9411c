// The multiple-choice knapsack: of each class one option, the sum of their values least, the sum of
// their costs within a budget. Solved exactly, by branch and bound over sets of partial solutions
// that none dominates (Dyer, Riha and Walker, "A hybrid dynamic programming/branch-and-bound
// algorithm for the multiple-choice knapsack problem", 1995), with Lagrange's bound.
// Knows nothing of parameters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <queue>
#include <set>
#include <vector>

namespace search_strategies {

constexpr double kNoBudget = std::numeric_limits<double>::infinity();

struct Option {
  double value, cost;
};
using Class = std::vector<Option>;
// An option of each class, by number.
using Choice = std::vector<std::uint32_t>;

struct Solution {
  Choice choice;
  double value = 0, cost = 0;
};

// More partial solutions than this at once are an error (std::length_error).
constexpr std::size_t kMostPartial = 5'000'000;

class Knapsack {
 public:
  explicit Knapsack(std::vector<Class> classes);

  const std::vector<Class>& classes() const { return classes_; }
  double value(const Choice& choice) const;
  double cost(const Choice& choice) const;
  double least_cost() const;

  // The best within the budget, of equals the cheapest; none if the budget cannot be met.
  std::optional<Solution> best(double budget) const;

  // All that no other is better than in value and cost, by rising cost: each is the best within
  // its own cost. Up to the budget.
  std::vector<Solution> front(double budget) const;

 private:
  std::vector<Class> classes_;
};

// All solutions within a budget, the best first, equals by their choice (Lawler, "A procedure for
// computing the k best solutions to discrete optimization problems", 1972).
class Ranking {
 public:
  Ranking(const Knapsack& knapsack, double budget);
  std::optional<Solution> next();

 private:
  // The solutions with the first choices fixed and some options of the next class forbidden.
  struct Part {
    Choice fixed;
    std::set<std::uint32_t> forbidden;
    Solution best;
    bool operator<(const Part& other) const;  // the best comes last
  };
  void push(Choice fixed, std::set<std::uint32_t> forbidden);

  const Knapsack& knapsack_;
  double budget_;
  std::priority_queue<Part> parts_;
};

}  // namespace search_strategies
