#include "core/graph/parameters/ties.hpp"

#include "core/base/error.hpp"
#include "core/graph/parameters/parameters.hpp"

#include <fmt/format.h>

#include <set>

namespace lathe {

namespace {

template <typename Visit>
void for_each_own(const NodeTable& nodes, std::span<const NodeId> order, const Visit& visit) {
  for (const NodeId id : order) {
    const Node& node = *nodes.find(id);
    for (std::size_t i = 0; i < node.parameters.size(); ++i) {
      if (node.parameters[i].is_own()) visit(id, node, i);
    }
  }
}

std::set<std::string> own_names(const NodeTable& nodes, std::span<const NodeId> order) {
  std::set<std::string> out;
  for_each_own(nodes, order, [&](NodeId, const Node& node, std::size_t i) {
    out.insert(own_name(node, node.parameters[i]));
  });
  return out;
}

void rename(NodeTable& nodes, NodeId id, std::size_t parameter, const std::string& name) {
  std::vector<Parameter>& all = nodes.own(id).parameters.own();
  all[parameter].qualified_name = name;
  for (Parameter& p : all) {
    if (p.masks == all[parameter].name) p.qualified_name = mask_name(name);
  }
}

}  // namespace

std::string own_name(const Node& node, const Parameter& parameter) {
  return node.opcode == Opcode::get_attr ? node.target : node.target + "." + parameter.name;
}

const std::string& kept_name(const Ties& ties, const std::string& name) {
  const auto found = ties.find(name);
  return found == ties.end() ? name : found->second;
}

void check_ties(const Ties& ties, const NodeTable& nodes, std::span<const NodeId> order) {
  if (ties.empty()) return;
  const std::set<std::string> known = own_names(nodes, order);
  for (const auto& [name, kept] : ties) {
    for (const std::string& one : {name, kept}) {
      if (!known.contains(one))
        throw usage_error(fmt::format("'{}' is tied to '{}', but the graph has no parameter '{}'",
                                      name, kept, one));
    }
    if (ties.contains(kept))
      throw usage_error(fmt::format(
          "'{}' is tied to '{}', which is tied itself; name the one that keeps the contents", name,
          kept));
  }
}

Ties renewed_ties(const Ties& ties, NodeTable& nodes, std::span<const NodeId> order) {
  const std::set<std::string> known = own_names(nodes, order);
  std::map<std::string, std::string> keepers;  // by the name that kept the contents
  Ties out;
  for (const auto& [name, kept] : ties) {
    if (!known.contains(name)) continue;
    const auto keeper = keepers.try_emplace(kept, known.contains(kept) ? kept : name).first;
    if (keeper->second != name) out.emplace(name, keeper->second);
  }
  for_each_own(nodes, order, [&](NodeId id, const Node& node, std::size_t i) {
    const auto keeper = keepers.find(node.parameters[i].qualified_name);
    if (keeper != keepers.end() && keeper->second != keeper->first)
      rename(nodes, id, i, keeper->second);
  });
  return out;
}

}  // namespace lathe
