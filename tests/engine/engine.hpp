// What the engine's tests share: the registry of built plugins, an engine, tensors from golden
// files, number formats on nodes.
#pragma once

#include "tests/graph/models.hpp"
#include "tests/support/support.hpp"

#include "core/data/data.hpp"
#include "core/dense/dense.hpp"
#include "core/graph/ops/op_table.hpp"
#include "core/host/instances/instances.hpp"
#include "core/run/executor.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <memory>

extern "C" lathe::run::Backend* lathe_open_engine(const lathe::Registry* registry,
                                                  lathe::run::Cache* cache, const char* device);

namespace lathe_test {

using lathe::DType;
using lathe::OperandFormat;
using lathe::Shape;
using lathe::Split;
using lathe::Tensor;
using nlohmann::json;

inline const lathe::Registry& registry() {
  static const lathe::Registry plugins({{lathe_test::built_plugin_dir(), "built-in"}}, {});
  return plugins;
}

inline std::shared_ptr<lathe::run::Backend> engine_backend(const lathe::Registry& plugins,
                                                           lathe::run::Cache& cache) {
  return std::shared_ptr<lathe::run::Backend>(lathe_open_engine(&plugins, &cache, "cpu"));
}

// The engine, whatever the graph.
inline std::shared_ptr<lathe::Executor> open_engine(const lathe::Registry& plugins = registry()) {
  return lathe::run::make_executor(plugins, {engine_backend});
}
// As a user has it: chains of dense layers on their own.
inline std::shared_ptr<lathe::Executor> open_executor(const lathe::Registry& plugins = registry()) {
  return lathe::run::make_executor(plugins, {lathe::dense::open_dense, engine_backend});
}

inline Tensor floats(Shape shape, const std::vector<float>& values) {
  return Tensor::of<float>(DType::float32, std::move(shape), values);
}
inline Tensor integers(const std::vector<std::int64_t>& values) {
  return Tensor::of<std::int64_t>(DType::int64, Shape{static_cast<std::int64_t>(values.size())},
                                  values);
}

inline std::vector<float> numbers(const json& list) {
  std::vector<float> out;
  for (const json& item : list) out.push_back(static_cast<float>(item.get<double>()));
  return out;
}
inline Tensor tensor(const json& golden) {
  return floats(Shape(golden.at("shape").get<std::vector<std::int64_t>>()),
                numbers(golden.at("data")));
}

// The graph with a PyTorch state dict from a golden file; names the graph lacks are left out.
inline Graph with_state(const Graph& graph, const json& state) {
  std::map<std::string, Tensor> contents;
  for (const auto& named : graph.parameters()) {
    const lathe::Parameter& parameter = *named.parameter;
    const json& golden = state.at(parameter.qualified_name);
    if (parameter.dtype == DType::int64) {
      const std::vector<std::int64_t> whole{golden.at("data").at(0).get<std::int64_t>()};
      contents.emplace(parameter.qualified_name,
                       Tensor::of<std::int64_t>(DType::int64, Shape{}, whole));
    } else {
      contents.emplace(parameter.qualified_name, tensor(golden));
    }
  }
  return graph.with_parameters(contents);
}

inline OperandFormat format_of(const std::string& role, const std::string& id, Value options) {
  const lathe::Component& component = registry().find(lathe::Kind::format, id);
  OperandFormat out;
  out.role = role;
  out.format = id;
  out.options = lathe::check_options(component.options, options);
  out.precision = lathe::format_instance(registry(), id, out.options).precision();
  out.plugin_hash = component.sha256;
  return out;
}

inline Value integer_options(int width, const json& frac_width) {
  Value out{Value::Map{}};
  out.set("width", width);
  out.set("frac_width", frac_width.is_null() ? Value() : Value(frac_width.get<int>()));
  return out;
}

// MASE's flat config of one node ("data_in_width", ...) on the operands the op has.
inline void quantize(lathe::Transaction& edit, const Graph& graph, NodeId id, const json& config) {
  const lathe::OpRow* row = graph.ops().find(graph.node(id).op);
  for (const std::string& role : row->quantizable) {
    if (role == "bias" && graph.node(id).parameter("bias") == nullptr) continue;
    edit.set_format(id, format_of(role, "integer",
                                  integer_options(config.at(role + "_width").get<int>(),
                                                  config.at(role + "_frac_width"))));
  }
}

inline Graph quantized(Graph graph, const std::vector<NodeId>& nodes, const json& config) {
  lathe::Transaction edit(graph);
  for (NodeId id : nodes) quantize(edit, graph, id, config);
  edit.commit();
  return graph;
}

inline std::vector<NodeId> nodes_of(const Graph& graph, const std::string& op) {
  std::vector<NodeId> out;
  for (NodeId id : graph.order()) {
    if (graph.node(id).op == op) out.push_back(id);
  }
  return out;
}

// numpy.linspace(-1, 1, n), as float32.
inline Tensor upstream(const Shape& shape) {
  const std::int64_t n = shape.numel();
  std::vector<float> out;
  for (std::int64_t i = 0; i < n; ++i) {
    out.push_back(n == 1 ? -1.0F
                         : static_cast<float>(-1.0 + 2.0 * static_cast<double>(i) /
                                                         static_cast<double>(n - 1)));
  }
  return floats(shape, out);
}

inline void check_close(std::span<const float> found, const std::vector<float>& expected,
                        double relative, double absolute, const std::string& what) {
  BOOST_REQUIRE_EQUAL(found.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double bound = absolute + relative * std::abs(static_cast<double>(expected[i]));
    BOOST_TEST(std::abs(static_cast<double>(found[i]) - static_cast<double>(expected[i])) <= bound,
               what << "[" << i << "]: found " << found[i] << ", expected " << expected[i]);
  }
}

// Bit by bit, so that NaN equals itself and 0 differs from -0.
inline bool same_bits(double a, double b) { return std::memcmp(&a, &b, sizeof a) == 0; }

// `rows` rows with labels that a small network can learn, from a fixed formula.
inline lathe::RowTensors learnable(std::int64_t rows, std::int64_t features, std::int64_t classes,
                                   std::uint64_t salt) {
  std::vector<float> samples;
  std::vector<std::int64_t> labels;
  std::uint64_t state = salt * 2654435761U + 12345U;
  for (std::int64_t r = 0; r < rows; ++r) {
    const std::int64_t label = r % classes;
    for (std::int64_t f = 0; f < features; ++f) {
      state = state * 6364136223846793005U + 1442695040888963407U;
      const double noise = static_cast<double>(state >> 40) / (1 << 24) - 0.5;
      samples.push_back(static_cast<float>(noise + (f % classes == label ? 0.7 : 0.0)));
    }
    labels.push_back(label);
  }
  return {{floats(Shape{rows, features}, samples), integers(labels)}};
}

inline std::shared_ptr<lathe::Dataset> jets(std::int64_t train, std::int64_t validation) {
  return lathe::dataset_of("test jets", learnable(train, 16, 5, 1), learnable(validation, 16, 5, 2),
                           learnable(40, 16, 5, 3), 5);
}

}  // namespace lathe_test
