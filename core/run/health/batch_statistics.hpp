// Batches that a batch norm cannot normalise: with one value per channel, where the statistics are
// those of the batch.
#pragma once

#include "core/host/split.hpp"
#include "core/run/backend.hpp"

namespace lathe::run {

// Said before the first batch instead of at the last one. `rows` of the split are taken in batches
// of `batch`. In evaluation only batch norms without running statistics take the batch's. Throws
// usage_error that names node, batch size and rows.
void check_batch_statistics(const Graph& graph, Mode mode, std::int64_t rows, std::int64_t batch,
                            Split split);

}  // namespace lathe::run
