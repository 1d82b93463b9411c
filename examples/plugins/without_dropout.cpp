// A transform: it edits the graph. With an `edit&` the changes are applied together when run
// returns; if it throws, the graph stays as it was.
#include <lathe/lathe.hpp>

struct WithoutDropout {
  static constexpr const char* scalars = "removed";

  void run(lathe::graph g, lathe::edit& edit, lathe::report out) {
    std::int64_t removed = 0;
    const auto nodes = g.nodes();
    for (std::uint32_t i = nodes.size(); i-- > 0;) {  // the last first: one may read another
      const auto node = nodes[i];
      if (node.op() != "dropout") continue;
      if (node.input_count() != 1) {
        throw lathe::invalid_argument("a dropout reads one tensor").at_node(node);
      }
      edit.replace_uses(node, node.input(0));
      edit.remove(node);
      ++removed;
    }
    out.scalar("removed", removed);
  }
};
LATHE_TRANSFORM(WithoutDropout, "example.without_dropout", "1.0.0", "Takes dropout layers out.")
