// Number formats on every op that takes them: what a kernel gets is what the format made, operand
// by operand, in modules and functions, in evaluation and in training, in large tensors of any
// layout.
#include "core/checkpoint/checkpoint.hpp"
#include "tests/engine/engine.hpp"
#include "tests/engine/gradients.hpp"
#include "tests/engine/oracles.hpp"

using namespace lathe_test;

namespace {

const std::atomic<bool> never{false};

const lathe::Registry& with_fixtures() {
  static const lathe::Registry plugins(
      {}, {lathe_test::build_dir() / "tests/fixtures/engine_formats.so"});
  return plugins;
}

void set_format(Graph& graph, NodeId node, std::string_view role, std::string_view id) {
  lathe::Transaction edit(graph);
  const lathe::Node& on = graph.node(node);
  edit.set_format(node, lathe::operand_format(with_fixtures(), id, nullptr, role, on,
                                              *graph.ops().find(on.op)));
  edit.commit();
}

struct Tried {
  std::string op;
  std::vector<Value::List> inputs;  // samples of placeholders
  Value::Map attributes = {};       // of the module
  bool module = true;
  // Further tensors of the function, constants of the graph; then its literals.
  std::vector<Value::List> constants = {};
  std::vector<Argument> literals = {};
  bool literals_first = false;
};

std::vector<Tried> every_op() {
  const Value::Map conv{{"in_channels", 4}, {"out_channels", 6}, {"kernel_size", 3}};
  std::vector<Tried> out{
      {"linear", {{4}}, {{"in_features", 4}, {"out_features", 5}}},
      {"linear", {{4}}, {}, false, {{5, 4}, {5}}},
      {"conv1d", {{4, 9}}, conv},
      {"conv1d", {{4, 9}}, {}, false, {{6, 4, 3}, {6}}},
      {"conv2d", {{4, 7, 6}}, conv},
      {"conv2d", {{4, 7, 6}}, {}, false, {{6, 4, 3, 3}, {6}}},
      {"conv_transpose2d", {{4, 5, 5}}, conv},
      {"conv_transpose2d", {{4, 5, 5}}, {}, false, {{4, 6, 3, 3}, {6}}},
      {"conv_transpose1d", {{4, 5}}, conv},
      {"conv_transpose1d", {{4, 5}}, {}, false, {{4, 6, 3}, {6}}},
      {"group_norm", {{4, 3}}, {{"num_groups", 2}}},
      {"batch_norm1d", {{5}}},
      {"batch_norm1d", {{5, 6}}},
      {"batch_norm2d", {{3, 4, 4}}},
      {"batch_norm2d", {{3, 4, 4}}, {{"affine", false}}},
      {"layer_norm", {{2, 6}}, {{"normalized_shape", 6}}},
      {"layer_norm", {{2, 6}}, {}, false, {{6}, {6}}, {{Value(Value::List{6})}}, true},
      {"avg_pool1d", {{3, 8}}, {{"kernel_size", 2}}},
      {"avg_pool2d", {{3, 6, 6}}, {{"kernel_size", 2}}},
      {"avg_pool2d", {{3, 6, 6}}, {}, false, {}, {{Value(2)}}},
      {"adaptive_avg_pool2d", {{3, 6, 6}}, {{"output_size", 2}}},
      {"adaptive_avg_pool2d", {{3, 6, 6}}, {}, false, {}, {{Value(2)}}},
  };
  for (const char* op : {"relu", "selu", "tanh", "gelu", "silu", "softplus", "softsign"}) {
    out.push_back({op, {{3, 4}}});
    out.push_back({op, {{3, 4}}, {}, false});
  }
  for (const char* op : {"add", "sub", "mul", "maximum"})
    out.push_back({op, {{3, 4}, {3, 4}}, {}, false});
  for (const char* op : {"matmul", "bmm"}) out.push_back({op, {{3, 4}, {4, 2}}, {}, false});
  return out;
}

struct Built {
  Graph graph;
  NodeId node = NodeId::none;
  std::vector<Tensor> inputs;
};

Tensor numbers_of(const Shape& shape, int salt) {
  Array values = example(shape.dims(), salt);
  for (double& x : values.data) x /= 4;
  return as_tensor(values);
}

Built build(const Tried& tried) {
  constexpr std::int64_t kBatch = 3;
  Writer w(1);
  std::vector<Argument> tensors;
  Built out;
  for (std::size_t i = 0; i < tried.inputs.size(); ++i) {
    tensors.push_back(
        {w.placeholder(fmt::format("x{}", i), {{"shape", tried.inputs[i]}, {"batch", kBatch}})});
    std::vector<std::int64_t> shape{kBatch};
    for (const Value& extent : tried.inputs[i]) shape.push_back(extent.as_int());
    out.inputs.push_back(numbers_of(Shape(shape), static_cast<int>(i) + 1));
  }
  std::vector<Argument> constants;
  for (std::size_t i = 0; i < tried.constants.size(); ++i) {
    NodeSpec spec;
    spec.opcode = Opcode::get_attr;
    spec.target = fmt::format("constant{}", i);
    spec.attributes = Value::Map{{"shape", tried.constants[i]}};
    constants.push_back({w.edit().add(spec)});
  }
  if (tried.module) {
    out.node = w.module("layer", tried.op, tried.attributes);
  } else {
    std::vector<Argument> args = tensors;
    const auto append = [&](const std::vector<Argument>& more) {
      args.insert(args.end(), more.begin(), more.end());
    };
    append(tried.literals_first ? tried.literals : constants);
    append(tried.literals_first ? constants : tried.literals);
    out.node = w.function(tried.op, args);
  }
  const Graph graph = w.finish(kBatch);
  std::map<std::string, Tensor> contents;
  int salt = 30;
  for (const auto& named : graph.parameters()) {
    const lathe::Parameter& parameter = *named.parameter;
    // Constants of functions are buffers; statistics stay as they are.
    if (parameter.is_buffer && !parameter.qualified_name.starts_with("constant")) continue;
    contents.emplace(parameter.qualified_name, numbers_of(parameter.shape, ++salt));
  }
  out.graph = graph.with_parameters(contents);
  return out;
}

Tensor twice(const Tensor& x) {
  std::vector<float> values(x.values<float>().begin(), x.values<float>().end());
  for (float& value : values) value *= 2;
  return floats(x.shape(), values);
}

// The network with that operand doubled by hand, in place of a format. Doubling rounds nothing.
Built doubled(const Built& built, const Tried& tried, const std::string& role) {
  Built out = built;
  const lathe::Node& node = built.graph.node(built.node);
  const lathe::OpRow& row = *built.graph.ops().find(node.op);
  std::map<std::string, Tensor> contents;
  for (std::size_t i = 0; i < node.inputs().size(); ++i) {
    if (input_role(row, node, i) != role) continue;
    if (i < tried.inputs.size()) {
      out.inputs[i] = twice(built.inputs[i]);
      continue;
    }
    const lathe::Parameter& constant = built.graph.node(node.inputs()[i]).parameters[0];
    contents.emplace(constant.qualified_name, twice(constant.content->tensor()));
  }
  if (const lathe::Parameter* own = node.parameter(role)) {
    contents.emplace(own->qualified_name, twice(own->content->tensor()));
  }
  out.graph = built.graph.with_parameters(contents);
  return out;
}

std::vector<std::string> roles_of(const Built& built) {
  const lathe::Node& node = built.graph.node(built.node);
  std::vector<std::string> out;
  for (const auto role : quantizable_roles(*built.graph.ops().find(node.op), node)) {
    out.emplace_back(role);
  }
  out.emplace_back("data_out");
  return out;
}

std::vector<float> list(const Tensor& tensor) {
  return {tensor.values<float>().begin(), tensor.values<float>().end()};
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_op_works_on_what_the_format_makes_of_each_operand) {
  const auto engine = open_engine(with_fixtures());
  for (const Tried& tried : every_op()) {
    const Built built = build(tried);
    for (const std::string& role : roles_of(built)) {
      BOOST_TEST_CONTEXT(tried.op << (tried.module ? " module, " : " function, ") << role) {
        Graph with_format = built.graph;
        set_format(with_format, built.node, role, "test_twice");
        const auto found = list(engine->run(with_format, built.inputs).at(0));
        const Built by_hand = doubled(built, tried, role);
        Tensor expected = engine->run(by_hand.graph, by_hand.inputs).at(0);
        if (role == "data_out") expected = twice(expected);
        check_close(found, list(expected), 1e-6, 1e-7, "y");
        const auto plain = list(engine->run(built.graph, built.inputs).at(0));
        // A normalisation forgets the scale of what it is given, but for its running statistics.
        const bool forgets = tried.op == "layer_norm" || tried.op == "group_norm";
        if (!forgets || role != "data_in") BOOST_TEST((found != plain));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(in_training_gradients_pass_straight_through_at_the_quantized_values) {
  for (const Tried& tried : every_op()) {
    const Built built = build(tried);
    for (const std::string& role : roles_of(built)) {
      BOOST_TEST_CONTEXT(tried.op << (tried.module ? " module, " : " function, ") << role) {
        Graph with_format = built.graph;
        set_format(with_format, built.node, role, "test_twice");
        const Built by_hand = doubled(built, tried, role);
        const Tensor dy = upstream(built.graph.node(built.node).result.shape);
        const auto found = gradients(with_fixtures(), with_format, built.inputs, dy);
        const auto expected = gradients(with_fixtures(), by_hand.graph, by_hand.inputs, dy);
        const Tensor y = role == "data_out" ? twice(expected.output) : expected.output;
        check_close(list(found.output), list(y), 1e-6, 1e-6, "y");
        for (std::size_t i = 0; i < built.inputs.size(); ++i) {
          check_close(list(found.inputs[i]), list(expected.inputs[i]), 1e-5, 1e-6, "dx");
        }
        for (const auto& [name, gradient] : expected.parameters) {
          check_close(list(found.parameters.at(name)), list(gradient), 1e-5, 1e-6, name);
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(batch_norm_takes_the_statistics_of_its_quantized_input) {
  const auto data = jets(64, 32);
  Writer w(2);
  w.input({16});
  const NodeId norm = w.batch_norm("norm", 16);
  w.linear("fc", 16, 5);
  Graph graph = w.finish(8);
  set_format(graph, norm, "data_in", "test_twice");
  lathe::TrainingOptions options;
  options.max_epochs = 1;
  options.batch_size = 64;
  const auto x = data->all(Split::train).fields[0].values<float>();
  for (const bool own_kernels : {false, true}) {
    const auto executor =
        own_kernels ? open_executor(with_fixtures()) : open_engine(with_fixtures());
    const auto trained = executor->train(graph, *data, options, {}, never);
    const auto parameters = lathe::parameters_of(trained.last);
    for (std::size_t f = 0; f < 16; ++f) {
      double mean = 0, squares = 0;
      for (std::size_t r = 0; r < 64; ++r) mean += 2.0 * static_cast<double>(x[r * 16 + f]) / 64;
      for (std::size_t r = 0; r < 64; ++r) {
        const double off = 2.0 * static_cast<double>(x[r * 16 + f]) - mean;
        squares += off * off / 63;
      }
      const auto running_mean = parameters.at("norm.running_mean").values<float>()[f];
      const auto running_var = parameters.at("norm.running_var").values<float>()[f];
      BOOST_TEST(std::abs(static_cast<double>(running_mean) - 0.1 * mean) < 1e-5);
      BOOST_TEST(std::abs(static_cast<double>(running_var) - (0.9 + 0.1 * squares)) < 1e-5);
    }
  }
}

// A convolution keeps its own layout; formats that do not mind it see it, on several threads.
BOOST_AUTO_TEST_CASE(large_tensors_give_the_same_bits_in_parts_and_whole) {
  const auto network = [](const char* format) {
    Writer w(3);
    w.input({8, 32, 32});
    const auto conv = [&](const char* target) {
      return w.module(
          target, "conv2d",
          {{"in_channels", 8}, {"out_channels", 8}, {"kernel_size", 3}, {"padding", 1}});
    };
    conv("first");
    const NodeId second = conv("second");
    const NodeId last = w.relu("last", false);
    Graph graph = w.finish(24);
    set_format(graph, second, "data_in", format);
    set_format(graph, last, "data_in", format);
    return graph;
  };
  const Tensor x = numbers_of(Shape{24, 8, 32, 32}, 9);
  const Tensor dy = numbers_of(Shape{24, 8, 32, 32}, 10);
  for (const auto& [parts, whole] :
       {std::pair{"test_twice", "test_twice_whole"}, std::pair{"test_rows", "test_rows_whole"}}) {
    BOOST_TEST_CONTEXT(parts) {
      const Graph in_parts = network(parts), at_once = network(whole);
      for (const int threads : {1, 2, 3}) {
        const auto engine = open_engine(with_fixtures());
        engine->set_threads(threads);
        const Tensor expected = engine->run(at_once, {x}).at(0);
        const Tensor found = engine->run(in_parts, {x}).at(0);
        engine->set_threads(1);
        BOOST_TEST(std::ranges::equal(found.bytes(), expected.bytes()), threads << " threads");
      }
      const auto found = gradients(with_fixtures(), in_parts, {x}, dy);
      const auto straight = gradients(with_fixtures(), at_once, {x}, dy);
      check_close(list(found.inputs[0]), list(straight.inputs[0]), 1e-5, 1e-5, "dx");
    }
  }
}
