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
  // A logit that is NaN says neither: it is wrong, and counts as no prediction.
  static void count(double x, double target, std::size_t label, Counts& counts) {
    const bool found = x > 0, there = target > 0.5;
    const bool right = !std::isnan(x) && found == there;
    ++counts.judged;
    counts.right += right ? 1 : 0;
    if (counts.correct.empty()) return;
    counts.correct[label] += right && there ? 1 : 0;
    counts.labelled[label] += there ? 1 : 0;
    counts.predicted[label] += found ? 1 : 0;
    if (!counts.absent.empty()) counts.absent[label] += right && !there ? 1 : 0;
  }
};

}  // namespace

void bce_with_logits(const LossBatch& batch, Counts& counts) {
  compare_elements<BinaryCrossEntropy>(batch, counts);
}

}  // namespace lathe::run
