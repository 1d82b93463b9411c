// Layers of every kind that can run on integers, of any geometry, with any formats that allow it.
#pragma once

#include "tests/engine/integer/random_formats.hpp"

namespace lathe_test {

struct RandomLayer {
  std::string text;  // what it is, for messages
  Graph graph;       // of the batch that `inputs` have
  NodeId node = NodeId::none;
  std::vector<Tensor> inputs;
  bool may_stay_on_floats = false;  // a scale may change within a sum
  bool rows_apart = true;           // the same in portions of any size
};

// `any`: of all bytes; else such as instructions multiply exactly that add pairs of products in 16
// bits.
RandomLayer random_layer(std::uint64_t seed, bool any);

}  // namespace lathe_test
