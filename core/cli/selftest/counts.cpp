#include "core/cli/selftest/counts.hpp"

#include "core/base/error.hpp"
#include "core/base/file.hpp"
#include "core/cli/selftest/layer_list.hpp"
#include "core/host/instances/build_model.hpp"
#include "core/host/instances/plugin_ops.hpp"
#include "core/pipeline/run_pipeline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>

namespace lathe {

namespace {

namespace fs = std::filesystem;

Json read_file(const fs::path& path) {
  std::ifstream in(path);
  if (!in) throw read_failure(path, errno);
  return Json::parse(in);
}

Graph network_of(const Json& file, RunContext& context) {
  if (file.contains("layers")) return graph_of_layers(file, *context.ops);
  const Component& model = context.registry->find(Kind::model, file.at("model").get<std::string>());
  const Value options = check_options(model.options, Value(Value::Map{}));
  return build_model(model, options, DatasetInfo{}, context.batch_size, context.seed, context);
}

// As a config file's [passes] would have them: counted in float32, then quantized, then in bits.
std::vector<PassReport> counted(const Json& file, const Registry& registry, const OpSet& ops) {
  RunContext context;
  context.registry = &registry;
  context.ops = &ops;
  context.batch_size = 1;
  Graph graph = network_of(file, context);
  Value passes(Value::Map{{"flops", Value(Value::Map{})}});
  passes.set("quantize", value_of(file.at("quantize")));
  passes.set("bitops", Value(Value::Map{}));
  const Pipeline pipeline = pipeline_from_config(passes, registry);
  const Graph original = graph;
  context.original = &original;
  return run_pipeline(pipeline, graph, context);
}

double scalar(const std::vector<PassReport>& reports, std::string_view name) {
  for (const PassReport& report : reports) {
    for (const auto& [key, value] : report.scalars) {
      if (key == name) return value.as_float();
    }
  }
  throw usage_error(fmt::format("no pass publishes '{}'", name));
}

std::size_t column(const ReportTable& table, std::string_view name) {
  const auto at = std::ranges::find(table.columns, name);
  if (at == table.columns.end()) throw usage_error(fmt::format("no column '{}'", name));
  return static_cast<std::size_t>(at - table.columns.begin());
}

const ReportTable& nodes_of(const std::vector<PassReport>& reports, std::string_view pass) {
  for (const PassReport& report : reports) {
    for (const ReportTable& table : report.tables) {
      if (report.pass == pass && table.name == "nodes") return table;
    }
  }
  throw usage_error(fmt::format("pass '{}' has no table of nodes", pass));
}

// "macs of linear": of all nodes of that op. "macs at 8x2": of those with these widths.
double macs_of(const std::vector<PassReport>& reports, std::string_view of, std::string_view at) {
  const ReportTable& nodes = nodes_of(reports, "bitops");
  const std::size_t op = column(nodes, "op"), macs = column(nodes, "macs");
  const std::size_t bops = column(nodes, "product_bops");
  double bits = 0;
  if (const auto cross = at.find('x'); cross != std::string_view::npos) {
    bits =
        std::stod(std::string(at.substr(0, cross))) * std::stod(std::string(at.substr(cross + 1)));
  }
  double sum = 0;
  for (const auto& row : nodes.rows) {
    const double count = row[macs].as_float();
    const bool meant =
        of.empty() ? row[bops].as_float() == count * bits : row[op].as_string() == of;
    if (meant) sum += count;
  }
  return sum;
}

// "macs", "flop_counter + flop_counter_backward", "macs of linear", "macs at 8x2".
double figure(const std::vector<PassReport>& reports, std::string_view text) {
  constexpr std::string_view kPlus = " + ", kOf = "macs of ", kAt = "macs at ";
  if (const auto plus = text.find(kPlus); plus != std::string_view::npos) {
    return figure(reports, text.substr(0, plus)) +
           figure(reports, text.substr(plus + kPlus.size()));
  }
  if (text.starts_with(kOf)) return macs_of(reports, text.substr(kOf.size()), {});
  if (text.starts_with(kAt)) return macs_of(reports, {}, text.substr(kAt.size()));
  return scalar(reports, text);
}

void add_checks(const Json& file, std::vector<CountCheck>& checks, const Registry& registry,
                const OpSet& ops) {
  const std::vector<PassReport> reports = counted(file, registry, ops);
  for (const bool derived : {false, true}) {
    const Json& figures = file.at(derived ? "derived" : "published");
    for (const auto& [name, value] : figures.items()) {
      checks.push_back({file.at("name").get<std::string>(), name, figure(reports, name),
                        value.get<double>(), derived, file.at("source").get<std::string>()});
    }
  }
}

}  // namespace

bool CountCheck::same() const { return std::round(ours) == published; }

std::vector<CountCheck> replay_counts(const Registry& registry, const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  if (error) throw read_failure(folder, error.value());
  if (files.empty()) {
    throw run_error(
        LATHE_NOT_FOUND,
        fmt::format("'{}' holds no figures; was Lathe installed whole?", folder.string()));
  }
  std::ranges::sort(files);
  const PluginOps ops(registry);
  std::vector<CountCheck> checks;
  for (const fs::path& path : files) {
    try {
      add_checks(read_file(path), checks, registry, ops);
    } catch (const Json::exception& wrong) {
      throw usage_error(
          fmt::format("'{}' is no network's figures: {}", path.string(), wrong.what()));
    } catch (const Error& wrong) {
      throw wrong.within(path.string());
    }
  }
  return checks;
}

}  // namespace lathe
