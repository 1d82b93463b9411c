// Cuts a part out of the network: what lies between some nodes and one that they lead to.
#include "node_names.hpp"

#include <lathe/lathe.hpp>

#include <algorithm>

namespace {

using Flags = std::vector<char>;  // by node id

Flags flags_for(const lathe::graph& graph) {
  std::uint32_t ids = 0;
  for (const lathe::node node : graph.nodes()) ids = std::max(ids, node.id().index + 1);
  return Flags(ids, 0);
}

char& flag(Flags& flags, const lathe::node& node) { return flags[node.id().index]; }

bool is_constant(const lathe::node& node) { return node.opcode() == LATHE_OPCODE_GET_ATTR; }
bool is_tensor(const lathe::node& node) { return node.dtype() != LATHE_DTYPE_NONE; }

class Extraction {
 public:
  Extraction(const lathe::graph& graph, std::vector<lathe::node> from, const lathe::node& to)
      : graph_(graph), from_(std::move(from)), to_(to), kept_(flags_for(graph)) {
    keep_what_lies_between();
    keep_values();
  }

  // `added` and `removed` count nodes.
  void apply(lathe::edit& edit) {
    std::vector<std::pair<lathe::node_id, lathe::node>> placeholders;
    lathe::node_id after = graph_.nodes()[0];
    for (const lathe::node& outside : read_from_outside()) {
      after = edit.add(placeholder_for(outside, after));
      edit.replace_uses(outside, after);
      placeholders.emplace_back(after, outside);
    }
    edit.set_args(output(), {to_});
    const lathe::node_range nodes = graph_.nodes();
    for (std::uint32_t i = nodes.size(); i-- > 0;) {
      const lathe::node node = nodes[i];
      if (flag(kept_, node) || node.is_output()) continue;
      edit.remove(node);
      ++removed;
    }
    for (const auto& [made, outside] : placeholders) edit.rename(made, outside.name());
    added = static_cast<std::int64_t>(placeholders.size());
  }

  std::int64_t added = 0, removed = 0;

 private:
  lathe::node output() const {
    const lathe::node_range nodes = graph_.nodes();
    return nodes[nodes.size() - 1];
  }

  // Ancestors of the end that descend from a beginning; without one, all ancestors.
  void keep_what_lies_between() {
    Flags leads = flags_for(graph_);
    const lathe::node_range nodes = graph_.nodes();
    flag(leads, to_) = 1;
    for (std::uint32_t i = nodes.size(); i-- > 0;) {
      if (!flag(leads, nodes[i])) continue;
      for (const lathe::node& input : nodes[i].inputs()) flag(leads, input) = 1;
    }
    for (const lathe::node& begin : from_) {
      if (flag(leads, begin)) {
        flag(kept_, begin) = 1;
        continue;
      }
      throw lathe::invalid_argument(
          lathe::join({"it does not lead to '", to_.name(), "', so nothing lies between them"}))
          .at_node(begin)
          .at_option("from");
    }
    for (const lathe::node node : nodes) {
      if (!flag(leads, node)) continue;
      const std::vector<lathe::node> inputs = node.inputs();
      const bool reached = std::any_of(inputs.begin(), inputs.end(), [&](const lathe::node& input) {
        return flag(kept_, input) != 0;
      });
      if (from_.empty() || reached) flag(kept_, node) = 1;
    }
  }

  // Tensors of the model, and sizes that are no tensors, come along with what reads them.
  void keep_values() {
    const lathe::node_range nodes = graph_.nodes();
    for (std::uint32_t i = nodes.size(); i-- > 0;) {
      if (!flag(kept_, nodes[i])) continue;
      for (const lathe::node& input : nodes[i].inputs()) {
        if (is_constant(input) || !is_tensor(input)) flag(kept_, input) = 1;
      }
    }
  }

  std::vector<lathe::node> read_from_outside() {
    std::vector<lathe::node> all;
    for (const lathe::node node : graph_.nodes()) {
      if (flag(kept_, node)) continue;
      const std::vector<lathe::node> users = node.users();
      const bool read = std::any_of(users.begin(), users.end(), [&](const lathe::node& user) {
        return flag(kept_, user) != 0;
      });
      if (!read) continue;
      if (node.is_placeholder()) {
        flag(kept_, node) = 1;
      } else {
        all.push_back(node);
      }
    }
    return all;
  }

  lathe::node_spec placeholder_for(const lathe::node& outside, lathe::node_id after) const {
    const lathe::shape shape = outside.shape();
    if (shape.empty()) {
      throw lathe::invalid_argument(
          "its result is a single number, which cannot be an input of the part")
          .at_node(outside);
    }
    const std::vector<std::int64_t> sample(shape.begin() + 1, shape.end());
    lathe::node_spec spec;
    spec.op = "placeholder";
    spec.opcode = LATHE_OPCODE_PLACEHOLDER;
    spec.target = lathe::to_string(outside.name());
    spec.attributes = {{"shape", lathe::value::list_of(sample)},
                       {"batch", shape[0]},
                       {"dtype", dtype_name(outside)}};
    spec.after = after;
    return spec;
  }

  static const char* dtype_name(const lathe::node& node) {
    switch (node.dtype()) {
      case LATHE_DTYPE_FLOAT32:
        return "float32";
      case LATHE_DTYPE_INT64:
        return "int64";
      case LATHE_DTYPE_INT32:
        return "int32";
      case LATHE_DTYPE_BOOL:
        return "bool";
      default:
        throw lathe::invalid_argument("its result has a type that no input of a network has")
            .at_node(node);
    }
  }

  const lathe::graph& graph_;
  std::vector<lathe::node> from_;
  lathe::node to_;
  Flags kept_;
};

class ExtractSubgraph {
 public:
  static constexpr lathe_option options[] = {
      lathe::string_list_option("from", "The nodes that the part begins with; none: the inputs.")
          .by_default("[]"),
      lathe::string_option("to", "The node that it ends with; NA: the last one.")
          .nullable()
          .by_default("NA"),
  };
  static constexpr const char* scalars = "nodes|removed|placeholders";
  static constexpr const char* details =
      "The part of the network from the nodes `from` to the node `to`, both of them in it: all "
      "that "
      "descends from a node of `from` and leads to `to`. A tensor that it reads from outside "
      "becomes a placeholder, named after the node that made it, as torch.fx names it; the result "
      "of `to` is the one output. Tensors of the model that it reads come along. Weights, names, "
      "number formats and masks stay. A node of `from` that does not lead to `to` is an error.\n\n"
      "Publishes `nodes` that are left, `removed` and new `placeholders`.\n\n"
      "Source: MASE (`extract_subgraph`); torch.fx (`extract_subgraph`).\n\n"
      "Example: `lathe transform resnet20 --passes "
      "'extract_subgraph<from=[layer2_0_conv1],to=layer2_0_bn2>,report_graph'`";

  explicit ExtractSubgraph(const lathe::options& o)
      : from_(o.texts("from")), to_(o.text_or("to", "")) {}

  void run(lathe::graph graph, lathe::edit& edit, lathe::report out) const {
    const lathe::node to = to_.empty() ? end_of(graph) : named(graph, to_, "to");
    std::vector<lathe::node> from;
    for (const std::string& name : from_) from.push_back(named(graph, name, "from"));
    Extraction extraction(graph, std::move(from), to);
    extraction.apply(edit);
    out.scalar("nodes", static_cast<std::int64_t>(graph.nodes().size()) + extraction.added -
                            extraction.removed);
    out.scalar("removed", extraction.removed);
    out.scalar("placeholders", extraction.added);
  }

 private:
  static lathe::node named(const lathe::graph& graph, const std::string& name,
                           std::string_view option) {
    const lathe::node node = node_names::find(graph, name, option);
    if (!node.is_output() && is_tensor(node)) return node;
    throw lathe::invalid_argument(
        "it makes no tensor, and a part of the network begins and ends "
        "with nodes that do")
        .at_node(node)
        .at_option(option);
  }
  static lathe::node end_of(const lathe::graph& graph) {
    const lathe::node_range nodes = graph.nodes();
    const lathe::node output = nodes[nodes.size() - 1];
    if (output.input_count() == 1) return output.input(0);
    throw lathe::invalid_argument(
        "the network has several outputs; say with which node the part "
        "ends")
        .at_option("to");
  }

  std::vector<std::string> from_;
  std::string to_;
};

}  // namespace

LATHE_TRANSFORM(ExtractSubgraph, "extract_subgraph", "1.0.0", "Cuts a part out of the network.")
