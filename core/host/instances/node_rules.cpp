#include "core/host/instances/node_rules.hpp"

#include "core/graph/io/abi_value.hpp"
#include "core/mase/names.hpp"
#include "core/mase/words.hpp"

namespace lathe {

const OptionTable* format_table(const Registry& registry, std::string_view id) {
  return registry.knows(Kind::format, id) ? &registry.find(Kind::format, id).options : nullptr;
}

NodeMapRules node_map_rules(const Registry& registry, const Component& pass, const Option& option) {
  NodeMapRules rules;
  rules.targets = split_bars(pass.as<lathe_pass>().targets);
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
