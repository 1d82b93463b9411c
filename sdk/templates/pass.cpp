// An analysis pass: it looks at the graph and publishes numbers and a table. To change the graph,
// let run() take a lathe::edit& as well and use LATHE_TRANSFORM.
//   lathe plugin build pass_name.cpp
//   lathe transform jsc-toy jsc-sim --passes 'pass_name<op=linear>' --plugin ./pass_name.so
#include <lathe/lathe.hpp>

class PassName {
 public:
  static constexpr lathe_option options[] = {
      lathe::string_option("op", "Nodes of this op are counted.").by_default("relu"),
  };
  // What a search can optimise: names of the scalars published below.
  static constexpr const char* scalars = "pass_name";

  explicit PassName(lathe::options o) : op_(o.text("op")) {}

  void run(lathe::graph g, lathe::report out) {
    std::int64_t count = 0;
    auto table = out.table("nodes", {"node", "op"});
    for (auto node : g.nodes()) {
      if (node.op() != op_) continue;
      ++count;
      table.row({node.name(), node.op()});
    }
    out.scalar("pass_name", count);
  }

 private:
  std::string op_;
};
LATHE_ANALYSIS(PassName, "pass_name", "0.1.0", "Counts the nodes of one op.")
