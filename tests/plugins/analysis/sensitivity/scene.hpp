// A network, rows and a search space, and the pass on them.
#pragma once

#include "core/host/run.hpp"
#include "core/options/text/document.hpp"
#include "core/search/loop/trial_space.hpp"
#include "tests/run/fields.hpp"

#include <fstream>

namespace lathe_test {

class Scene {
 public:
  // `space`: the inside of [search.search_space], as TOML.
  Scene(Graph network, std::shared_ptr<lathe::Dataset> rows, const std::string& space)
      : graph(std::move(network)),
        data(std::move(rows)),
        document_(lathe::parse_toml(space, "space.toml")) {
    context.registry = &registry();
    context.executor = [this]() -> lathe::Executor& { return *engine; };
    context.dataset = [this]() -> const lathe::Dataset& { return *data; };
    context.batch_size = 16;
    context.folder = folder_.path();
    context.trial_space = [this](const Graph& of, lathe::RunContext& run) {
      return lathe::open_trial_space(document_, of, registry(), nullptr, run);
    };
  }

  lathe::PassReport run(const std::string& id, const Graph& of,
                        const json& options = json::object()) {
    const lathe::Component& component = registry().find(lathe::Kind::pass, id);
    Value given{Value::Map{}};
    for (const auto& [key, value] : options.items()) {
      given.set(key, value.is_string() ? Value(value.get<std::string>())
                                       : Value(value.get<std::int64_t>()));
    }
    Graph copy = of;
    lathe::PassInstance pass(component, lathe::check_options(component.options, given), context);
    lathe::PassReport report = pass.run(copy, context);
    BOOST_TEST((copy.hash(copy.output()) == of.hash(of.output())));
    return report;
  }
  lathe::PassReport run(const std::string& method, const json& more = json::object()) {
    json options = more;
    options["method"] = method;
    return run("sensitivity", graph, options);
  }
  // The file that the last run wrote.
  static json file(const lathe::PassReport& report) {
    BOOST_REQUIRE_EQUAL(report.files.size(), 1U);
    std::ifstream in(report.files[0]);
    return json::parse(in);
  }
  std::unique_ptr<lathe::TrialSpace> space() {
    return lathe::open_trial_space(document_, graph, registry(), nullptr, context);
  }
  const Value& document() const { return document_; }

  Graph graph;
  std::shared_ptr<lathe::Dataset> data;
  std::shared_ptr<lathe::Executor> engine = open_executor();
  lathe::RunContext context;

 private:
  TemporaryFolder folder_;
  Value document_;
};

inline double scalar(const lathe::PassReport& report, const std::string& name) {
  for (const auto& [key, value] : report.scalars)
    if (key == name) return value.as_float();
  BOOST_FAIL("no scalar " << name);
  return 0;
}

// What the table `layers` says of an operand with a format.
inline double told(const lathe::PassReport& report, const std::string& node,
                   const std::string& operand, const std::string& format) {
  for (const lathe::ReportTable& table : report.tables) {
    if (table.name != "layers") continue;
    for (const auto& row : table.rows) {
      if (row[0].as_string() == node && row[2].as_string() == operand &&
          row[3].as_string().starts_with(format))
        return row[4].as_float();
    }
  }
  BOOST_FAIL("no row " << node << ", " << operand << ", " << format);
  return 0;
}

// round(x * 2^frac) / 2^frac of a signed integer, in double: half to even.
inline double fixed_point(double x, int width, int frac) {
  const double scale = std::ldexp(1.0, frac);
  const double top = std::ldexp(1.0, width - 1);
  return std::clamp(std::nearbyint(x * scale), -top, top - 1) / scale;
}

// The graph with that parameter as `integer` rounds it.
inline Graph rounded(const Graph& graph, const std::string& name, int width, int frac) {
  std::vector<float> values = contents_of(graph, name);
  for (float& value : values)
    value = static_cast<float>(fixed_point(static_cast<double>(value), width, frac));
  return with_contents(graph, {{name, values}});
}

}  // namespace lathe_test
