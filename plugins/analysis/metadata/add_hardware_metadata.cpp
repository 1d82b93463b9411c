// What MASE's hardware generator wants to know of every node.
#include "entries.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace {

using lathe::value;
using lathe::value_view;

// Along the first dimension, the batch, and the second, features or channels, where there are as
// many. The rest comes one by one.
constexpr std::int64_t kParallelism[] = {1, 4};

constexpr const char* kLinearFiles[] = {
    "cast/rtl/fixed_cast.sv",
    "fixed_arithmetic/rtl/fixed_dot_product.sv",
    "fixed_arithmetic/rtl/fixed_vector_mult.sv",
    "fixed_arithmetic/rtl/fixed_accumulator.sv",
    "fixed_arithmetic/rtl/fixed_adder_tree.sv",
    "fixed_arithmetic/rtl/fixed_adder_tree_layer.sv",
    "fixed_arithmetic/rtl/fixed_mult.sv",
    "common/rtl/register_slice.sv",
    "common/rtl/join2.sv",
    "common/rtl/skid_buffer.sv",
    "linear/rtl/fixed_linear.sv",
};
constexpr const char* kReluFiles[] = {"activations/rtl/fixed_relu.sv"};

// A module of MASE's library; all other ops are left to high-level synthesis.
struct Internal {
  std::string_view op, module;
  lathe::span<const char* const> files;
};
constexpr Internal kInternal[] = {
    {"linear", "fixed_linear", {kLinearFiles, std::size(kLinearFiles)}},
    {"relu", "fixed_relu", {kReluFiles, std::size(kReluFiles)}},
};

void add_tool(value& hardware, std::string_view op) {
  for (const Internal& internal : kInternal) {
    if (internal.op != op) continue;
    hardware.set("toolchain", "INTERNAL");
    hardware.set("module", internal.module);
    hardware.set("dependence_files", value::list_of(internal.files));
    return;
  }
  hardware.set("toolchain", "HLS");
  hardware.set("module", value());
  hardware.set("dependence_files", value::list({}));
}

// Where the hardware gets its arguments from, the data that streams in left out.
value interface_of(value_view args) {
  value all = value::map();
  metadata::for_each(args, [&](std::string_view name, value_view entry) {
    if (name.find("data_in") != std::string_view::npos) return;
    all.set(lathe::to_string(name), metadata::is_tensor(entry)
                                        ? value::map({{"storage", "BRAM"}, {"transpose", false}})
                                        : value::map());
  });
  return all;
}

std::string upper(std::string_view name) {
  std::string out;
  for (const char c : name) out += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return out;
}

std::string numbered(const std::string& name, const char* what, std::uint64_t i) {
  return name + what + lathe::to_string(static_cast<std::int64_t>(i));
}

std::int64_t parallelism(std::uint64_t dimension, value_view extent) {
  if (dimension >= std::size(kParallelism)) return 1;
  const bool is_number = extent.kind() == LATHE_VALUE_INT;
  return is_number ? std::min(kParallelism[dimension], extent.integer()) : kParallelism[dimension];
}

// Dimensions are numbered from the last.
void add_verilog(value& all, const std::string& name, value_view entry) {
  if (entry.kind() == LATHE_VALUE_BOOL) {
    all.set(name, entry.boolean() ? 1 : 0);
    return;
  }
  const value_view shape = entry.find("shape"), precision = entry.find("precision");
  if (shape.kind() != LATHE_VALUE_LIST) {
    all.set(name, value(entry));
    return;
  }
  for (std::uint64_t i = 0; i < precision.size(); ++i) {
    all.set(numbered(name, "_PRECISION_", i), value(precision[i]));
  }
  for (std::uint64_t d = 0; d < shape.size(); ++d) {
    const std::uint64_t at = shape.size() - 1 - d;
    all.set(numbered(name, "_TENSOR_SIZE_DIM_", d), value(shape[at]));
    all.set(numbered(name, "_PARALLELISM_DIM_", d), parallelism(at, shape[at]));
  }
}

value hardware_of(const lathe::node& node, value_view common, bool is_implicit) {
  value hardware = value::map({{"is_implicit", is_implicit}});
  hardware.set("device_id", is_implicit ? 0 : -1);
  hardware.set("parallelism", value::list_of(kParallelism));
  if (is_implicit) return hardware;
  hardware.set("interface", interface_of(common.find("args")));
  add_tool(hardware, node.op());
  value verilog = value::map();
  const auto add = [&](std::string_view name, value_view entry) {
    add_verilog(verilog, upper(name), entry);
  };
  metadata::for_each(common.find("args"), add);
  metadata::for_each(common.find("results"), add);
  hardware.set("verilog_param", std::move(verilog));
  return hardware;
}

// Nodes with one and the same hardware metadata.
struct Group {
  lathe::node first;
  value_view common;
  std::vector<std::uint32_t> nodes;
};

struct AddHardwareMetadata {
  static constexpr const char* scalars = "nodes|implicit_nodes";
  static constexpr const char* details =
      "The `hardware` part of every node's metadata, as MASE's emitter of Verilog reads it: "
      "`is_implicit` (inputs, outputs, and what only passes their data on), `device_id`, "
      "`toolchain` (`INTERNAL` for linear and relu, which MASE's library has as `module` from "
      "`dependence_files`; else `HLS`), `interface` of parameters, `parallelism`, and "
      "`verilog_param`: of every tensor `<NAME>_PRECISION_i`, `<NAME>_TENSOR_SIZE_DIM_d` and "
      "`<NAME>_PARALLELISM_DIM_d`, d counted from the last dimension.\n\n"
      "Parallelism is 1 along the first dimension, 4 along the second, or its extent if that is "
      "less, and 1 along all others: MASE, which knows two, fails for convolutions. The part is "
      "made afresh: notes that were under `hardware` go.\n\n"
      "Publishes `nodes` and `implicit_nodes`; the metadata shows in `report_node_meta_param` "
      "and `report_node_hardware_type` of the same run.\n\n"
      "Source: MASE (`add_hardware_metadata_analysis_pass`).\n\n"
      "Example: `lathe transform jsc-tiny jsc-sim --passes "
      "'add_hardware_metadata,report_node_meta_param<which=[hardware]>'`";

  void run(lathe::graph graph, lathe::meta meta, lathe::report out) const {
    meta.erase(graph, "hardware");
    std::map<std::pair<const void*, bool>, Group> groups;
    std::int64_t implicit_nodes = 0;
    for (const auto node : graph.nodes()) {
      const value_view all = node.metadata();
      const value_view common = all.find("common");
      const bool is_implicit = metadata::is_implicit(all);
      implicit_nodes += is_implicit ? 1 : 0;
      Group& group = groups[{metadata::place(common), is_implicit}];
      if (group.nodes.empty()) group.first = node, group.common = common;
      group.nodes.push_back(node.id().index);
    }
    for (const auto& [key, group] : groups) {
      meta.set_all(graph, group.nodes, "hardware",
                   hardware_of(group.first, group.common, key.second));
    }
    out.scalar("nodes", graph.nodes().size());
    out.scalar("implicit_nodes", implicit_nodes);
  }
};

}  // namespace

LATHE_ANALYSIS(AddHardwareMetadata, "add_hardware_metadata", "1.0.0",
               "Adds what MASE's hardware generator reads to the metadata.")
