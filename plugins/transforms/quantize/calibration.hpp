// Chooses what formats leave open from values that were seen, and says what it saw and chose.
#pragma once

#include "choice.hpp"

namespace quantize {

enum class Method { none, range, percentile, mse, entropy };

Method method_of(std::string_view word);

struct CalibrationOptions {
  Method method;
  double percentile;  // between which part of all values the range is taken
  lathe::rows rows;   // that are observed
};

// What a pass is given to calibrate with.
struct Tools {
  const lathe::graph& graph;
  const lathe::executor& executor;
  const lathe::weights& weights;
  const lathe::formats& formats;
  const lathe::context& context;
  lathe::report& report;
};

// Fills in the options of the choices that are open; the rest is as it was.
void calibrate(const CalibrationOptions& options, std::vector<Choice>& choices, const Tools& tools);

}  // namespace quantize
