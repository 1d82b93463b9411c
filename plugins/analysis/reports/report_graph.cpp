// Prints the graph as torch.fx does, with an overview of its nodes and layers, and, where there
// are any, number formats and what changed about them since the first pass.
// Text: docs/mase.md, Reports.
#include "../number_format.hpp"
#include "dot.hpp"
#include "node_text.hpp"

#include <algorithm>
#include <unordered_map>

namespace {

using reports::kOpcodes;

// torch 1.13 says "#users=" where torch since 2.1 says "num_users=".
std::string with_users_label(std::string_view text, const std::string& label) {
  constexpr std::string_view kStandard = "[num_users=";
  if (label == "num_users") return lathe::to_string(text);
  std::string out;
  while (true) {
    const std::size_t at = text.find(kStandard);
    out.append(text.data(), std::min(at, text.size()));
    if (at == std::string_view::npos) return out;
    out += "[" + label + "=";
    text.remove_prefix(at + kStandard.size());
  }
}

// Number formats of nodes and what they were in the original graph. What is said of a node follows
// from its profile there and here, and is put together once for each pair.
class FormatLines {
 public:
  FormatLines(const lathe::graph& now, const lathe::graph& original, option_values::Lists lists)
      : now_(now), original_(original), lists_(lists), formatted_(formatted_profiles(now)) {
    const std::vector<bool> before = formatted_profiles(original);
    were_formatted_ = std::find(before.begin(), before.end(), true) != before.end();
  }

  // A line a node: "fc: weight integer<width=4> (was integer<width=8>), bias integer<width=8>".
  // Nothing for nodes that are float and were.
  std::string text() {
    std::string all;
    for (const auto node : now_.nodes()) {
      if (!were_formatted_ && !formatted_[node.profile()]) continue;
      const std::string& operands = of(node, original_.find(node.name()));
      if (operands.empty()) continue;
      all.append(node.name().data(), node.name().size());
      all += ": ";
      all += operands;
      all += '\n';
    }
    return all;
  }

 private:
  static std::vector<bool> formatted_profiles(const lathe::graph& graph) {
    std::vector<bool> seen(graph.profile_count()), out(graph.profile_count());
    for (const auto node : graph.nodes()) {
      const std::uint32_t profile = node.profile();
      if (seen[profile]) continue;
      seen[profile] = true;
      for (const auto operand : node.operands()) {
        if (analysis::has_format(operand)) out[profile] = true;
      }
    }
    return out;
  }

  // `original` is false for a node that a pass added.
  const std::string& of(const lathe::node& node, const lathe::node& original) {
    const std::uint64_t before = original ? std::uint64_t{original.profile()} + 1 : 0;
    const auto [text, is_new] = texts_.try_emplace(before << 32U | node.profile());
    if (is_new) text->second = operands_text(node, original);
    return text->second;
  }

  std::string operands_text(const lathe::node& node, const lathe::node& original) const {
    std::string text;
    for (const auto operand : node.operands()) {
      if (!analysis::may_have_format(operand)) continue;
      const auto before =
          original ? original.find_operand(operand.name()) : std::optional<lathe::operand>();
      const bool changed = before && !analysis::same_format(*before, operand);
      if (!changed && !analysis::has_format(operand)) continue;
      text += lathe::join(
          {text.empty() ? "" : ", ", operand.name(), " ", analysis::format_text(operand, lists_)});
      if (changed) text += lathe::join({" (was ", analysis::format_text(*before, lists_), ")"});
    }
    return text;
  }

  lathe::graph now_, original_;
  option_values::Lists lists_;
  std::vector<bool> formatted_;  // by profile
  bool were_formatted_ = false;
  std::unordered_map<std::uint64_t, std::string> texts_;
};

bool is_dot(std::string_view file) {
  constexpr std::string_view kEnds[] = {".dot", ".gv"};
  for (const std::string_view end : kEnds) {
    if (file.size() > end.size() && file.substr(file.size() - end.size()) == end) return true;
  }
  return false;
}

struct ReportGraph {
  static constexpr lathe_option options[] = {
      lathe::string_option("file",
                           "File for the text, in the pass's folder, or, named .dot or .gv, for a "
                           "drawing by Graphviz; NA shows the text on screen.")
          .nullable()
          .by_default("NA"),
      lathe::string_option("file_name", "The same as file, by MASE's name.")
          .nullable()
          .by_default("NA"),
      lathe::choice_option("users_label", "num_users|#users", "How users of a node are written.")
          .by_default("num_users"),
  };

  static constexpr const char* details =
      "torch.fx's text of the graph, the number of nodes of each opcode (`Network overview`), "
      "and every module as PyTorch prints it (`Layer types`). Where operands have number "
      "formats, a line a node says which, with their options, and what they were before the "
      "first pass of the run if that was another (`Number formats`).\n\n"
      "Publishes the text, on screen or in `file`. A file whose name ends in `.dot` or `.gv` is "
      "a Graphviz graph instead: a box a node with its name, op, shape and number formats, an "
      "arrow for every use of a result.\n\n"
      "Source: MASE (`report_graph_analysis_pass`).\n\n"
      "Example: `lathe transform jsc-tiny jsc-sim --passes 'report_graph<file=graph.dot>'`";

  explicit ReportGraph(lathe::options o)
      : option_(o.has("file_name") ? "file_name" : "file"),
        file_name_(o.text_or(option_, "")),
        users_label_(o.text("users_label")) {
    if (o.has("file") && o.has("file_name")) {
      throw lathe::invalid_argument(
          "file and file_name are two names of one option: leave one of them out")
          .at_option("file_name");
    }
  }

  void run(lathe::graph graph, lathe::report out) {
    if (is_dot(file_name_)) {
      reports::show(out, "graph", reports::dot_text(graph), option_, file_name_);
      return;
    }
    reports::show(out, "graph", text_of(graph), option_, file_name_);
  }

 private:
  std::string text_of(const lathe::graph& graph) const {
    std::int64_t counts[std::size(kOpcodes)] = {};
    std::string layers;
    for (const auto node : graph.nodes()) {
      if (node.opcode() < std::size(kOpcodes)) ++counts[node.opcode()];
      if (!node.is_module()) continue;
      if (!layers.empty()) layers += ", ";
      const std::string_view module = node.module_text();
      layers.append(module.data(), module.size());
    }
    std::string overview;
    for (std::size_t i = 0; i < std::size(kOpcodes); ++i) {
      if (i > 0) overview += ", ";
      overview += lathe::join({"'", kOpcodes[i], "': ", lathe::to_string(counts[i])});
    }
    std::string text = with_users_label(graph.text(), users_label_);
    text += "\nNetwork overview:\n{" + overview + "}\nLayer types:\n[";
    text += layers;
    text += ']';
    const auto lists =
        file_name_.empty() ? option_values::Lists::shortened : option_values::Lists::whole;
    std::string formats = FormatLines(graph, graph.original(), lists).text();
    if (!formats.empty()) {
      formats.pop_back();
      text += "\nNumber formats:\n";
      text += formats;
    }
    return text;
  }

  std::string option_, file_name_, users_label_;
};

}  // namespace

LATHE_ANALYSIS(ReportGraph, "report_graph", "1.0.0", "Prints the graph and an overview of it.")
