// The conventions by which work is counted, one row each (docs/counting.md has formulas and
// sources). A row goes by what an op is to them all, lathe_op_facts.counting, and by shapes.
#pragma once

#include "layer_work.hpp"

namespace analysis {

struct Convention {
  const char* name;  // of the tool
  const char* key;   // of its scalar and column
  const char* back;  // of those backward; null: the convention has no rule for it
  const char* unit;  // what it counts
  double (*forward)(const LayerWork&);
  // `gradients` of the op's two factors are asked for; null: no rule.
  double (*backward)(const LayerWork&, int gradients);
};

// MASE's FLOP estimator, groups counted right.
inline double mase(const LayerWork& w) { return w.computations; }
inline double mase_backward(const LayerWork& w, int) { return w.backward_computations; }

inline double macs(const LayerWork& w) { return w.macs; }

// torch.utils.flop_counter: products alone, and for each gradient one more of the same size.
inline double flop_counter(const LayerWork& w) { return 2 * w.macs; }
inline double flop_counter_backward(const LayerWork& w, int gradients) {
  return 2 * w.macs * gradients;
}

// fvcore/nn/jit_handles.py and flop_count.py.
inline double fvcore(const LayerWork& w) {
  switch (w.counting) {
    case LATHE_COUNT_BATCH_NORM:
      return w.input * (w.affine ? 2 : 1);
    case LATHE_COUNT_LAYER_NORM:
      return w.input * (w.affine ? 5 : 4);
    case LATHE_COUNT_ADAPTIVE_AVG_POOL:
      return w.two_dimensional ? w.input : 0;
    default:
      return w.macs;
  }
}

// ptflops/pytorch_ops.py, the backend "pytorch".
inline double ptflops(const LayerWork& w) {
  switch (w.counting) {
    case LATHE_COUNT_LINEAR:
    case LATHE_COUNT_CONV:
      return w.macs + (w.bias ? w.output : 0);
    case LATHE_COUNT_CONV_TRANSPOSE:  // windows at every position of the result
      return w.macs * w.positions + (w.bias ? w.output : 0);
    case LATHE_COUNT_BATCH_NORM:
      return w.input * (w.affine ? 2 : 1);
    case LATHE_COUNT_LAYER_NORM:  // it asks for `affine`, which LayerNorm calls elementwise_affine
    case LATHE_COUNT_POOL:
    case LATHE_COUNT_ADAPTIVE_AVG_POOL:
    case LATHE_COUNT_SOFTMAX:
      return w.input;
    case LATHE_COUNT_RECTIFIER:
      return w.output;
    case LATHE_COUNT_PRODUCT:
      return w.macs;
    default:
      return w.counting == LATHE_COUNT_OWN ? w.macs + w.elementwise : 0;
  }
}

// calflops/pytorch_ops.py: beside the FLOPs, whose multiply-accumulates are two, it has MACs.
inline double calflops(const LayerWork& w) {
  switch (w.counting) {
    case LATHE_COUNT_CONV:
    case LATHE_COUNT_CONV_TRANSPOSE:  // of a linear layer it leaves the bias out
      return 2 * w.macs + (w.bias ? w.output : 0);
    case LATHE_COUNT_BATCH_NORM:
      return w.input * (w.affine ? 2 : 1);
    case LATHE_COUNT_LAYER_NORM:
      return w.input * (w.affine ? 5 : 4);
    case LATHE_COUNT_RECTIFIER:
    case LATHE_COUNT_POOL:
    case LATHE_COUNT_ADAPTIVE_AVG_POOL:
    case LATHE_COUNT_SOFTMAX:
      return w.input;
    case LATHE_COUNT_ARITHMETIC:
      return w.output;
    case LATHE_COUNT_OWN:
      return 2 * w.macs + w.elementwise;
    default:
      return 2 * w.macs;
  }
}
inline double calflops_backward(const LayerWork& w, int) { return 2 * calflops(w); }
inline double twice_macs(const LayerWork& w, int) { return 2 * w.macs; }

inline constexpr Convention kConventions[] = {
    {"MASE", "computations", "backward_computations", "1 per MAC", mase, mase_backward},
    {"MACs", "macs", nullptr, "MACs", macs, nullptr},
    {"torch FlopCounterMode", "flop_counter", "flop_counter_backward", "2 per MAC", flop_counter,
     flop_counter_backward},
    {"fvcore", "fvcore", nullptr, "1 per MAC", fvcore, nullptr},
    {"ptflops", "ptflops", nullptr, "1 per MAC", ptflops, nullptr},
    {"calflops", "calflops", "calflops_backward", "2 per MAC", calflops, calflops_backward},
    {"calflops MACs", "calflops_macs", "calflops_macs_backward", "MACs", macs, twice_macs},
};
inline constexpr std::size_t kConventionCount = sizeof kConventions / sizeof *kConventions;

}  // namespace analysis
