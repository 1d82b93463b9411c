#include "core/run/health/batch_statistics.hpp"

#include <fmt/format.h>

namespace lathe::run {

void check_batch_statistics(const Graph& graph, Mode mode, std::int64_t rows, std::int64_t batch,
                            Split split) {
  if (batch != 1 && rows % batch != 1) return;
  for (const NodeId id : graph.order()) {
    const Node& node = graph.node(id);
    if (!node.op.starts_with("batch_norm")) continue;
    const bool tracked = node.parameter("running_mean") != nullptr;
    if (mode != Mode::training && tracked) continue;
    const Shape& shape = node.result.shape;
    if (shape.numel() != shape[0] * shape[1]) continue;
    const std::string who = fmt::format(
        "node '{}' ({}{}) cannot normalise a single row: it needs more than 1 value "
        "per channel",
        node.name, node.op, tracked ? "" : ", without running statistics");
    if (rows == 1)
      throw usage_error(
          fmt::format("one row of the {} split is run, and {}; take more rows", name(split), who));
    throw usage_error(fmt::format(
        "batch size {} leaves a batch of one row of the {} in the {} split, and {}; choose another "
        "batch size{}",
        batch, rows, name(split), who,
        mode == Mode::evaluation ? " (--evaluation-batch-size)" : ""));
  }
}

}  // namespace lathe::run
