// A search space whose objective adds up, as a knapsack: a class for each parameter that always
// exists, with an option for each way to choose it and what hangs on it. And between the points of
// the one and the choices of the other.
#pragma once

#include "../space.hpp"
#include "contributions.hpp"
#include "knapsack.hpp"

#include <map>

namespace search_strategies {

// Values of one quantity for each parameter of a space, choice by choice.
struct Table {
  double constant = 0;
  std::vector<std::vector<double>> values;
};

// An objective of a file for a space. Throws std::invalid_argument, with the place in the file, if
// it lacks a parameter that has a choice, has one that the space has not, or other choices.
Table table_of(const Space& space, const ContributionsFile& file, const std::string& objective,
               const std::string& file_name);

class Layers {
 public:
  // `costs`: none if there is no budget. Throws std::invalid_argument for a parameter that has no
  // choices, and one on which too many others hang.
  Layers(const Space& space, const Table& values, const Table* costs);

  const Knapsack& knapsack() const { return knapsack_; }
  void write(const Choice& choice, double* point) const;
  Choice choice_of(const double* point) const;

 private:
  struct Group {
    std::vector<std::size_t> parameters;                   // the root first
    std::vector<std::vector<double>> options;              // their values; kAbsent
    std::map<std::vector<double>, std::uint32_t> numbers;  // of options, -1 for absent
  };
  void enumerate(const Space& space, Group& group, std::size_t place,
                 std::vector<double>& point) const;

  std::vector<Group> groups_;
  Knapsack knapsack_{{}};
};

}  // namespace search_strategies
