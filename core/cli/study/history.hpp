// A history of trials as a file, to ask a sampler what it would suggest next:
//   {"directions": ["minimize"], "space": {"v0": {"kind": "cat", "n": 3}, "x": {"kind": "float",
//   ...}},
//    "sampler": {"multivariate": true},
//    "trials": [{"number": 0, "state": "COMPLETE", "values": [2.0], "params": {"v0": 1, "x": 0.5},
//                "intermediate": {"0": 3.1}}, ...]}
// A categorical parameter has its n choices by number. Other keys are passed over.
#pragma once

#include "core/search/plan/sampler.hpp"
#include "core/search/study/trial.hpp"

#include <filesystem>

namespace lathe {

struct History {
  SearchSpace space;
  std::vector<lathe_direction> directions;
  Value sampler{Value::Map{}};  // options of the sampler
  std::vector<Trial> trials;    // in number order
};

// Throws usage_error: file:line:column and what is wrong there.
History read_history(const std::filesystem::path& file);

// `n` suggestions for the trial behind the history, independent of each other, by parameter; NaN
// where a parameter does not exist. The sampler is told every outcome, and no suggestion.
std::vector<std::vector<double>> draw_suggestions(const History& history,
                                                  const SamplerChoice& sampler, std::uint64_t seed,
                                                  std::uint64_t n);

}  // namespace lathe
