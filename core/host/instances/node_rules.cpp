#include "core/host/instances/node_rules.hpp"

#include "core/graph/io/abi_value.hpp"
#include "core/graph/ops/op_table.hpp"
#include "core/mase/names.hpp"
#include "core/mase/words.hpp"

#include <algorithm>

namespace lathe {

const OptionTable* format_table(const Registry& registry, std::string_view id) {
  return registry.knows(Kind::format, id) ? &registry.find(Kind::format, id).options : nullptr;
}

namespace {

// Ops that a pass does not name, of those that the formats it chooses can sit on.
std::vector<std::string> further_ops(const Component& pass,
                                     const std::vector<std::string>& targets) {
  const bool chooses_formats = std::ranges::any_of(pass.options.options, [](const Option& option) {
    return kind_from_name(option.item_kind) == Kind::format;
  });
  std::vector<std::string> ops;
  if (targets.empty() || !chooses_formats) return ops;
  for (const OpRow& row : builtin_ops().rows()) {
    if (!row.quantizable.empty() && std::ranges::find(targets, row.op) == targets.end()) {
      ops.push_back(row.op);
    }
  }
  return ops;
}

}  // namespace

std::vector<std::string> targets_of(const Component& pass) {
  std::vector<std::string> ops = split_bars(pass.as<lathe_pass>().targets);
  const std::vector<std::string> further = further_ops(pass, ops);
  ops.insert(ops.end(), further.begin(), further.end());
  std::ranges::sort(ops);
  return ops;
}

NodeMapRules node_map_rules(const Registry& registry, const Component& pass, const Option& option) {
  NodeMapRules rules;
  rules.targets = split_bars(pass.as<lathe_pass>().targets);
  rules.on_request = further_ops(pass, rules.targets);
  rules.option = &option;
  rules.owner = pass.options.owner;
  const std::optional<Kind> kind = kind_from_name(option.item_kind);
  if (kind == Kind::format) {
    rules.item_word = format_word;
    rules.about_item = about_mase_name;
    rules.suits_plugin_op = [](const OpRow& row) { return !row.quantizable.empty(); };
  }
  if (kind) {
    rules.item_ids = registry.ids(*kind);
    rules.item_table = [&registry, kind = *kind](std::string_view id) -> const OptionTable* {
      return registry.knows(kind, id) ? &registry.find(kind, id).options : nullptr;
    };
  } else {
    rules.item_table = [](std::string_view) -> const OptionTable* { return nullptr; };
  }
  return rules;
}

}  // namespace lathe
