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

std::vector<std::string> targets_of(const Component& pass) {
  std::vector<std::string> targets = split_bars(pass.as<lathe_pass>().targets);
  const bool chooses_formats = std::ranges::any_of(pass.options.options, [](const Option& option) {
    return kind_from_name(option.item_kind) == Kind::format;
  });
  if (!targets.empty() || !chooses_formats) return targets;
  for (const OpRow& row : builtin_ops().rows()) {
    if (!row.quantizable.empty()) targets.push_back(row.op);
  }
  std::ranges::sort(targets);
  return targets;
}

NodeMapRules node_map_rules(const Registry& registry, const Component& pass, const Option& option) {
  NodeMapRules rules;
  rules.targets = targets_of(pass);
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
