// The rows of a data set that are run on, who they are, and in which portions. Knows nothing about
// what runs on them.
#pragma once

#include "core/host/executor.hpp"

#include <mutex>
#include <vector>

namespace lathe::run {

// The rows asked for, in memory: the first of a split. Shares the data set's tensors.
struct RowSource {
  RowTensors split;
  std::vector<std::size_t> feed;  // by placeholder: the field that it takes
  std::vector<Tensor> inputs;     // the same, of the whole split
  std::int64_t rows = 0;
  std::int64_t batch = 0;
};

// Throws run_error for an empty split, usage_error for a batch size below 1 or for fields that are
// not what the graph's placeholders take.
RowSource rows_of(const Graph& graph, const Dataset& data, const Rows& rows);

// By placeholder, the input field that it takes: the one of its name if every placeholder has one,
// else the one at its place, and then there must be as many. Throws usage_error naming placeholder,
// field, and shapes and types if they differ.
std::vector<std::size_t> feed_of(const Graph& graph, const Dataset& data);

// Tensors of those rows, one per placeholder.
std::vector<Tensor> fed(const std::vector<std::size_t>& feed, const RowTensors& rows);

// Rows that an evaluation runs at once. If the graph keeps rows apart on the CPU, as many as its
// caches take, and where memory allows so many that every linear layer multiplies kLeastRows rows
// of numbers, which of sequences one row of the data may have: the same for batches of any size, so
// that a library whose last bits depend on the number of rows gives the same ones (oneDNN's do on
// AVX2), and small batches do not cost a dispatch per op each. A whole number of batches on another
// device, or if a number format that may look at all of them sits on an input or an output. Else
// one batch.
std::int64_t chunk_rows(const Graph& graph, const RowSource& source, const Registry& registry,
                        bool on_cpu);
inline constexpr std::int64_t kLeastRows = 64;

// Content hashes of the rows of data sets, all fields, each computed once while its tensors live.
// Thread-safe.
class RowIdentities {
 public:
  ContentHash of(const RowSource& source);

 private:
  struct Held {
    std::weak_ptr<const void> owner;
    const void* data;
  };
  struct Known {
    std::vector<Held> fields;
    std::int64_t rows;
    ContentHash hash;
  };
  static bool is_of(const Known& known, const RowSource& source);
  std::mutex mutex_;
  std::vector<Known> known_;
};

}  // namespace lathe::run
