// Lists of what plugins bring: --info and --list-passes.
#include "core/cli/commands/rows.hpp"

#include "core/host/stdout_guard.hpp"
#include "core/report/table.hpp"
#include "core/search/search.hpp"

#include <fmt/format.h>

namespace lathe {

namespace {

std::string remark_of(const Component& component) {
  if (component.kind == Kind::pass)
    return component.has(LATHE_FLAG_MUTATES_GRAPH) ? "transform: " : "analysis: ";
  return component.has(LATHE_FLAG_SYNTHETIC) ? "synthetic: " : "";
}

std::string table_of(const Registry& registry, Kind kind, std::string_view heading) {
  TextTable table{{std::string(heading), "version", "what it is"}, {}};
  for (const std::string& id : registry.ids(kind)) {
    const Component& component = registry.find(kind, id);
    table.rows.push_back({id, component.version, remark_of(component) + component.doc});
  }
  return render(table);
}

std::string pruners_text() {
  std::string text;
  for (const PrunerRow& row : pruner_rows()) {
    TextTable table{{"option", "takes", "default", "what it is"}, {}};
    for (const Option& option : row.options.options)
      table.rows.push_back({option.key, allowed_text(option),
                            cell_text(option.default_value.value_or(Value())), option.doc});
    text += fmt::format("{}{}: {}\n{}", text.empty() ? "" : "\n", row.id, row.doc, render(table));
  }
  return text;
}

}  // namespace

void print_passes(const Settings& settings) {
  const Registry registry(default_plugin_folders(), plugin_files(settings));
  write_output(table_of(registry, Kind::pass, "pass"));
}

void print_info(const Invocation& call) {
  const std::string what = call.words.empty() ? "all" : call.words.front();
  if (what == "pruner") {
    write_output(pruners_text());
    return;
  }
  if (what != "all" && what != "model" && what != "dataset")
    throw usage_error(fmt::format("--info takes all, model, dataset or pruner; found '{}'", what));
  const Registry registry(default_plugin_folders(), {});
  std::string text;
  if (what != "dataset") text += table_of(registry, Kind::model, "model");
  if (what == "all") text += "\n";
  if (what != "model") text += table_of(registry, Kind::dataset, "data set");
  write_output(text);
}

}  // namespace lathe
