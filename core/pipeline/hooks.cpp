// The standard hooks, after LLVM's instrumentations: each looks at what a pass did, none takes
// part.

#include "core/pipeline/hooks.hpp"

#include "core/graph/io/text.hpp"
#include "core/graph/ops/op_table.hpp"
#include "core/graph/verify.hpp"
#include "core/host/stdout_guard.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

namespace lathe {
namespace {

using Sink = std::function<void(std::string_view)>;

struct NodeLine {
  std::string_view node;
  std::string text;
};

// Each node as torch.fx prints it, with its module and its number formats behind.
std::vector<NodeLine> node_lines(const Graph& graph) {
  const std::string text = fx_text(graph);
  std::vector<std::string_view> printed;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    printed.push_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  std::vector<NodeLine> lines;
  // The first line is "graph():"; then there is one per node.
  std::size_t at = printed.size() - graph.order().size();
  for (const NodeId id : graph.order()) {
    const Node& node = graph.node(id);
    std::string line(printed[at++]);
    const OpRow* row = node.opcode == Opcode::call_module ? graph.ops().find(node.op) : nullptr;
    if (row != nullptr && row->module_text) line += "  # " + row->module_text(graph.attributes(id));
    for (const OperandFormat& f : node.formats) {
      line += fmt::format("  {}: {} {}", f.role, f.format, f.precision.text());
    }
    lines.push_back({node.name, std::move(line)});
  }
  return lines;
}

void print_graph(const std::string& pass, const Graph& graph, const Sink& sink) {
  sink(fmt::format("*** graph after {} ***\n", pass));
  for (const NodeLine& line : node_lines(graph)) sink(line.text + "\n");
}

void print_change(const std::string& pass, const Graph& before, const Graph& after,
                  const Sink& sink) {
  std::vector<NodeLine> old_lines = node_lines(before);
  const std::vector<NodeLine> new_lines = node_lines(after);
  std::unordered_map<std::string_view, std::string*> old_text;
  for (NodeLine& line : old_lines) old_text.emplace(line.node, &line.text);
  std::string out;
  for (const NodeLine& line : new_lines) {
    const auto old = old_text.find(line.node);
    if (old != old_text.end() && *old->second == line.text) {
      old->second->clear();
      continue;
    }
    if (old != old_text.end()) {
      out += fmt::format("- {}\n", *old->second);
      old->second->clear();
    }
    out += fmt::format("+ {}\n", line.text);
  }
  for (const NodeLine& line : old_lines) {
    if (!line.text.empty()) out += fmt::format("- {}\n", line.text);
  }
  sink(out.empty() ? fmt::format("*** {} changed nothing ***\n", pass)
                   : fmt::format("*** changes by {} ***\n{}", pass, out));
}

}  // namespace

PipelineHooks standard_hooks(const HookOptions& options, Sink sink) {
  PipelineHooks hooks;
  if (!options.verify_each && !options.time_passes && options.print_after.empty() &&
      !options.print_changed) {
    return hooks;
  }
  if (!sink) sink = write_talk;
  hooks.after = [options, sink](const Step& step, const Graph& before, const Graph& after,
                                const PassReport&, double seconds) {
    const std::string& pass = step.component->id;
    if (options.time_passes) sink(fmt::format("{:12.6f} s  {}\n", seconds, pass));
    if (options.print_changed) print_change(pass, before, after, sink);
    if (std::ranges::find(options.print_after, pass) != options.print_after.end()) {
      print_graph(pass, after, sink);
    }
    if (!options.verify_each) return;
    try {
      verify(after);
    } catch (const Error& error) {
      throw Error(Blame::run, LATHE_INTERNAL,
                  fmt::format("pass '{}' left a broken graph: {}", pass, error.message()),
                  step.position);
    }
  };
  return hooks;
}

}  // namespace lathe
