// Prints the graph as torch.fx does, with an overview of its nodes and layers, and, where there
// are any, number formats and what changed about them since the first pass.
// Text: docs/mase.md, Reports.
#include <lathe/lathe.hpp>

#include "number_format.hpp"

namespace {

constexpr const char* kOpcodes[] = {"placeholder", "get_attr",    "call_function",
                                    "call_method", "call_module", "output"};

// torch 1.13 says "#users=" where torch since 2.1 says "num_users=".
std::string with_users_label(std::string_view text, const std::string& label) {
  constexpr std::string_view kStandard = "[num_users=";
  std::string out;
  while (true) {
    const std::size_t at = text.find(kStandard);
    out += lathe::to_string(text.substr(0, at));
    if (at == std::string_view::npos) return out;
    out += "[" + label + "=";
    text.remove_prefix(at + kStandard.size());
  }
}

// "fc: weight integer<width=4> (was integer<width=8>), bias integer<width=8>"; empty where all is
// float and was. `original` is false for a node that a pass added.
std::string formats_line(const lathe::node& node, const lathe::node& original,
                         option_values::Lists lists) {
  std::string text;
  for (const auto operand : node.operands()) {
    if (!analysis::may_have_format(operand)) continue;
    const auto before =
        original ? original.find_operand(operand.name()) : std::optional<lathe::operand>();
    const bool changed = before && !analysis::same_format(*before, operand);
    if (!changed && !analysis::has_format(operand)) continue;
    text += lathe::join(
        {text.empty() ? "" : ", ", operand.name(), " ", analysis::format_text(operand, lists)});
    if (changed) text += lathe::join({" (was ", analysis::format_text(*before, lists), ")"});
  }
  return text.empty() ? text : lathe::join({node.name(), ": ", text, "\n"});
}

struct ReportGraph {
  static constexpr lathe_option options[] = {
      lathe::string_option("file_name", "File for the text; NA shows it on screen.")
          .nullable()
          .by_default("NA"),
      lathe::choice_option("users_label", "num_users|#users", "How users of a node are written.")
          .by_default("num_users"),
  };

  explicit ReportGraph(lathe::options o)
      : file_name_(o.text_or("file_name", "")), users_label_(o.text("users_label")) {}

  void run(lathe::graph graph, lathe::report out) {
    std::int64_t counts[std::size(kOpcodes)] = {};
    std::string layers;
    for (const auto node : graph.nodes()) {
      if (node.opcode() < std::size(kOpcodes)) ++counts[node.opcode()];
      if (!node.is_module()) continue;
      if (!layers.empty()) layers += ", ";
      layers += lathe::to_string(node.module_text());
    }
    std::string overview;
    for (std::size_t i = 0; i < std::size(kOpcodes); ++i) {
      if (i > 0) overview += ", ";
      overview += lathe::join({"'", kOpcodes[i], "': ", lathe::to_string(counts[i])});
    }
    std::string text =
        lathe::join({with_users_label(graph.text(), users_label_), "\nNetwork overview:\n{",
                     overview, "}\nLayer types:\n[", layers, "]"});
    std::string formats;
    const lathe::graph original = graph.original();
    const auto lists =
        file_name_.empty() ? option_values::Lists::shortened : option_values::Lists::whole;
    for (const auto node : graph.nodes()) {
      formats += formats_line(node, original.find(node.name()), lists);
    }
    if (!formats.empty()) {
      formats.pop_back();
      text += lathe::join({"\nNumber formats:\n", formats});
    }
    if (file_name_.empty()) {
      out.text("graph", text + "\n");
    } else {
      out.file(file_name_, text);
    }
  }

 private:
  std::string file_name_, users_label_;
};

}  // namespace

LATHE_ANALYSIS(ReportGraph, "report_graph", "1.0.0", "Prints the graph and an overview of it.")
