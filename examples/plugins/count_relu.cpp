// An analysis pass: it looks at the graph and publishes a number.
//   lathe plugin build count_relu.cpp
//   lathe transform jsc-toy jsc-sim --passes count_relu --plugin ./count_relu.so
#include <lathe/lathe.hpp>

struct CountRelu {
  void run(lathe::graph g, lathe::report out) {
    std::int64_t n = 0;
    for (auto node : g.nodes()) n += node.op() == "relu";
    out.scalar("relus", n);
  }
};
LATHE_ANALYSIS(CountRelu, "count_relu", "1.0.0", "Counts the ReLU nodes.")
