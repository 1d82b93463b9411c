// A trial that takes 50 ms and no processor, as one on another machine does.
#include <lathe/lathe.hpp>

#include <chrono>
#include <thread>

struct Naps {
  void run(lathe::graph, lathe::report out) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    out.scalar("naps", 1.0);
  }
};
LATHE_ANALYSIS(Naps, "example.naps", "1.0.0", "Takes 50 ms.")
