#include "core/pipeline/unchanged.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lathe {
namespace {

bool same_parameter(const Parameter& a, const Parameter& b) {
  return a.content == b.content && a.qualified_name == b.qualified_name && a.shape == b.shape;
}

bool same_node(const Node& a, const Node& b) {
  return a.name == b.name && a.opcode == b.opcode && a.op == b.op && a.target == b.target &&
         std::ranges::equal(a.args, b.args) && std::ranges::equal(a.kwargs, b.kwargs) &&
         std::ranges::equal(a.formats, b.formats) &&
         std::ranges::equal(a.parameters, b.parameters, same_parameter);
}

const Option* node_map_of(const Component& pass) {
  const auto& options = pass.options.options;
  const auto found = std::ranges::find(options, LATHE_OPTION_NODE_MAP, &Option::type);
  return found == options.end() ? nullptr : &*found;
}

// Whether a table of the pass's own says what to do, beside its node map.
bool has_table(const Step& step) {
  return std::ranges::any_of(step.component->options.options, [&](const Option& option) {
    const Value* given = step.options.find(option.key);
    return option.type == LATHE_OPTION_TABLE && given != nullptr && given->is_map();
  });
}

std::string about_entries(const Step& step, const Option& node_map) {
  const Value* map = step.options.find(node_map.key);
  const bool has_entries =
      map != nullptr && map->is_map() &&
      std::ranges::any_of(map->as_map(), [](const Value::Entry& e) { return e.first != "by"; });
  return has_entries ? ": none of its entries says anything new of a node of this graph"
                     : ": it has no entries that choose nodes, eg: by=type,linear.name=...";
}

}  // namespace

bool same_nodes(const Graph& a, const Graph& b) {
  if (!std::ranges::equal(a.order(), b.order())) return false;
  return std::ranges::all_of(a.order(), [&](NodeId id) {
    const Node &left = a.node(id), &right = b.node(id);
    if (&left != &right && !same_node(left, right)) return false;
    const Value &before = a.attributes(id), &after = b.attributes(id);
    return &before == &after || before == after;
  });
}

std::string unchanged_text(const Step& step, const Graph& before, const Graph& after,
                           const PassReport& report) {
  const Component& pass = *step.component;
  if (!pass.has(LATHE_FLAG_MUTATES_GRAPH) || !same_nodes(before, after)) return "";
  const Option* node_map = node_map_of(pass);
  // One that chooses no nodes may have come to report.
  const bool told = !report.scalars.empty() || !report.tables.empty() || !report.texts.empty() ||
                    !report.files.empty();
  if (node_map == nullptr && told) return "";
  return fmt::format("pass '{}' changed nothing{}", pass.id,
                     node_map == nullptr || has_table(step) ? "" : about_entries(step, *node_map));
}

}  // namespace lathe
