// lathe --info: the models and data sets there are, from their plugins.
#include "core/cli/commands.hpp"

#include "core/report/table.hpp"

#include <fmt/format.h>

namespace lathe {

namespace {

std::string table_of(const Registry& registry, Kind kind, std::string_view heading) {
  TextTable table{{std::string(heading), "version", "what it is"}, {}};
  for (const std::string& id : registry.ids(kind)) {
    const Component& component = registry.find(kind, id);
    const bool synthetic = component.has(LATHE_FLAG_SYNTHETIC);
    table.rows.push_back(
        {id, component.version, component.doc + (synthetic ? " (synthetic)" : "")});
  }
  return render(table);
}

}  // namespace

void print_info(const std::string& what, const Output& output) {
  if (what != "all" && what != "model" && what != "dataset")
    throw usage_error(fmt::format("--info takes all, model or dataset; found '{}'", what));
  const Registry registry(default_plugin_folders(), {});
  std::string text;
  if (what != "dataset") text += table_of(registry, Kind::model, "model");
  if (what == "all") text += "\n";
  if (what != "model") text += table_of(registry, Kind::dataset, "data set");
  output.write(text);
}

}  // namespace lathe
