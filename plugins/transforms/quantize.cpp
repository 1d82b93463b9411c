// Gives operands number formats, chosen per node by type, name or regular expression. The formats
// themselves are components of their own: this pass knows none of them.
#include <lathe/lathe.hpp>

namespace {

// Which operands of an op a format can sit on (mase-behaviour.md c.9, d).
constexpr std::string_view kActivation[] = {"data_in"};
constexpr std::string_view kPair[] = {"data_in", "weight"};  // matmul: its second operand
constexpr std::string_view kLayer[] = {"data_in", "weight", "bias"};

lathe::span<const std::string_view> roles_of(std::string_view op) {
  if (op == "linear" || op == "conv1d" || op == "conv2d") return {kLayer, std::size(kLayer)};
  if (op == "matmul" || op == "bmm") return {kPair, std::size(kPair)};
  return {kActivation, std::size(kActivation)};
}

// The options with that role's prefix, the prefix cut off; borrowed from `chosen`.
std::vector<lathe_entry> options_of_role(const lathe::options& chosen, std::string_view role) {
  std::vector<lathe_entry> options;
  for (const lathe_entry& entry : chosen.all().entries()) {
    const std::string_view key = lathe::to_view(entry.key);
    if (key.size() <= role.size() || key.substr(0, role.size()) != role) continue;
    if (key[role.size()] != '_') continue;
    options.push_back({lathe::to_str(key.substr(role.size() + 1)), entry.value});
  }
  return options;
}

struct Quantize {
  static constexpr lathe_option entry[] = {
      lathe::choice_option("name", nullptr, "Number format; NA leaves the node as it is.")
          .nullable(),
      lathe::bool_option("bypass", "Leave the node as it is, whatever else is said.")
          .by_default("false"),
  };
  static constexpr lathe_option options[] = {
      lathe::node_map_option("nodes", "Formats of nodes: by, default, and ops, nodes or patterns.")
          .with_items(entry, LATHE_KIND_FORMAT, "data_in|weight|bias|data_out"),
  };
  static constexpr const char* targets = "linear|conv1d|conv2d|relu|add|sub|mul|matmul|bmm";

  void run(lathe::graph graph, lathe::edit& edit) {
    for (const auto& [node, chosen] : graph.choose("nodes")) {
      // MASE's metadata says "quantized" after a bypass, although nothing is.
      if (chosen.boolean_or("bypass", false)) continue;
      const std::string format = chosen.text("name");
      for (const std::string_view role : roles_of(node.op())) {
        const std::vector<lathe_entry> given = options_of_role(chosen, role);
        // The host leaves out the options of a bias that the node lacks.
        if (role == "bias" && given.empty() && !node.find_operand("bias")) continue;
        edit.set_format(node, role, format, lathe::span<const lathe_entry>(given));
      }
      // An output is quantized only if somebody asks for it.
      const std::vector<lathe_entry> output = options_of_role(chosen, "data_out");
      if (!output.empty())
        edit.set_format(node, "data_out", format, lathe::span<const lathe_entry>(output));
    }
  }
};

}  // namespace

LATHE_TRANSFORM(Quantize, "quantize", "1.0.0", "Gives nodes number formats.")
