// Takes dropout out of the network: modules and functions, of any rank.
#include "carries_format.hpp"

#include <lathe/lathe.hpp>

namespace {

bool is_dropout(const lathe::node& node) {
  static const lathe::key dropout("dropout"), dropout2d("dropout2d");
  return node.is(dropout) || node.is(dropout2d);
}

struct RemoveDropout {
  static constexpr const char* scalars = "removed";
  static constexpr const char* details =
      "What reads a dropout (`dropout`, `dropout2d`; module or function) reads its input instead, "
      "and the dropout goes. Evaluation computes the same as before; training drops nothing any "
      "more. A dropout that carries a number format stays, because its output is rounded.\n\n"
      "Publishes `removed`, and a table `dropouts` with each one and whether it went.\n\n"
      "Source: MASE (`remove_dropout`).\n\n"
      "Example: `lathe transform 'mlp<dropout=0.5>' jsc-sim --passes "
      "remove_dropout,report_graph`";

  void run(lathe::graph graph, lathe::edit& edit, lathe::report out) const {
    std::vector<lathe::node> removed;
    lathe::table table = out.table("dropouts", {"node", "op", "removed", "why_not"});
    for (const lathe::node node : graph.nodes()) {
      if (!is_dropout(node)) continue;
      const bool quantized = carries_format(node);
      if (!quantized) removed.push_back(node);
      table.row({node.name(), node.op(), !quantized,
                 quantized ? lathe::value("it carries a number format") : lathe::value()});
    }
    // The last first, as one may read another.
    for (auto node = removed.rbegin(); node != removed.rend(); ++node) {
      edit.replace_uses(*node, node->input(0));
      edit.remove(*node);
    }
    out.scalar("removed", static_cast<std::int64_t>(removed.size()));
  }
};

}  // namespace

LATHE_TRANSFORM(RemoveDropout, "remove_dropout", "1.0.0", "Takes dropout layers out.")
