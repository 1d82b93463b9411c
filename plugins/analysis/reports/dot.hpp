// A graph in Graphviz' language DOT: a box a node, with what stands in it, and an arrow for every
// use of a result.
#pragma once

#include "../number_format.hpp"
#include "python_text.hpp"

namespace reports {

// A double-quoted DOT string that shows the text as it is; a line end centres what is before it.
inline std::string dot_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else if (c != '\r' && c != '\0') {
      out += c;
    }
  }
  return out + "\"";
}

// Name, op, shape, and a line for each operand that has a number format.
inline std::string dot_label(const lathe::node& node) {
  std::string label = lathe::join({node.name(), "\n", node.op()});
  if (node.dtype() != LATHE_DTYPE_NONE) {
    std::string extents;
    for (const std::int64_t extent : node.shape()) {
      extents += lathe::join({extents.empty() ? "" : ", ", lathe::to_string(extent)});
    }
    label += lathe::join({"\n[", extents, "]"});
  }
  for (const auto operand : node.operands()) {
    if (!analysis::may_have_format(operand) || !analysis::has_format(operand)) continue;
    label += lathe::join({"\n", operand.name(), " ", analysis::format_text(operand)});
  }
  return label;
}

inline std::string dot_text(const lathe::graph& graph) {
  std::string out = "digraph {\n  node [shape=box];\n";
  for (const auto node : graph.nodes()) {
    out += lathe::join(
        {"  ", dot_string(node.name()), " [label=", dot_string(dot_label(node)), "];\n"});
  }
  for (const auto node : graph.nodes()) {
    for (std::uint32_t i = 0; i < node.input_count(); ++i) {
      out += lathe::join(
          {"  ", dot_string(node.input(i).name()), " -> ", dot_string(node.name()), ";\n"});
    }
  }
  return out + "}\n";
}

}  // namespace reports
