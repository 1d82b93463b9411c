// log.json and best.json, MASE's files of a search. Knows nothing of searches: a trial is a row.
#pragma once

#include "core/base/value.hpp"

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace lathe {

struct LoggedTrial {
  std::int64_t number = 0;
  std::string_view state;      // "COMPLETE", as Optuna calls it
  std::vector<double> values;  // one per objective; empty: it has none
  // None: an empty cell.
  Value software_metrics, hardware_metrics, scaled_metrics, sampled_config;
  std::string error;  // why it failed; empty: it did not
  std::chrono::system_clock::time_point started{}, completed{};
};

// As MASE writes them (pandas, orient=index, indent 4, 10 decimals).
std::string log_json(std::span<const LoggedTrial> trials, std::size_t objectives);
// REQUIRES: each of the best has values.
std::string best_json(std::span<const LoggedTrial> best, std::size_t objectives);

}  // namespace lathe
