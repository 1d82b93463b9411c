// log.json and best.json, MASE's files of a search. Knows nothing of searches: a trial is a row.
#pragma once

#include "core/base/value.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace lathe {

struct LoggedTrial {
  std::int64_t number = 0;
  std::string_view state;      // "COMPLETE", as Optuna calls it
  std::vector<double> values;  // one per objective; empty: it has none
  // None: an empty cell.
  Value software_metrics, hardware_metrics, scaled_metrics, sampled_config;
  Value explained;    // what the sampler tells about its point
  std::string error;  // why it failed; empty: it did not
  std::chrono::system_clock::time_point started{}, completed{};
};

// Appends text to a file that is being written.
using TextSink = std::function<void(std::string_view text)>;

// What some trials have, and others not.
struct LogColumns {
  std::size_t objectives = 1;
  bool error = false;
  bool explained = false;
};

// Both files as MASE writes them (pandas, orient=index, indent 4, 10 decimals), trial by trial, so
// that a log of any length takes no memory.
void write_log_json(std::size_t trials, const std::function<LoggedTrial(std::size_t)>& trial,
                    const LogColumns& columns, const TextSink& sink);
// REQUIRES: each of the best has values.
void write_best_json(std::size_t best, const std::function<LoggedTrial(std::size_t)>& trial,
                     std::size_t objectives, const TextSink& sink);

}  // namespace lathe
