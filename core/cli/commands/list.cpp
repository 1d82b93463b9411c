// lathe list: a sentence for each component there is. Older words for parts of it: --info and
// --list-passes.
#include "core/base/words/suggest.hpp"
#include "core/cli/commands/rows.hpp"
#include "core/cli/found_plugins.hpp"
#include "core/cli/layout.hpp"
#include "core/cli/pages/pass_pages.hpp"
#include "core/graph/ops/op_table.hpp"
#include "core/host/stdout_guard.hpp"
#include "core/report/json.hpp"
#include "core/report/table.hpp"
#include "core/search/search.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace lathe {

namespace {

constexpr std::string_view kHostKind = "pruner";  // a kind that no plugin brings
constexpr std::string_view kOpKind = "op";        // listed whole if it is asked for

struct Item {
  std::string kind, id, version, doc;
};

// The version and the sentence of a component; of a broken file, what is wrong with it.
Item item_of(const Registry& registry, const Listed& listed) {
  Item item{std::string(name(listed.kind)), listed.id, listed.version, ""};
  try {
    const Component& component = registry.find(listed.kind, listed.id);
    if (component.kind == Kind::pass)
      item.doc = component.has(LATHE_FLAG_MUTATES_GRAPH) ? "transform: " : "analysis: ";
    if (component.has(LATHE_FLAG_SYNTHETIC)) item.doc = "synthetic: ";
    item.doc += component.doc;
  } catch (const Error& error) {
    item.doc = fmt::format("cannot be loaded: {}", error.what());
  }
  return item;
}

// Plugins' kinds first, then the host's own.
std::vector<std::string> kinds_there_are(const Registry& registry) {
  std::vector<std::string> kinds;
  for (const Listed& listed : registry.listed())
    if (kinds.empty() || kinds.back() != name(listed.kind)) kinds.emplace_back(name(listed.kind));
  kinds.emplace_back(kHostKind);
  return kinds;
}

// The dialect's ops are listed if they are asked for, also where no plugin brings one.
std::vector<std::string> known_kinds(const Registry& registry) {
  std::vector<std::string> kinds = kinds_there_are(registry);
  if (std::ranges::find(kinds, kOpKind) == kinds.end()) kinds.emplace_back(kOpKind);
  return kinds;
}

Item built_in(const OpRow& row) {
  std::string doc = row.module_class.empty() ? "" : "torch.nn." + row.module_class;
  if (!row.signature.empty()) {
    doc += fmt::format("{}{}({})", doc.empty() ? "" : ", ", row.op, fmt::join(row.signature, ", "));
  }
  return {std::string(kOpKind), row.op, "",
          "built-in: " + (doc.empty() ? "a node of torch.fx's own" : doc)};
}

std::vector<Item> items_of(const Registry& registry, const std::string& kind, bool asked) {
  std::vector<Item> items;
  for (const Listed& listed : registry.listed())
    if (name(listed.kind) == kind) items.push_back(item_of(registry, listed));
  if (kind == kOpKind && asked)
    for (const std::string& op : builtin_ops().names())
      items.push_back(built_in(*builtin_ops().find(op)));
  if (kind != kHostKind) return items;
  for (const PrunerRow& row : pruner_rows()) items.push_back({kind, row.id, "", row.doc});
  return items;
}

std::string text_of(const std::string& kind, const std::vector<Item>& items) {
  constexpr std::size_t kWidestName = 30;
  std::size_t column = 0;
  const auto named = [](const Item& item) {
    return item.version.empty() ? item.id : fmt::format("{} {}", item.id, item.version);
  };
  for (const Item& item : items) column = std::max(column, named(item).size() + 4);
  std::string text = kind + "\n";
  for (const Item& item : items)
    text += entry(named(item), item.doc, std::min(column, kWidestName), terminal_width());
  return text;
}

// What `lathe plugin show` says of a plugin's options.
std::string pruner_options() {
  constexpr std::size_t kColumn = 30;
  std::string text;
  for (const PrunerRow& row : pruner_rows()) {
    text += fmt::format("\n{} takes\n", row.id);
    for (const Option& option : row.options.options)
      text += entry(option.key,
                    fmt::format("{} [{}, default {}]", option.doc, allowed_text(option),
                                cell_text(option.default_value.value_or(Value()))),
                    kColumn, terminal_width());
  }
  return text;
}

// No kinds: all.
void print_list(const Registry& registry, std::vector<std::string> kinds, bool as_json) {
  const std::vector<std::string> known = known_kinds(registry);
  for (const std::string& kind : kinds)
    if (std::ranges::find(known, kind) == known.end())
      throw usage_error(
          fmt::format("there is no kind '{}' to list{}", kind, suggestion(kind, known)));
  const bool asked = !kinds.empty();
  if (!asked) kinds = kinds_there_are(registry);
  std::string text;
  Json components = Json::array();
  for (const std::string& kind : kinds) {
    const std::vector<Item> items = items_of(registry, kind, asked);
    text += (text.empty() ? "" : "\n") + text_of(kind, items);
    for (const Item& item : items)
      components.push_back({{"kind", item.kind},
                            {"id", item.id},
                            {"version", item.version.empty() ? Json() : Json(item.version)},
                            {"doc", item.doc}});
  }
  if (kinds == std::vector<std::string>{std::string(kHostKind)}) text += pruner_options();
  text += broken_text(registry);
  if (as_json)
    return write_json({{"command", "list"},
                       {"components", std::move(components)},
                       {"broken", broken_json(registry)}});
  write_output(text);
}

}  // namespace

void run_list(const Invocation& call) {
  if (const OptionalText pages = call.get(kPages)) {
    if (call.words != std::vector<std::string>{std::string(name(Kind::pass))})
      throw usage_error(
          "--pages is for passes: lathe list pass --pages FOLDER; those of formats "
          "writes 'lathe format --pages FOLDER'");
    const std::size_t count = write_pass_pages(registry_of(call), *pages);
    if (call.get(kJson))
      return write_json({{"command", "list"}, {"pages", count}, {"folder", *pages}});
    return write_output(fmt::format("{} pages are in '{}'\n", count, *pages));
  }
  print_list(registry_of(call), call.words, call.get(kJson));
}

void print_passes(const Settings& settings) {
  print_list(Registry(default_plugin_folders(), plugin_files(settings)), {"pass"}, false);
}

void print_info(const Invocation& call) {
  const bool all = call.words.empty() || call.words.front() == "all";
  print_list(Registry(default_plugin_folders(), {}),
             all ? std::vector<std::string>{"model", "dataset"} : call.words, false);
}

}  // namespace lathe
