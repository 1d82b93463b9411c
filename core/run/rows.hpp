// The rows of a data set that are run on, who they are, and in which portions. Knows nothing about
// what runs on them.
#pragma once

#include "core/host/executor.hpp"

#include <mutex>
#include <vector>

namespace lathe::run {

// The rows asked for, in memory: the first of a split. Shares the data set's tensors.
struct RowSource {
  SplitTensors split;
  std::int64_t rows = 0;
  std::int64_t batch = 0;
  const std::int64_t* labels() const { return split.labels.values<std::int64_t>().data(); }
};

// Throws run_error for an empty split, usage_error for a batch size below 1 or samples whose shape
// is not what the graph's placeholder takes.
RowSource rows_of(const Graph& graph, const Dataset& data, const Rows& rows);

// Rows that are run at once: a whole number of batches if the graph keeps rows apart, so that small
// batches do not cost a dispatch per op each; else one batch.
std::int64_t chunk_rows(const Graph& graph, const RowSource& source);

// Content hashes of the rows of data sets, each computed once while its tensors live. Thread-safe.
class RowIdentities {
 public:
  ContentHash of(const RowSource& source);

 private:
  struct Known {
    std::weak_ptr<const void> owner;
    const void* data;
    std::int64_t rows;
    ContentHash hash;
  };
  std::mutex mutex_;
  std::vector<Known> known_;
};

}  // namespace lathe::run
