#include "core/options/nodes/dotted_names.hpp"

#include "core/base/words/suggest.hpp"
#include "core/graph/naming.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace lathe {
namespace {

bool is_number(std::string_view part) {
  return !part.empty() && std::ranges::all_of(part, [](char c) { return c >= '0' && c <= '9'; });
}

std::vector<std::string> ops_of(const NodeMapRules& rules) {
  std::vector<std::string> ops = rules.targets;
  ops.insert(ops.end(), rules.on_request.begin(), rules.on_request.end());
  return ops;
}

// Whether a key within an entry can only be a further part of a module's name. Without an option
// (search spaces, where ranges are tables too) that is so for numbers.
bool is_module_part(const Value::Entry& inner, std::string_view op_or_part,
                    const NodeMapRules& rules) {
  if (!inner.second.is_map()) return false;
  if (is_number(inner.first)) return true;
  const std::vector<std::string> ops = ops_of(rules);
  if (rules.option == nullptr || std::ranges::find(ops, op_or_part) != ops.end()) return false;
  std::vector<std::string> known = beside_keys(rules);
  known.insert(known.end(), rules.option->item_roles.begin(), rules.option->item_roles.end());
  // One that is nearly an operand's name is a misspelt operand.
  return std::ranges::find(known, inner.first) == known.end() && !nearest(inner.first, known);
}

// The dotted name of the module that somebody meant, or nothing.
std::optional<std::string> dotted_name(const Value::Entry& entry, const NodeMapRules& rules) {
  std::string path = entry.first;
  std::string_view last = entry.first;
  const Value* at = &entry.second;
  while (at->is_map() && at->find("name") == nullptr && at->find("config") == nullptr) {
    const auto part = std::ranges::find_if(at->as_map(), [&](const Value::Entry& inner) {
      return is_module_part(inner, last, rules);
    });
    if (part == at->as_map().end()) break;
    path += "." + part->first;
    last = part->first;
    at = &part->second;
  }
  return at == &entry.second ? std::nullopt : std::optional(path);
}

}  // namespace

void refuse_dotted_name(const Value::Entry& entry, const NodeMapRules& rules) {
  if (entry.first == "default") return;
  const auto path = dotted_name(entry, rules);
  if (!path) return;
  // "nn.Linear" is a class of PyTorch's, of which there is an op.
  const auto op = entry.first == "nn" || entry.first == "torch"
                      ? nearest(path->substr(path->rfind('.') + 1), ops_of(rules))
                      : std::nullopt;
  throw usage_error(
      fmt::format("'{}' in {} is neither an op nor a node, whose names have no dots; did you mean "
                  "'{}'?",
                  *path, rules.owner, op ? *op : legal_name(*path)),
      entry.second.position());
}

}  // namespace lathe
