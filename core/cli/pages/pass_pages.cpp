#include "core/cli/pages/pass_pages.hpp"

#include "core/base/file.hpp"
#include "core/cli/flag_names.hpp"
#include "core/cli/option_text.hpp"
#include "core/cli/pages/markdown.hpp"
#include "core/graph/io/abi_value.hpp"
#include "core/host/instances/node_rules.hpp"
#include "core/mase/words.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <lathe/kind/pass.h>

namespace lathe {

namespace {

using namespace markdown;

bool is_transform(const Component& pass) { return pass.has(LATHE_FLAG_MUTATES_GRAPH); }

std::vector<const Component*> built_in_passes(const Registry& registry) {
  std::vector<const Component*> passes;
  for (const Listed& listed : registry.listed())
    if (listed.kind == Kind::pass && listed.source == "built-in")
      passes.push_back(&registry.find(Kind::pass, listed.id));
  return passes;
}

std::string listed(const std::vector<std::string>& words) {
  return fmt::format("`{}`", fmt::join(words, "`, `"));
}

// "reads weights, executes graphs"; what every transform does is left out.
std::string needs_text(const Component& pass) {
  std::vector<std::string> names = flag_names(pass);
  if (is_transform(pass)) names.erase(names.begin());
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string facts_text(const Component& pass) {
  const auto& interface = pass.as<lathe_pass>();
  std::string text = heads({"property", "value"});
  text += row({"kind", is_transform(pass) ? "transform: it changes the graph"
                                          : "analysis: the graph stays as it is"});
  if (const std::string needs = needs_text(pass); !needs.empty()) text += row({"it", needs});
  if (const auto targets = targets_of(pass); !targets.empty())
    text += row({"acts on", listed(targets)});
  text += row({"scalars", interface.scalars == nullptr ? "any: it does not say which"
                          : *interface.scalars == '\0' ? "none"
                                                       : listed(split_bars(interface.scalars))});
  if (const auto words = words_of_pass(pass.id); !words.empty())
    text += row({"in MASE also", listed(words)});
  return text;
}

// What the tables among options hold, and the tables within those.
std::string keys_text(const std::vector<Option>& options, const std::string& outer) {
  std::string text;
  for (const Option& option : options) {
    if (option.items.empty()) continue;
    const std::string name = outer + option.key;
    const bool per_node = option.type == LATHE_OPTION_NODE_MAP;
    if (!per_node && !takes_tables(option)) continue;
    text += per_node
                ? fmt::format(
                      "\nPer node (`{}`): `by = \"type\"`, `\"name\"` or "
                      "`\"regex_name\"`, then `default`, an op, a node or a pattern, "
                      "each with\n\n",
                      name)
                : fmt::format("\nKeys of {}`{}`:\n\n",
                              option.type == LATHE_OPTION_TABLE_LIST ? "each table of " : "", name);
    text += options_text(option.items) + keys_text(option.items, name + ".");
    if (!option.item_kind.empty())
      text += fmt::format("\nand the options of the {} that `name` chooses{}.\n", option.item_kind,
                          option.item_roles.empty()
                              ? ""
                              : fmt::format(", each behind `{}_`, or in a table of the operand",
                                            fmt::join(option.item_roles, "_`, `")));
  }
  return text;
}

std::string page_of(const Component& pass) {
  std::string text = fmt::format("# {}\n\n{}\n", pass.id, pass.doc);
  if (!pass.details.empty()) text += "\n" + pass.details + "\n";
  text += "\n## What it is\n\n" + facts_text(pass);
  text += "\n## Options\n\n" + options_text(pass.options.options);
  return text + keys_text(pass.options.options, "");
}

std::string index_of(const std::vector<const Component*>& passes) {
  std::string text =
      "# Passes\n\nEach page says what a pass computes and publishes and where that comes from, "
      "and lists its options. All pages are written by `lathe list pass --pages docs/passes` "
      "(`scripts/docs`) from what the passes say of themselves; `lathe plugin show PASS` shows the "
      "same of any pass. Names of MASE's work too, with their endings (`_analysis_pass`, "
      "`_transform_pass`, `_interface_pass`) and without.\n";
  for (const bool transforms : {false, true}) {
    text += transforms ? "\n## Transforms\n\n" : "\n## Analyses\n\n";
    text += heads({"pass", "what it does", "scalars", "it"});
    for (const Component* pass : passes) {
      if (is_transform(*pass) != transforms) continue;
      const char* scalars = pass->as<lathe_pass>().scalars;
      const bool named = scalars != nullptr && *scalars != '\0';
      text += row({fmt::format("[{0}]({0}.md)", pass->id), cell(pass->doc),
                   named ? listed(split_bars(scalars)) : "", needs_text(*pass)});
    }
  }
  return text;
}

}  // namespace

std::size_t write_pass_pages(const Registry& registry, const std::filesystem::path& folder) {
  const std::vector<const Component*> passes = built_in_passes(registry);
  make_folders(folder);
  for (const Component* pass : passes)
    write_atomically(folder / (pass->id + ".md"), page_of(*pass), Sync::no_wait);
  write_atomically(folder / "README.md", index_of(passes), Sync::no_wait);
  return passes.size();
}

}  // namespace lathe
