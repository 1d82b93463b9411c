// What plugins bring, as tables or JSON. The list reads stamps only; showing loads the one file.
#include "core/base/words/shown.hpp"
#include "core/base/words/suggest.hpp"
#include "core/cli/commands/rows.hpp"
#include "core/cli/flag_names.hpp"
#include "core/cli/found_plugins.hpp"
#include "core/cli/layout.hpp"
#include "core/cli/option_text.hpp"
#include "core/graph/io/abi_value.hpp"
#include "core/host/instances/node_rules.hpp"
#include "core/host/stdout_guard.hpp"
#include "core/mase/names.hpp"
#include "core/pipeline/pipeline.hpp"
#include "core/plugin/registry.hpp"
#include "core/report/json.hpp"
#include "core/report/table.hpp"
#include "core/report/terminal.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace lathe {
namespace {

// Columns that are empty for every row are left out.
std::string options_table(const std::vector<Option>& options) {
  TextTable table{{"option", "type", "default", "allowed", "unit", "meaning"}, {}};
  for (const Option& option : options) {
    table.rows.push_back({option.key, std::string(type_name(option.type)), default_text(option),
                          range_or_choices(option), option.unit, meaning(option)});
  }
  for (std::size_t c = table.columns.size(); c-- > 0;) {
    const bool used =
        std::ranges::any_of(table.rows, [&](const auto& row) { return !row[c].empty(); });
    if (used) continue;
    table.columns.erase(table.columns.begin() + static_cast<std::ptrdiff_t>(c));
    for (auto& row : table.rows) row.erase(row.begin() + static_cast<std::ptrdiff_t>(c));
  }
  return output_table(table);
}

std::string op_text(const Component& c) {
  const OpDescription& op = *c.op;
  std::string out;
  if (!op.module_class.empty()) {
    out += fmt::format("  module     {} of {}\n", op.module_class, fmt::join(op.inputs, ", "));
  }
  if (!op.function.empty()) {
    out += fmt::format("  function   {}({})\n", op.function, fmt::join(op.signature, ", "));
  }
  if (!op.quantizable.empty()) {
    out += fmt::format("  formats    can sit on {}\n", fmt::join(op.quantizable, ", "));
  }
  out += fmt::format("  training   {}\n", c.as<lathe_op>().backward != nullptr
                                              ? "it has a gradient"
                                              : "not through it: it has no gradient");
  return out;
}

// Ids of the services that a file offers beside its components.
std::vector<std::string> offered_by(const Registry& registry, const std::filesystem::path& file) {
  std::vector<std::string> ids;
  for (const OfferedService& service : registry.services()) {
    if (service.file == file) ids.push_back(service.id);
  }
  return ids;
}

std::string described(const PluginService& service) {
  return fmt::format(
      "service {}: for other plugins, which find it by this id\n  file       {}\n  sha256     "
      "{}\n  table      {} bytes\n",
      service.id, service.file.string(), service.sha256, service.table_size);
}

// What the tables among the options hold, and the tables within those.
std::string keys_text(const std::vector<Option>& options, const std::string& outer) {
  std::string out;
  for (const Option& option : options) {
    if (!takes_tables(option) || option.items.empty()) continue;
    const std::string name = outer + option.key;
    out += fmt::format("\nKeys of {}'{}':\n{}",
                       option.type == LATHE_OPTION_TABLE_LIST ? "each table of " : "", name,
                       options_table(option.items));
    out += keys_text(option.items, name + ".");
  }
  return out;
}

std::string described(const Component& c, const std::vector<std::string>& offers) {
  std::string out =
      fmt::format("{} {} {}: {}\n", name(c.kind), c.id, shown(c.version), shown(c.doc));
  out += fmt::format("  file       {}\n  sha256     {}\n", c.file.string(), c.sha256);
  const std::pair<const char*, const std::string&> origins[] = {
      {"authors", c.authors}, {"licence", c.licence}, {"url", c.url}};
  for (const auto& [word, text] : origins) {
    if (!text.empty()) out += fmt::format("  {:<10} {}\n", word, shown(text));
  }
  if (const auto flags = flag_names(c); !flags.empty()) {
    out += fmt::format("  it         {}\n", fmt::join(flags, ", "));
  }
  if (!offers.empty()) {
    out += fmt::format("  its file   offers the service{} {}\n", offers.size() == 1 ? "" : "s",
                       fmt::join(offers, ", "));
  }
  if (c.kind == Kind::pass) {
    const auto& pass = c.as<lathe_pass>();
    if (const std::vector<std::string> targets = targets_of(c); !targets.empty()) {
      out += fmt::format("  acts on    {}\n", fmt::join(targets, ", "));
    }
    if (pass.scalars != nullptr) {
      out += fmt::format("  publishes  {}\n", fmt::join(split_bars(pass.scalars), ", "));
    }
  }
  if (c.kind == Kind::op) out += op_text(c);
  if (!c.details.empty()) out += "\n" + paragraphs(c.details, terminal_width());
  if (c.options.options.empty()) return out + "It takes no options.\n";
  out += fmt::format("\n{}", options_table(c.options.options));
  out += keys_text(c.options.options, "");
  for (const Option& option : c.options.options) {
    if (option.type != LATHE_OPTION_NODE_MAP || option.items.empty()) continue;
    out += fmt::format(
        "\nPer node ('{}'): by = \"type\", \"name\" or \"regex_name\"; then `default`, an op, a "
        "node or a pattern, each with\n{}",
        option.key, options_table(option.items));
    out += keys_text(option.items, "");
    if (!option.item_kind.empty()) {
      out += fmt::format("and the options of the {} that `name` chooses", option.item_kind);
      if (!option.item_roles.empty()) {
        out += fmt::format(
            ", each behind {}_, or in a table of the operand, eg: {} = {{ name = "
            "\"...\" }}",
            fmt::join(option.item_roles, "_, "), option.item_roles.front());
      }
      out += fmt::format(" (see lathe plugin show {}:NAME).\n", option.item_kind);
    }
  }
  return out;
}

Json json_of(const std::vector<Option>& options) {
  Json rows = Json::array();
  for (const Option& option : options) {
    Json row{{"key", option.key}, {"type", type_name(option.type)}};
    row["default"] = option.default_value ? lathe::json_of(*option.default_value) : Json();
    if (option.range) row["range"] = option.range->text();
    if (!option.choices.empty()) row["choices"] = option.choices;
    if (!option.unit.empty()) row["unit"] = option.unit;
    row["required"] = option.required();
    row["nullable"] = option.nullable();
    row["tunable"] = option.tunable();
    if (option.logarithmic()) row["logarithmic"] = true;
    if (option.beside()) row["beside"] = true;
    if ((option.flags & LATHE_OPTION_FLAG_DEPRECATED) != 0) row["deprecated"] = true;
    row["doc"] = option.doc;
    if (!option.items.empty()) {
      row["items"] = json_of(option.items);
      if (!option.item_kind.empty()) row["item_kind"] = option.item_kind;
      if (!option.item_roles.empty()) row["item_roles"] = option.item_roles;
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

Json op_json(const Component& c) {
  const OpDescription& op = *c.op;
  const auto text = [](const std::string& word) { return word.empty() ? Json() : Json(word); };
  return {{"module_class", text(op.module_class)},
          {"inputs", op.inputs},
          {"function", text(op.function)},
          {"signature", op.signature},
          {"quantizable", op.quantizable},
          {"differentiable", c.as<lathe_op>().backward != nullptr}};
}

Json json_of(const Component& c) {
  Json out{{"kind", name(c.kind)},    {"id", c.id},         {"version", c.version},  {"doc", c.doc},
           {"file", c.file.string()}, {"sha256", c.sha256}, {"flags", flag_names(c)}};
  if (!c.authors.empty()) out["authors"] = c.authors;
  if (!c.licence.empty()) out["licence"] = c.licence;
  if (!c.url.empty()) out["url"] = c.url;
  if (!c.details.empty()) out["details"] = c.details;
  if (c.kind == Kind::pass) {
    out["targets"] = targets_of(c);
    out["scalars"] = split_bars(c.as<lathe_pass>().scalars);
  }
  if (c.kind == Kind::op) out["op"] = op_json(c);
  out["options"] = json_of(c.options.options);
  return out;
}

std::vector<std::string> kind_names() {
  std::vector<std::string> names;
  for (const Kind kind : all_kinds()) names.emplace_back(name(kind));
  return names;
}

Kind kind_of(const std::string& word) {
  const std::optional<Kind> kind = kind_from_name(word);
  if (!kind) {
    throw usage_error(
        fmt::format("there is no kind of plugin '{}'{}", word, suggestion(word, kind_names())));
  }
  return *kind;
}

constexpr std::string_view kServiceWord = "service";

Json json_of(const PluginService& service) {
  return {{"id", service.id},
          {"file", service.file.string()},
          {"sha256", service.sha256},
          {"table_size", service.table_size}};
}

std::string shortened(const std::filesystem::path& file) {
  std::error_code error;  // the working folder may be gone
  const auto here = std::filesystem::current_path(error);
  if (error) return file.string();
  const std::filesystem::path relative = file.lexically_proximate(here);
  return std::min(file.string(), relative.string(),
                  [](const auto& a, const auto& b) { return a.size() < b.size(); });
}

}  // namespace

void list_plugins(const Invocation& call) {
  std::optional<Kind> only;
  const bool only_services = !call.words.empty() && call.words.front() == kServiceWord;
  if (!call.words.empty() && !only_services) only = kind_of(call.words.front());
  const Registry registry = registry_of(call);
  TextTable table{{"kind", "id", "version", "source", "file"}, {}};
  Json rows = Json::array(), services = Json::array();
  for (const Listed& item : registry.listed()) {
    if (only_services || (only && item.kind != *only)) continue;
    table.rows.push_back(
        {std::string(name(item.kind)), item.id, item.version, item.source, shortened(item.file)});
    rows.push_back({{"kind", name(item.kind)},
                    {"id", item.id},
                    {"version", item.version},
                    {"source", item.source},
                    {"file", item.file.string()}});
  }
  for (const OfferedService& service : registry.services()) {
    if (only) continue;
    table.rows.push_back(
        {std::string(kServiceWord), service.id, "", service.source, shortened(service.file)});
    services.push_back(
        {{"id", service.id}, {"source", service.source}, {"file", service.file.string()}});
  }
  if (call.get(kJson)) {
    write_json({{"command", "plugin list"},
                {"plugins", std::move(rows)},
                {"services", std::move(services)},
                {"broken", broken_json(registry)}});
  } else {
    write_output((table.rows.empty() ? "There are no plugins.\n" : output_table(table)) +
                 broken_text(registry));
  }
}

void show_plugin(const Invocation& call) {
  const std::string& word = call.words.front();
  const Registry registry = registry_of(call);
  std::string id = word;
  std::vector<Kind> kinds(all_kinds().begin(), all_kinds().end());
  bool may_be_service = true;
  if (const std::size_t colon = word.find(':'); colon != std::string::npos) {
    may_be_service = word.substr(0, colon) == kServiceWord;
    kinds = may_be_service ? std::vector<Kind>{} : std::vector{kind_of(word.substr(0, colon))};
    id = word.substr(colon + 1);
  }
  if (std::ranges::count(kinds, Kind::pass) > 0) id = pass_id(id, registry);
  std::erase_if(kinds, [&](Kind kind) { return !registry.knows(kind, id); });
  const PluginService* service = may_be_service ? registry.service(id) : nullptr;
  if (kinds.empty() && service == nullptr) {
    std::vector<std::string> known;
    for (const Listed& item : registry.listed()) known.push_back(item.id);
    for (const OfferedService& item : registry.services()) known.push_back(item.id);
    std::string theirs;
    for (const Kind kind : all_kinds())
      if (theirs.empty()) theirs = about_mase_name(name(kind), id);
    throw usage_error(
        fmt::format("there is no plugin '{}'{}{}", word, theirs, suggestion(id, known)));
  }
  std::string text;
  Json components = Json::array();
  for (const Kind kind : kinds) {
    const Component& component = registry.find(kind, id);
    if (!text.empty()) text += "\n";
    const std::vector<std::string> offers = offered_by(registry, component.file);
    text += described(component, offers);
    components.push_back(json_of(component));
    components.back()["services"] = offers;
  }
  Json services = Json::array();
  if (service != nullptr) {
    if (!text.empty()) text += "\n";
    text += described(*service);
    services.push_back(json_of(*service));
  }
  if (call.get(kJson))
    return write_json({{"command", "plugin show"},
                       {"components", std::move(components)},
                       {"services", std::move(services)}});
  write_output(text);
}

}  // namespace lathe
