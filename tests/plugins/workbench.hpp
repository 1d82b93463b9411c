// What the tests of built-in plugins share: the registry of the plugins just built, models, passes
// and formats by id, options as JSON.
#pragma once

#include "core/graph/io/text.hpp"
#include "core/host/instances/instances.hpp"
#include "core/mase/metadata.hpp"
#include "tests/support/support.hpp"

#include <lathe/svc/graph.h>

#include <map>

namespace lathe_test {

using nlohmann::json;

inline lathe::Value to_value(const json& j) {
  if (j.is_null()) return {};
  if (j.is_boolean()) return lathe::Value(j.get<bool>());
  if (j.is_number_integer()) return lathe::Value(j.get<std::int64_t>());
  if (j.is_number()) return lathe::Value(j.get<double>());
  if (j.is_string()) return lathe::Value(j.get<std::string>());
  if (j.is_array()) {
    lathe::Value::List list;
    for (const json& item : j) list.push_back(to_value(item));
    return lathe::Value(std::move(list));
  }
  lathe::Value map{lathe::Value::Map{}};
  for (const auto& [key, item] : j.items()) map.set(key, to_value(item));
  return map;
}

inline json to_json(const lathe::Value& v) {
  if (v.is_none()) return nullptr;
  if (v.is_bool()) return v.as_bool();
  if (v.is_int()) return v.as_int();
  if (v.is_float()) return v.as_float();
  if (v.is_string()) return v.as_string();
  json out = v.is_list() ? json::array() : json::object();
  if (v.is_list()) {
    for (const lathe::Value& item : v.as_list()) out.push_back(to_json(item));
  } else {
    for (const auto& [key, item] : v.as_map()) out[key] = to_json(item);
  }
  return out;
}

inline const lathe::Registry& built_plugins() {
  static const lathe::Registry registry({{lathe_test::built_plugin_dir(), "built-in"}}, {});
  return registry;
}

// Samples of that shape (empty: it is not known) with one of so many classes each.
inline lathe::DatasetInfo samples_of(std::vector<std::int64_t> shape, std::int64_t classes) {
  const bool known = !shape.empty();
  const lathe::Field samples{
      "samples", LATHE_FIELD_INPUT, lathe::DType::float32, lathe::Shape(std::move(shape)), known, 0,
      {}};
  const lathe::Field labels{"labels", LATHE_FIELD_TARGET, lathe::DType::int64, {}, true, classes,
                            {}};
  return {{samples, labels}, false};
}

// The op table of a registry. Graphs point at it and may outlive the bench that built them.
inline const lathe::PluginOps& ops_of(const lathe::Registry& registry) {
  static std::map<const lathe::Registry*, lathe::PluginOps> known;
  return known.try_emplace(&registry, registry).first->second;
}

// One run: a graph, and passes over it.
class Workbench {
 public:
  explicit Workbench(std::int64_t batch = 8, const lathe::Registry& registry = built_plugins())
      : registry_(registry) {
    context.registry = &registry;
    context.ops = &ops_of(registry);
    context.batch_size = batch;
  }

  lathe::Graph model(const std::string& id, const json& options = json::object(),
                     const lathe::DatasetInfo& info = {}) {
    const lathe::Component& component = registry_.find(lathe::Kind::model, id);
    return lathe::build_model(component, lathe::check_options(component.options, to_value(options)),
                              info, context.batch_size, context.seed, context);
  }

  lathe::PassReport run(const std::string& id, lathe::Graph& graph,
                        const json& options = json::object()) {
    const lathe::Component& component = registry_.find(lathe::Kind::pass, id);
    lathe::PassInstance pass(component, lathe::check_options(component.options, to_value(options)),
                             context);
    return pass.run(graph, context);
  }

  lathe::RunContext context;

 private:
  const lathe::Registry& registry_;
};

inline double scalar(const lathe::PassReport& report, const std::string& name) {
  for (const auto& [key, value] : report.scalars) {
    if (key == name) return value.as_float();
  }
  throw std::runtime_error("pass " + report.pass + " published no scalar " + name);
}

inline const lathe::ReportTable& table(const lathe::PassReport& report, const std::string& name) {
  for (const lathe::ReportTable& t : report.tables) {
    if (t.name == name) return t;
  }
  throw std::runtime_error("pass " + report.pass + " published no table " + name);
}

// A cell by the row's first cell and the column's name.
inline lathe::Value cell(const lathe::ReportTable& t, const std::string& row,
                         const std::string& column) {
  for (std::size_t c = 0; c < t.columns.size(); ++c) {
    if (t.columns[c] != column) continue;
    for (const auto& cells : t.rows) {
      if (cells[0].as_string() == row) return cells[c];
    }
  }
  throw std::runtime_error("table " + t.name + " has no cell " + row + ", " + column);
}

inline std::string read_text(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error("no file " + path.string());
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace lathe_test
