// Objective functions that samplers are compared by, as files of JSON describe them: a space, and
// for each objective an offset and a sum of terms, to be minimised. Knows no sampler.
#pragma once

#include "core/search/space/space.hpp"

#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace lathe::quality {

// What a term adds at a point: one number per variable of the space, NaN where it does not exist.
using Term = std::function<double(std::span<const double> x)>;

struct Objective {
  double offset = 0;
  std::vector<Term> terms;

  double at(std::span<const double> x) const;
};

struct Function {
  std::string id;
  SearchSpace space;
  std::vector<Objective> objectives;
  double noise_sigma = 0;            // of the values that a sampler is told
  std::optional<double> best_known;  // value of the optimum, or hypervolume of the true front
  std::vector<double> reference;     // of the hypervolume; with several objectives

  std::vector<double> values(std::span<const double> x) const;
  // 0-based indices of choices become numbers of a range, which is how MASE asks.
  void ask_choices_as_integers();
};

// Throws usage_error with the place of what is wrong in the file.
Function read_function(const std::filesystem::path& file);
// A file, or every *.json of a folder but testvectors.json, in the order of their names.
std::vector<Function> read_functions(const std::filesystem::path& place);

}  // namespace lathe::quality
