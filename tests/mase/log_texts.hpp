// log.json and best.json as texts.
#pragma once

#include "core/mase/log_json.hpp"

#include <span>

namespace lathe_test {

inline std::string log_text(std::span<const lathe::LoggedTrial> trials,
                            const lathe::LogColumns& columns) {
  std::string text;
  lathe::write_log_json(
      trials.size(), [&](std::size_t i) { return trials[i]; }, columns,
      [&](std::string_view more) { text += more; });
  return text;
}

inline std::string best_text(std::span<const lathe::LoggedTrial> best, std::size_t objectives) {
  std::string text;
  lathe::write_best_json(
      best.size(), [&](std::size_t i) { return best[i]; }, objectives,
      [&](std::string_view more) { text += more; });
  return text;
}

}  // namespace lathe_test
