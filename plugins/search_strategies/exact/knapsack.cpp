#include "knapsack.hpp"

#include <algorithm>
#include <stdexcept>
#include <tuple>

namespace search_strategies {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Sums of the same terms in another order differ in their last bits.
double slack(double budget) { return 1e-12 * std::max(1.0, std::abs(budget)); }

// The options that no other of the class is better than in value and cost, by rising cost.
std::vector<std::uint32_t> undominated(const Class& options) {
  std::vector<std::uint32_t> order(options.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return std::tie(options[a].cost, options[a].value) <
           std::tie(options[b].cost, options[b].value);
  });
  std::vector<std::uint32_t> kept;
  for (const std::uint32_t i : order) {
    if (kept.empty() || options[i].value < options[kept.back()].value) kept.push_back(i);
  }
  return kept;
}

// For a price per unit of cost: the least value plus price times cost of one option of each class
// from some class on. No solution can have a smaller one.
class Bound {
 public:
  Bound(const std::vector<Class>& classes, double price) : price_(price) {
    rest_.assign(classes.size() + 1, 0);
    for (std::size_t k = classes.size(); k-- > 0;) {
      double least = kInfinity;
      for (const Option& option : classes[k]) {
        least = std::min(least, option.value + price * option.cost);
      }
      rest_[k] = rest_[k + 1] + least;
    }
  }
  // Of the value of all solutions that begin with a partial one of `classes` classes.
  double operator()(const Option& sums, std::size_t classes, double budget) const {
    return sums.value + rest_[classes] + (price_ > 0 ? price_ * (sums.cost - budget) : 0);
  }

 private:
  double price_;
  std::vector<double> rest_;
};

// The best option of each class at a price, of equals the cheapest.
Solution at_price(const std::vector<Class>& classes, double price) {
  Solution result;
  for (const Class& options : classes) {
    std::uint32_t best = 0;
    const auto rank = [&](std::uint32_t i) {
      return std::make_tuple(options[i].value + price * options[i].cost, options[i].cost);
    };
    for (std::uint32_t i = 1; i < options.size(); ++i) {
      if (rank(i) < rank(best)) best = i;
    }
    result.choice.push_back(best);
    result.value += options[best].value;
    result.cost += options[best].cost;
  }
  return result;
}

// A partial solution: what it adds up to, its last option, and the one before it.
struct Partial {
  Option sums;
  std::uint32_t option, before;
};

class Search {
 public:
  // `best_only`: only what may still become the best within the budget is kept; else all of the
  // front.
  Search(const std::vector<Class>& classes, double budget, bool best_only)
      : classes_(classes), budget_(budget), best_only_(best_only) {
    cheapest_.assign(classes.size() + 1, 0);
    for (std::size_t k = classes.size(); k-- > 0;) {
      double least = kInfinity;
      for (const Option& option : classes[k]) least = std::min(least, option.cost);
      cheapest_[k] = cheapest_[k + 1] + least;
    }
    if (best_only_ && budget < kNoBudget) find_prices();
  }

  bool feasible() const { return cheapest_[0] <= budget_ + slack(budget_); }

  // The partial solutions of all classes that are left.
  std::vector<Solution> run() {
    stages_.push_back({{{0, 0}, 0, 0}});
    for (std::size_t k = 0; k < classes_.size(); ++k) extend(k);
    std::vector<Solution> result;
    for (std::uint32_t i = 0; i < stages_.back().size(); ++i) result.push_back(traced(i));
    return result;
  }

 private:
  // The price at which the budget is just met, and the value that is reached within it: what any
  // partial solution has to be able to get below.
  void find_prices() {
    Solution free = at_price(classes_, 0);
    if (free.cost <= budget_ + slack(budget_)) {
      incumbent_ = free.value;
      bounds_.emplace_back(classes_, 0.0);
      return;
    }
    double low = 0, high = 1;
    while (at_price(classes_, high).cost > budget_ && high < 1e300) low = high, high *= 4;
    for (int i = 0; i < 200 && high - low > 1e-15 * high; ++i) {
      const double middle = (low + high) / 2;
      (at_price(classes_, middle).cost > budget_ ? low : high) = middle;
    }
    Solution within = at_price(classes_, high);
    if (within.cost <= budget_ + slack(budget_)) {
      improve(within);
      incumbent_ = within.value;
    }
    bounds_.emplace_back(classes_, low);
    bounds_.emplace_back(classes_, high);
  }

  // Spends what is left of the budget, one option after the other, on what gains most.
  void improve(Solution& solution) const {
    for (;;) {
      double gain = 0;
      std::size_t at = 0;
      std::uint32_t to = 0;
      for (std::size_t k = 0; k < classes_.size(); ++k) {
        const Option& now = classes_[k][solution.choice[k]];
        for (std::uint32_t i = 0; i < classes_[k].size(); ++i) {
          const Option& other = classes_[k][i];
          if (solution.cost - now.cost + other.cost > budget_) continue;
          if (now.value - other.value > gain) gain = now.value - other.value, at = k, to = i;
        }
      }
      if (!(gain > 0)) return;
      solution.cost += classes_[at][to].cost - classes_[at][solution.choice[at]].cost;
      solution.value -= gain;
      solution.choice[at] = to;
    }
  }

  bool hopeless(const Option& sums, std::size_t classes) const {
    if (sums.cost + cheapest_[classes] > budget_ + slack(budget_)) return true;
    for (const Bound& bound : bounds_) {
      const double least = bound(sums, classes, budget_ < kNoBudget ? budget_ + slack(budget_) : 0);
      if (least > incumbent_ + 1e-9 * std::max(1.0, std::abs(incumbent_))) return true;
    }
    return false;
  }

  // From all partial solutions of k classes to those of k + 1. The sums of each option's are in
  // order already: they are merged.
  void extend(std::size_t k) {
    const std::vector<Partial>& from = stages_.back();
    const std::vector<std::uint32_t> options = undominated(classes_[k]);
    struct Head {
      double cost, value;
      std::uint32_t option, before;
      bool operator<(const Head& other) const {  // the cheapest comes out first
        return std::tie(cost, value, option) > std::tie(other.cost, other.value, other.option);
      }
    };
    std::priority_queue<Head> heads;
    const auto push = [&](std::uint32_t option, std::uint32_t before) {
      if (before == from.size()) return;
      const Option& added = classes_[k][option];
      heads.push({from[before].sums.cost + added.cost, from[before].sums.value + added.value,
                  option, before});
    };
    for (const std::uint32_t option : options) push(option, 0);
    std::vector<Partial> to;
    double least = kInfinity;
    while (!heads.empty()) {
      const Head head = heads.top();
      heads.pop();
      push(head.option, head.before + 1);
      // In order of cost: what is no better than a cheaper one is dominated.
      if (!(head.value < least) || hopeless({head.value, head.cost}, k + 1)) continue;
      least = head.value;
      to.push_back({{head.value, head.cost}, head.option, head.before});
      partial_ += 1;
      if (partial_ > kMostPartial) {
        throw std::length_error("more than " + std::to_string(kMostPartial) + " partial solutions");
      }
    }
    stages_.push_back(std::move(to));
  }

  Solution traced(std::uint32_t last) const {
    Solution result;
    result.choice.resize(classes_.size());
    result.value = stages_.back()[last].sums.value;
    result.cost = stages_.back()[last].sums.cost;
    for (std::size_t k = classes_.size(); k-- > 0;) {
      const Partial& partial = stages_[k + 1][last];
      result.choice[k] = partial.option;
      last = partial.before;
    }
    return result;
  }

  const std::vector<Class>& classes_;
  double budget_;
  bool best_only_;
  std::vector<double> cheapest_;  // of the classes from each on
  std::vector<Bound> bounds_;
  double incumbent_ = kInfinity;
  std::vector<std::vector<Partial>> stages_;
  std::size_t partial_ = 0;
};

}  // namespace

Knapsack::Knapsack(std::vector<Class> classes) : classes_(std::move(classes)) {}

double Knapsack::value(const Choice& choice) const {
  double sum = 0;
  for (std::size_t k = 0; k < classes_.size(); ++k) sum += classes_[k][choice[k]].value;
  return sum;
}

double Knapsack::cost(const Choice& choice) const {
  double sum = 0;
  for (std::size_t k = 0; k < classes_.size(); ++k) sum += classes_[k][choice[k]].cost;
  return sum;
}

double Knapsack::least_cost() const {
  double sum = 0;
  for (const Class& options : classes_) {
    double least = kInfinity;
    for (const Option& option : options) least = std::min(least, option.cost);
    sum += least;
  }
  return sum;
}

std::optional<Solution> Knapsack::best(double budget) const {
  Search search(classes_, budget, true);
  if (!search.feasible()) return std::nullopt;
  std::vector<Solution> found = search.run();
  if (found.empty()) return std::nullopt;
  return std::move(found.back());  // the dearest of the front is the best
}

std::vector<Solution> Knapsack::front(double budget) const {
  Search search(classes_, budget, false);
  if (!search.feasible()) return {};
  return search.run();
}

bool Ranking::Part::operator<(const Part& other) const {
  return std::tie(best.value, best.choice) > std::tie(other.best.value, other.best.choice);
}

Ranking::Ranking(const Knapsack& knapsack, double budget) : knapsack_(knapsack), budget_(budget) {
  push({}, {});
}

void Ranking::push(Choice fixed, std::set<std::uint32_t> forbidden) {
  std::vector<Class> classes;
  std::vector<std::vector<std::uint32_t>> numbers;  // of the options that are left
  for (std::size_t k = 0; k < knapsack_.classes().size(); ++k) {
    Class left;
    std::vector<std::uint32_t> number;
    for (std::uint32_t i = 0; i < knapsack_.classes()[k].size(); ++i) {
      if (k < fixed.size() ? i != fixed[k] : k == fixed.size() && forbidden.count(i) > 0) continue;
      left.push_back(knapsack_.classes()[k][i]);
      number.push_back(i);
    }
    if (left.empty()) return;
    classes.push_back(std::move(left));
    numbers.push_back(std::move(number));
  }
  std::optional<Solution> best = Knapsack(std::move(classes)).best(budget_);
  if (!best) return;
  for (std::size_t k = 0; k < numbers.size(); ++k) best->choice[k] = numbers[k][best->choice[k]];
  parts_.push({std::move(fixed), std::move(forbidden), std::move(*best)});
}

std::optional<Solution> Ranking::next() {
  if (parts_.empty()) return std::nullopt;
  const Part part = parts_.top();
  parts_.pop();
  // What is left of the part: those that leave the best at its first class, at its second, ...
  Choice fixed = part.fixed;
  for (std::size_t k = part.fixed.size(); k < part.best.choice.size(); ++k) {
    std::set<std::uint32_t> forbidden;
    if (k == part.fixed.size()) forbidden = part.forbidden;
    forbidden.insert(part.best.choice[k]);
    push(fixed, std::move(forbidden));
    fixed.push_back(part.best.choice[k]);
  }
  return part.best;
}

}  // namespace search_strategies
