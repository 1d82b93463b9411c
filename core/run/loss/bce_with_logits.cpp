// Binary cross entropy of logits and truth values (PyTorch's BCEWithLogitsLoss).
#include "core/run/loss/elements.hpp"

#include <algorithm>
#include <cmath>

namespace lathe::run {

namespace {

struct BinaryCrossEntropy {
  // log(1 + exp(-|x|)) does not overflow, and keeps its digits where exp(-|x|) is small.
  static double of(double x, double target) {
    return std::max(x, 0.0) - x * target + std::log1p(std::exp(-std::abs(x)));
  }
  static double slope(double x, double target) {
    const double e = std::exp(-std::abs(x));
    return (x >= 0 ? 1.0 / (1.0 + e) : e / (1.0 + e)) - target;
  }
  static void count(double x, double target, Counts& counts) {
    ++counts.judged;
    counts.right += !std::isnan(x) && (x > 0) == (target > 0.5) ? 1 : 0;
  }
};

}  // namespace

void bce_with_logits(const LossBatch& batch, Counts& counts) {
  compare_elements<BinaryCrossEntropy>(batch, counts);
}

}  // namespace lathe::run
