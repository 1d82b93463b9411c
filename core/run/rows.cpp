// Rows of data sets, as the loops go over them.
#include "core/run/rows.hpp"

#include "core/graph/ops/op_table.hpp"
#include "core/host/instances/format_instance.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lathe::run {

namespace {

// Activations of a chunk stay within a core's second-level cache.
constexpr std::int64_t kChunkElements = std::int64_t{1} << 18;
// More of them, but for those of a single row, no evaluation needs: 32 MiB.
constexpr std::int64_t kMostElements = std::int64_t{1} << 23;

std::vector<std::size_t> input_fields(const DatasetInfo& info) {
  std::vector<std::size_t> inputs;
  for (std::size_t i = 0; i < info.fields.size(); ++i) {
    if (info.fields[i].role == LATHE_FIELD_INPUT) inputs.push_back(i);
  }
  return inputs;
}

// The input of that name; info.fields.size() if there is none.
std::size_t input_named(const DatasetInfo& info, std::string_view name) {
  const auto found = std::ranges::find_if(info.fields, [&](const Field& field) {
    return field.role == LATHE_FIELD_INPUT && field.name == name;
  });
  return static_cast<std::size_t>(found - info.fields.begin());
}

void check_fits(const Node& placeholder, const Field& field, std::string_view data) {
  std::vector<std::int64_t> expected = placeholder.result.shape.dims();
  if (!expected.empty()) expected.erase(expected.begin());
  if (placeholder.result.dtype == field.dtype && expected == field.shape.dims()) return;
  throw usage_error(fmt::format(
      "the network's input '{}' takes {} {} a row, the field '{}' of data set '{}' is {} {} a row",
      placeholder.name, name(placeholder.result.dtype), Shape(expected).text(), field.name, data,
      name(field.dtype), field.shape.text()));
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

// Rows of numbers that one row of the data is to the linear layer that sees the fewest, eg: the
// tokens of a sequence.
std::int64_t fewest_positions(const Graph& graph, std::int64_t batch) {
  std::optional<std::int64_t> fewest;
  for (NodeId id : graph.order()) {
    const Node& node = graph.node(id);
    const Shape& shape = node.result.shape;
    if (node.op != "linear" || shape.numel() == 0) continue;
    const std::int64_t seen = shape.numel() / (batch * shape[shape.rank() - 1]);
    fewest = std::min(fewest.value_or(seen), seen);
  }
  return std::max<std::int64_t>(fewest.value_or(1), 1);
}

// A format of a parameter sees that alone; one of an input or an output may look at a whole batch,
// and random numbers are counted from where it begins.
bool looks_at_batches(const Graph& graph, const Registry& registry) {
  return std::ranges::any_of(graph.order(), [&](NodeId id) {
    const Node& node = graph.node(id);
    return std::ranges::any_of(node.formats, [&](const OperandFormat& format) {
      if (parameter_in_role(*node.row, node, format.role) != nullptr) return false;
      const FormatInstance& made = format_instance(registry, format.format, format.options);
      return !made.has(LATHE_FLAG_ROWS_APART) || made.has(LATHE_FLAG_STOCHASTIC);
    });
  });
}

}  // namespace

std::vector<std::size_t> feed_of(const Graph& graph, const Dataset& data) {
  const std::vector<NodeId> placeholders = graph.placeholders();
  const DatasetInfo info = data.info();
  std::vector<std::size_t> feed;
  for (NodeId id : placeholders) feed.push_back(input_named(info, graph.node(id).target));
  if (std::ranges::count(feed, info.fields.size()) > 0) {
    feed = input_fields(info);
    if (feed.size() != placeholders.size()) {
      throw usage_error(fmt::format("the network has {} inputs, data set '{}' has {}",
                                    placeholders.size(), data.id(), feed.size()));
    }
  }
  for (std::size_t i = 0; i < feed.size(); ++i) {
    check_fits(graph.node(placeholders[i]), info.fields[feed[i]], data.id());
  }
  return feed;
}

std::vector<Tensor> fed(const std::vector<std::size_t>& feed, const RowTensors& rows) {
  std::vector<Tensor> inputs;
  for (const std::size_t field : feed) inputs.push_back(rows.fields[field]);
  return inputs;
}

RowSource rows_of(const Graph& graph, const Dataset& data, const Rows& rows) {
  if (rows.batch_size < 1) {
    throw usage_error(fmt::format("the batch size is {}; it must be 1 or more", rows.batch_size));
  }
  RowSource out;
  out.feed = feed_of(graph, data);
  out.split = data.all(rows.split);
  out.inputs = fed(out.feed, out.split);
  out.rows = out.split.rows();
  if (out.rows == 0) {
    throw run_error(
        LATHE_FAILED_PRECONDITION,
        fmt::format("the {} split of data set '{}' has no rows", name(rows.split), data.id()));
  }
  out.batch = std::min(rows.batch_size, out.rows);
  if (rows.samples > 0 && rows.samples < static_cast<std::uint64_t>(out.rows)) {
    out.rows = static_cast<std::int64_t>(rows.samples);
  }
  return out;
}

std::int64_t chunk_rows(const Graph& graph, const RowSource& source, const Registry& registry,
                        bool on_cpu) {
  if (!is_row_wise(graph)) return source.batch;
  const std::int64_t batch = std::max<std::int64_t>(graph.batch(), 1);
  std::int64_t widest = 1;
  for (NodeId id : graph.order()) {
    const Result& result = graph.node(id).result;
    if (result.is_tensor()) widest = std::max(widest, result.shape.numel() / batch);
  }
  if (!on_cpu || looks_at_batches(graph, registry)) {
    const std::int64_t batches = kChunkElements / (widest * source.batch);
    return source.batch * std::max<std::int64_t>(batches, 1);
  }
  const std::int64_t positions = fewest_positions(graph, batch);
  const std::int64_t least =
      std::min((kLeastRows + positions - 1) / positions, kMostElements / widest);
  return std::max<std::int64_t>({kChunkElements / widest, least, 1});
}

bool RowIdentities::is_of(const Known& known, const RowSource& source) {
  const std::vector<Tensor>& fields = source.split.fields;
  if (known.rows != source.rows || known.fields.size() != fields.size()) return false;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (known.fields[i].data != fields[i].bytes().data() ||
        known.fields[i].owner.lock() != fields[i].owner()) {
      return false;
    }
  }
  return true;
}

ContentHash RowIdentities::of(const RowSource& source) {
  {
    std::lock_guard lock(mutex_);
    std::erase_if(known_, [](const Known& known) {
      return std::ranges::any_of(known.fields,
                                 [](const Held& field) { return field.owner.expired(); });
    });
    for (const Known& known : known_) {
      if (is_of(known, source)) return known.hash;
    }
  }
  const auto rows = static_cast<std::size_t>(source.rows);
  Known known{{}, source.rows, {}};
  Hasher hasher;
  hasher.add(source.rows);
  for (const Tensor& field : source.split.fields) {
    const auto all = static_cast<std::size_t>(field.shape()[0]);
    hasher.add(lathe::name(field.dtype()));
    for (std::size_t i = 1; i < field.shape().rank(); ++i) hasher.add(field.shape()[i]);
    hasher.add_bytes(field.bytes().first(field.bytes().size() / all * rows));
    known.fields.push_back({field.owner(), field.bytes().data()});
  }
  known.hash = hasher.finish();
  std::lock_guard lock(mutex_);
  known_.push_back(known);
  return known.hash;
}

}  // namespace lathe::run
