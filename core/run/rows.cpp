// Rows of data sets, as the loops go over them.
#include "core/run/rows.hpp"

#include "core/graph/ops/op_table.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lathe::run {

namespace {

// Activations of a chunk stay within a core's second-level cache.
constexpr std::int64_t kChunkElements = std::int64_t{1} << 18;

void check_samples(const Graph& graph, const Dataset& data, const Tensor& samples) {
  const std::vector<NodeId> placeholders = graph.placeholders();
  if (placeholders.size() != 1) {
    throw usage_error(
        fmt::format("the network has {} inputs; data set '{}' can feed networks with one",
                    placeholders.size(), data.id()));
  }
  const Node& input = graph.node(placeholders[0]);
  std::vector<std::int64_t> expected = input.result.shape.dims();
  std::vector<std::int64_t> found = samples.shape().dims();
  if (!expected.empty()) expected.erase(expected.begin());
  if (!found.empty()) found.erase(found.begin());
  if (expected != found) {
    throw usage_error(fmt::format(
        "the network's input '{}' takes samples of shape {}, data set '{}' has samples of shape {}",
        input.name, Shape(expected).text(), data.id(), Shape(found).text()));
  }
}

// True if batches may be run together: no op and no layout mixes rows.
bool is_row_wise(const Graph& graph) {
  for (NodeId id : graph.order()) {
    const Node& node = graph.node(id);
    if (node.opcode == Opcode::placeholder || node.opcode == Opcode::output) continue;
    if (node.opcode == Opcode::get_attr || !keeps_rows_apart(graph, id)) return false;
  }
  return true;
}

}  // namespace

RowSource rows_of(const Graph& graph, const Dataset& data, const Rows& rows) {
  if (rows.batch_size < 1) {
    throw usage_error(fmt::format("the batch size is {}; it must be 1 or more", rows.batch_size));
  }
  RowSource out;
  out.split = data.all(rows.split);
  out.rows = out.split.labels.numel();
  if (out.rows == 0) {
    throw run_error(
        LATHE_FAILED_PRECONDITION,
        fmt::format("the {} split of data set '{}' has no rows", name(rows.split), data.id()));
  }
  check_samples(graph, data, out.split.samples);
  out.batch = std::min(rows.batch_size, out.rows);
  if (rows.samples > 0 && rows.samples < static_cast<std::uint64_t>(out.rows)) {
    out.rows = static_cast<std::int64_t>(rows.samples);
  }
  return out;
}

std::int64_t chunk_rows(const Graph& graph, const RowSource& source) {
  if (source.rows <= source.batch || !is_row_wise(graph)) return source.batch;
  const std::int64_t batch = std::max<std::int64_t>(graph.batch(), 1);
  std::int64_t widest = 1;
  for (NodeId id : graph.order()) {
    const Result& result = graph.node(id).result;
    if (result.is_tensor()) widest = std::max(widest, result.shape.numel() / batch);
  }
  const std::int64_t batches = kChunkElements / (widest * source.batch);
  return source.batch * std::max<std::int64_t>(batches, 1);
}

ContentHash RowIdentities::of(const RowSource& source) {
  const void* data = source.split.samples.bytes().data();
  {
    std::lock_guard lock(mutex_);
    std::erase_if(known_, [](const Known& known) { return known.owner.expired(); });
    for (const Known& known : known_) {
      if (known.data == data && known.rows == source.rows &&
          known.owner.lock() == source.split.samples.owner()) {
        return known.hash;
      }
    }
  }
  const auto rows = static_cast<std::size_t>(source.rows);
  const Tensor& samples = source.split.samples;
  const auto all = static_cast<std::size_t>(samples.shape()[0]);
  Hasher hasher;
  hasher.add(source.rows);
  hasher.add_bytes(samples.bytes().first(samples.bytes().size() / all * rows));
  hasher.add_bytes(std::as_bytes(source.split.labels.values<std::int64_t>().first(rows)));
  const ContentHash hash = hasher.finish();
  std::lock_guard lock(mutex_);
  known_.push_back({samples.owner(), data, source.rows, hash});
  return hash;
}

}  // namespace lathe::run
