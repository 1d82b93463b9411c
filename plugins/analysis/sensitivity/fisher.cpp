// All layers in one pass: a graph in which each layer has a twin that reads the same inputs, with
// one operand in another format. What is observed of both, and the gradient at the layer's output,
// gives the second-order change of the loss. The output of the network does not depend on twins.
#include "work.hpp"

#include <map>

namespace sensitivity {

namespace {

// A layer and its twin, or one call of several of a shared module.
struct Twin {
  std::size_t site, format;
  lathe::node_id layer, twin;
};

// A node that another stands in for.
struct Replaced {
  lathe::node_id node, by;
};

std::vector<lathe::value> list_of(lathe::value_view list, const Replaced& replaced = {});

lathe::value value_of(lathe::value_view v, const Replaced& replaced) {
  if (v.kind() == LATHE_VALUE_LIST) return lathe::value::list(list_of(v, replaced));
  if (v.is_node() && v.node() == replaced.node) return lathe::value(replaced.by);
  return lathe::value(v);
}

std::vector<lathe::value> list_of(lathe::value_view list, const Replaced& replaced) {
  std::vector<lathe::value> items;
  for (std::uint64_t i = 0; i < list.size(); ++i) items.push_back(value_of(list[i], replaced));
  return items;
}

std::vector<lathe::value::entry> entries_of(lathe::value_view map, const Replaced& replaced = {}) {
  std::vector<lathe::value::entry> entries;
  for (const lathe_entry& e : map.entries()) {
    entries.emplace_back(lathe::to_string(lathe::to_view(e.key)), value_of(&e.value, replaced));
  }
  return entries;
}

class Twins {
 public:
  Twins(const Work& work, const lathe::graph& copy) : work_(work), edit_(copy.edit()) {}

  void add(std::size_t site, std::size_t format) {
    for (const lathe::node_id id : work_.sites[site].nodes) add(site, format, id);
  }
  std::vector<Twin> commit() {
    edit_.commit();
    return std::move(twins_);
  }

 private:
  void add(std::size_t s, std::size_t f, lathe::node_id id) {
    const Site& site = work_.sites[s];
    const lathe::node layer = work_.graph.at(id);
    const bool has_weights =
        layer.is_module() && (site.role == LATHE_ROLE_WEIGHT || site.role == LATHE_ROLE_BIAS);
    lathe::node_spec spec;
    spec.op = lathe::to_string(layer.op());
    spec.opcode = layer.opcode();
    // Weights of one module have one format: a twin with another has a module of its own.
    spec.target =
        has_weights
            ? lathe::join({"sensitivity_", std::to_string(twins_.size()), "_", layer.name()})
            : lathe::to_string(layer.target());
    spec.name = lathe::join({"sensitivity_", layer.name()});
    const std::optional<lathe::node> stored = stored_input(layer, site.role);
    const Replaced replaced = stored ? Replaced{stored->id(), stored_twin(*stored)} : Replaced{};
    spec.args = list_of(layer.arguments(), replaced);
    spec.kwargs = entries_of(layer.kwargs(), replaced);
    // Those of a function are among its arguments.
    if (layer.is_module()) spec.attributes = entries_of(layer.attributes());
    spec.after = id;
    const lathe::node_id twin = edit_.add(spec);
    if (has_weights) copy_tensors(layer, twin);
    copy_formats(layer, twin, site.role);
    set_format(edit_, twin, site, site.formats[f]);
    twins_.push_back({s, f, id, twin});
  }

  // A tensor of the model of its own, with the same contents.
  lathe::node_id stored_twin(const lathe::node& stored) {
    lathe::node_spec spec;
    spec.opcode = LATHE_OPCODE_GET_ATTR;
    spec.op = lathe::to_string(stored.op());
    spec.target = lathe::join({"sensitivity_", std::to_string(twins_.size()), "_", stored.name()});
    spec.name = lathe::join({"sensitivity_", stored.name()});
    spec.attributes = {{"shape", lathe::value::list_of(stored.shape())}, {"buffer", false}};
    spec.after = stored.id();
    const lathe::node_id twin = edit_.add(spec);
    copy_tensors(stored, twin);
    return twin;
  }

  void copy_tensors(const lathe::node& from, lathe::node_id to) {
    for (const lathe::operand& operand : from.operands()) {
      if (!operand.is_parameter() && !operand.is_buffer()) continue;
      edit_.set_parameter(to, operand.name(),
                          work_.weights.raw_of(work_.graph, from, operand.name()));
    }
  }

  // What the layer has at its other operands.
  void copy_formats(const lathe::node& layer, lathe::node_id twin, lathe_role but) {
    lathe_role last = LATHE_ROLE_NONE;
    for (const lathe::operand& operand : layer.operands()) {
      const lathe::options options = operand.format_options();
      if (options.all().is_none() || operand.role() == but || operand.role() == last) continue;
      last = operand.role();
      edit_.set_format(twin, lathe::role_name(last), operand.type(), lathe::value(options.all()));
    }
  }

  const Work& work_;
  lathe::edit edit_;
  std::vector<Twin> twins_;
};

// What is remembered of a layer until its twins are seen.
struct Seen {
  std::vector<float> output, gradient;
};

std::vector<float> numbers(const lathe_tensor& tensor) {
  const lathe::tensor<const float> values(tensor);
  return {values.begin(), values.end()};
}

// Adds to `sum` what one batch of `rows` says, with gradients of the mean loss, times rows: for
// each row the square of what its loss changes by to first order. Where a layer's result does not
// lie row by row, each number counts as if it were alone.
void add_batch(const Seen& layer, const lathe_tensor& twin, std::uint64_t rows, double& sum) {
  const lathe::tensor<const float> other(twin);
  const bool row_by_row =
      twin.dl.ndim > 0 && rows > 0 && static_cast<std::uint64_t>(twin.dl.shape[0]) % rows == 0;
  const std::uint64_t part = row_by_row ? other.size() / rows : 1;
  double of_batch = 0;
  for (std::uint64_t begin = 0; begin < other.size(); begin += part) {
    double change = 0;
    for (std::uint64_t i = begin; i < begin + part; ++i) {
      const double error = static_cast<double>(other[i]) - static_cast<double>(layer.output[i]);
      change += static_cast<double>(layer.gradient[i]) * error;
    }
    of_batch += change * change;
  }
  const double scale = static_cast<double>(rows);
  sum += scale * scale * of_batch;
}

// Every layer against its twins, in one pass forwards and backwards over the rows.
void observe(const Work& work, const lathe::graph& copy, const std::vector<Twin>& twins,
             Scores& scores) {
  std::map<std::uint32_t, Seen> layers;
  std::map<std::uint32_t, std::size_t> twin_at;
  std::vector<lathe::node_id> watched;
  for (std::size_t t = 0; t < twins.size(); ++t) {
    if (layers.try_emplace(twins[t].layer.index).second) watched.push_back(twins[t].layer);
    watched.push_back(twins[t].twin);
    twin_at.emplace(twins[t].twin.index, t);
  }
  std::vector<double> sums(twins.size());
  std::uint64_t rows = 0, batches = 0;
  work.executor.observe_gradients(copy, work.rows, watched,
                                  [&](lathe::node_id node, const lathe::operand& operand,
                                      const lathe_tensor& tensor, const lathe_observation& seen) {
                                    work.context.stop_if_cancelled();
                                    if (!operand.is_output()) return;
                                    if (seen.batch >= batches) {
                                      batches = seen.batch + 1;
                                      rows += seen.rows;
                                    }
                                    if (const auto layer = layers.find(node.index);
                                        layer != layers.end()) {
                                      layer->second = {numbers(tensor), {}};
                                      if (seen.gradient != nullptr)
                                        layer->second.gradient = numbers(*seen.gradient);
                                      return;
                                    }
                                    const std::size_t t = twin_at.at(node.index);
                                    const Seen& layer = layers.at(twins[t].layer.index);
                                    // The loss does not depend on such a layer.
                                    if (!layer.gradient.empty())
                                      add_batch(layer, tensor, seen.rows, sums[t]);
                                  });
  for (std::size_t t = 0; t < twins.size(); ++t) {
    scores.by_site[twins[t].site][twins[t].format] +=
        rows == 0 ? 0 : 0.5 * sums[t] / static_cast<double>(rows);
  }
  ++scores.evaluations;
}

}  // namespace

void score_by_fisher(const Work& work, const std::vector<std::size_t>& chosen, Scores& scores) {
  std::size_t passes = 0;
  for (const std::size_t s : chosen) passes = std::max(passes, work.sites[s].formats.size());
  for (std::size_t f = 0; f < passes; ++f) {
    lathe::graph copy = work.graph.copy();
    Twins twins(work, copy);
    for (const std::size_t s : chosen) {
      if (f < work.sites[s].formats.size() && f != work.sites[s].as_it_is) twins.add(s, f);
    }
    const std::vector<Twin> made = twins.commit();
    if (!made.empty()) observe(work, copy, made, scores);
    copy.release();
    work.context.progress(f + 1, passes, "formats");
  }
}

}  // namespace sensitivity
