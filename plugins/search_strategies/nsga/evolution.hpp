// The genetic part of NSGA-II and NSGA-III: who is a parent, and children of parents. A pure
// function of what it was told: every population_size trials that complete, in number order, are a
// generation, of which and of whose parents the survivors are the next parents. So a generation
// begins at the same trial for any number of workers. Failed and pruned trials are in none.
#pragma once

#include "../space.hpp"
#include "population.hpp"

#include <functional>
#include <unordered_map>

namespace search_strategies {

struct EvolutionOptions {
  std::size_t population_size = 50;
  double crossover_prob = 0.9, swapping_prob = 0.5;
  double mutation_prob = -1;  // below 0: one of a child's parameters on average
};

class Evolution {
 public:
  // Who survives of a population that ends generation number `generation`.
  using Select = std::function<Members(const Population&, std::uint64_t generation)>;
  // Uniform numbers of [0, 1), keyed by a stream and by the answer that they are for.
  using Draw = std::function<void(const std::string& stream, double* out, std::size_t count)>;

  Evolution(Space space, const EvolutionOptions& options)
      : space_(std::move(space)), options_(options) {}

  const Space& space() const { return space_; }

  void started(std::uint64_t trial, const double* values);
  // The values of a complete trial, and by how much it violates its constraints.
  void completed(std::uint64_t trial, const double* values, double violation);
  void gave_nothing(std::uint64_t trial) { running_.erase(trial); }

  // `values`: all absent. Each attempt mutates more than the one before.
  void suggest(std::uint64_t attempt, const Select& select, const Draw& draw, double* values);

 private:
  void breed(const Select& select);
  std::size_t tournament(double first, double second, std::size_t except) const;
  void cross(const Draw& draw, double* values) const;
  double mutation_prob(const double* values, std::uint64_t attempt) const;

  Space space_;
  EvolutionOptions options_;
  std::unordered_map<std::uint64_t, std::vector<double>> running_;  // points
  Population born_;  // complete, and in no generation yet
  Population parents_;
  std::uint64_t generation_ = 0;
};

}  // namespace search_strategies
