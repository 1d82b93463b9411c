// Types, precisions and shapes of all nodes, and where the graph begins and ends.
#include "entries.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace {

// The first nodes that compute from an input of the network, and the last before an output: those
// joined to it by wires only.
class Ends {
 public:
  explicit Ends(const lathe::graph& graph) : nodes_(graph.nodes()) {
    std::uint32_t slots = 0;
    for (const auto node : nodes_) slots = std::max(slots, node.id().index + 1);
    implicit_.resize(slots);
    for (const auto node : nodes_)
      implicit_[node.id().index] = metadata::is_implicit(node.metadata());
  }

  std::vector<std::string_view> first() const {
    std::vector<std::string_view> names;
    std::vector<bool> wired(implicit_.size());
    for (const auto node : nodes_) {
      bool reads = node.is_placeholder();
      for (std::uint32_t i = 0; i < node.input_count(); ++i) {
        reads = reads || wired[node.input(i).id().index];
      }
      add(node, reads, wired, names);
    }
    return names;
  }

  std::vector<std::string_view> last() const {
    std::vector<std::string_view> names;
    std::vector<bool> wired(implicit_.size());
    for (std::uint32_t n = nodes_.size(); n-- > 0;) {
      const lathe::node node = nodes_[n];
      const bool read = node.is_output() || wired[node.id().index];
      if (!read) continue;
      if (!implicit_[node.id().index]) {
        names.push_back(node.name());
        continue;
      }
      for (std::uint32_t i = 0; i < node.input_count(); ++i) wired[node.input(i).id().index] = true;
    }
    std::reverse(names.begin(), names.end());
    return names;
  }

 private:
  void add(const lathe::node& node, bool joined, std::vector<bool>& wired,
           std::vector<std::string_view>& names) const {
    if (!joined) return;
    if (implicit_[node.id().index]) {
      wired[node.id().index] = true;
    } else {
      names.push_back(node.name());
    }
  }

  lathe::node_range nodes_;
  std::vector<bool> implicit_;
};

lathe::value list_of(const std::vector<std::string_view>& names) {
  std::vector<lathe::value> items(names.begin(), names.end());
  return lathe::value::list(std::move(items));
}

struct AddCommonMetadata {
  static constexpr const char* scalars = "nodes|tensors";
  static constexpr const char* details =
      "The `common` part of every node's metadata: `mase_type`, `mase_op`, and of every tensor "
      "in `args` and `results` type, precision, shape and element type (docs/mase.md, Metadata). "
      "It is always there, derived from the graph without running it, and follows every edit; "
      "the pass derives all of it at once, so that what is wrong shows here.\n\n"
      "Publishes `nodes`, `tensors` (entries that describe a tensor), and the table `graph` with "
      "MASE's metadata of the whole graph: `nodes_in`, the first nodes that compute from an "
      "input, and `nodes_out`, the last before an output.\n\n"
      "Source: MASE (`add_common_metadata_analysis_pass`).\n\n"
      "Example: `lathe transform jsc-tiny jsc-sim --passes "
      "init_metadata,add_common_metadata,add_software_metadata`";

  void run(lathe::graph graph, lathe::report out) const {
    std::int64_t tensors = 0;
    const auto count = [&](std::string_view, lathe::value_view entry) {
      tensors += metadata::is_tensor(entry) ? 1 : 0;
    };
    for (const auto node : graph.nodes()) {
      const lathe::value_view common = node.metadata().find("common");
      metadata::for_each(common.find("args"), count);
      metadata::for_each(common.find("results"), count);
    }
    const Ends ends(graph);
    lathe::table table = out.table("graph", {"key", "value"});
    table.row({"nodes_in", list_of(ends.first())});
    table.row({"nodes_out", list_of(ends.last())});
    out.scalar("nodes", graph.nodes().size());
    out.scalar("tensors", tensors);
  }
};

}  // namespace

LATHE_ANALYSIS(AddCommonMetadata, "add_common_metadata", "1.0.0",
               "Derives type, precision and shape of every tensor of every node.")
