// Every op of the dialect against plain loops in double, and its gradient against differences.
#include "tests/engine/gradients.hpp"
#include "tests/engine/oracles.hpp"
#include "tests/engine/torch_ops.hpp"

#include <set>

using namespace lathe_test;

namespace {

struct Case {
  std::string op;
  std::vector<std::vector<std::int64_t>> inputs;
  Value::Map attributes;
  Oracle oracle;
  bool module = true;
  std::vector<Argument> extra;  // literal arguments after the tensors of a call
  bool list = false;            // the tensors are one list argument (cat)
  bool smooth = true;           // gradients may be checked by differences
  bool positive = false;        // of inputs above zero
};

std::vector<Case> cases() {
  std::vector<Case> out;
  auto module = [&](std::string op, std::vector<std::int64_t> input, Value::Map attributes,
                    Oracle oracle) {
    out.push_back({std::move(op),
                   {std::move(input)},
                   std::move(attributes),
                   std::move(oracle),
                   true,
                   {},
                   false,
                   true});
  };
  auto call = [&](std::string op, std::vector<std::vector<std::int64_t>> inputs,
                  std::vector<Argument> extra, Oracle oracle) {
    out.push_back({std::move(op),
                   std::move(inputs),
                   {},
                   std::move(oracle),
                   false,
                   std::move(extra),
                   false,
                   true});
  };

  const Oracle linear = [](const std::vector<Array>& in, const std::map<std::string, Array>& p) {
    const Array& w = p.at("weight");
    const std::int64_t rows = static_cast<std::int64_t>(in[0].data.size()) / w.size(1);
    std::vector<std::int64_t> shape = in[0].shape;
    shape.back() = w.size(0);
    Array y = zeros(shape);
    for (std::int64_t r = 0; r < rows; ++r)
      for (std::int64_t o = 0; o < w.size(0); ++o) {
        double sum = p.contains("bias") ? p.at("bias").at({o}) : 0.0;
        for (std::int64_t i = 0; i < w.size(1); ++i) {
          sum += in[0].data[static_cast<std::size_t>(r * w.size(1) + i)] * w.at({o, i});
        }
        y.data[static_cast<std::size_t>(r * w.size(0) + o)] = sum;
      }
    return y;
  };
  module("linear", {3, 4}, {{"in_features", 4}, {"out_features", 5}}, linear);
  module("linear", {3, 4}, {{"in_features", 4}, {"out_features", 5}, {"bias", false}}, linear);
  module("linear", {2, 3, 4}, {{"in_features", 4}, {"out_features", 2}}, linear);

  module("conv1d", {2, 4, 9},
         {{"in_channels", 4},
          {"out_channels", 6},
          {"kernel_size", 3},
          {"stride", 2},
          {"padding", 2},
          {"dilation", 2},
          {"groups", 2}},
         convolution_1d(window(3, 2, 2, 2, 2)));
  module("conv1d", {2, 3, 8},
         {{"in_channels", 3}, {"out_channels", 2}, {"kernel_size", 3}, {"padding", "same"}},
         convolution_1d(window(3, 1, 1)));
  module("conv2d", {2, 4, 6, 7},
         {{"in_channels", 4},
          {"out_channels", 4},
          {"kernel_size", 3},
          {"stride", 2},
          {"padding", 1},
          {"groups", 4}},
         convolution_2d(window(3, 2, 1, 1, 4), true));
  module("conv2d", {1, 2, 7, 7},
         {{"in_channels", 2},
          {"out_channels", 3},
          {"kernel_size", 2},
          {"dilation", 3},
          {"bias", false}},
         convolution_2d(window(2, 1, 0, 3), false));
  module("conv2d", {2, 2, 5, 5},
         {{"in_channels", 2}, {"out_channels", 3}, {"kernel_size", 3}, {"padding", "valid"}},
         convolution_2d(window(3, 1, 0), true));

  module("conv_transpose2d", {2, 4, 3, 4},
         {{"in_channels", 4},
          {"out_channels", 6},
          {"kernel_size", 3},
          {"stride", 2},
          {"padding", 1},
          {"output_padding", 1},
          {"groups", 2}},
         transposed_2d(window(3, 2, 1, 1, 2), 1, true));
  module("conv_transpose2d", {1, 2, 3, 3},
         {{"in_channels", 2},
          {"out_channels", 3},
          {"kernel_size", 2},
          {"dilation", 3},
          {"bias", false}},
         transposed_2d(window(2, 1, 0, 3), 0, false));

  module("batch_norm1d", {4, 3}, {{"num_features", 3}}, normalise_channels);
  module("batch_norm1d", {2, 3, 5}, {{"num_features", 3}}, normalise_channels);
  module("batch_norm2d", {2, 3, 2, 4}, {{"num_features", 3}}, normalise_channels);
  module("layer_norm", {3, 2, 4}, {{"normalized_shape", 4}},
         [](const std::vector<Array>& in, const std::map<std::string, Array>& p) {
           Array y = in[0];
           for (std::size_t r = 0; r < y.data.size() / 4; ++r) {
             double mean = 0, variance = 0;
             for (std::size_t i = 0; i < 4; ++i) mean += y.data[r * 4 + i] / 4;
             for (std::size_t i = 0; i < 4; ++i) {
               variance += (y.data[r * 4 + i] - mean) * (y.data[r * 4 + i] - mean) / 4;
             }
             for (std::size_t i = 0; i < 4; ++i) {
               y.data[r * 4 + i] = (y.data[r * 4 + i] - mean) / std::sqrt(variance + 1e-5) *
                                       p.at("weight").data[i] +
                                   p.at("bias").data[i];
             }
           }
           return y;
         });

  for (const bool max : {false, true}) {
    const std::string kind = max ? "max" : "avg";
    module(kind + "_pool1d", {2, 3, 9}, {{"kernel_size", 3}, {"stride", 2}, {"padding", 1}},
           pool_1d(window(3, 2, 1), false, true, max));
    module(kind + "_pool1d", {2, 3, 8}, {{"kernel_size", 3}, {"ceil_mode", true}},
           pool_1d(window(3, 3, 0), true, true, max));
    module(kind + "_pool2d", {2, 3, 6, 8}, {{"kernel_size", 2}},
           pool_2d(window(2, 2, 0), false, true, max));
    module(kind + "_pool2d", {1, 2, 7, 8},
           {{"kernel_size", 3}, {"stride", 2}, {"padding", 1}, {"ceil_mode", true}},
           pool_2d(window(3, 2, 1), true, true, max));
    module("adaptive_" + kind + "_pool1d", {2, 3, 7}, {{"output_size", 3}}, adaptive_1d(3, max));
    module("adaptive_" + kind + "_pool2d", {2, 3, 5, 7}, {{"output_size", Value::List{2, 3}}},
           adaptive_2d(2, 3, max));
  }
  module("avg_pool2d", {1, 2, 5, 5},
         {{"kernel_size", 3}, {"stride", 2}, {"padding", 1}, {"count_include_pad", false}},
         pool_2d(window(3, 2, 1), false, false, false));

  module("relu", {3, 4}, {{"inplace", true}}, each([](double x) { return std::max(x, 0.0); }));
  call("relu", {{3, 4}}, {}, each([](double x) { return std::max(x, 0.0); }));
  module("relu6", {3, 4}, {}, each([](double x) { return std::clamp(3 * x / 3, 0.0, 6.0); }));
  module("hardtanh", {3, 4}, {}, each([](double x) { return std::clamp(x, -1.0, 1.0); }));
  module("hardtanh", {3, 4}, {{"min_val", -2.0}, {"max_val", 0.5}},
         each([](double x) { return std::clamp(x, -2.0, 0.5); }));
  module("leaky_relu", {3, 4}, {{"negative_slope", 0.2}},
         each([](double x) { return x > 0 ? x : 0.2 * x; }));
  module("hardswish", {3, 4}, {},
         each([](double x) { return x * std::clamp(x + 3, 0.0, 6.0) / 6; }));
  module("hardsigmoid", {3, 4}, {}, each([](double x) { return std::clamp(x + 3, 0.0, 6.0) / 6; }));
  module("tanh", {3, 4}, {}, each([](double x) { return std::tanh(x); }));
  module("sigmoid", {3, 4}, {}, each([](double x) { return 1 / (1 + std::exp(-x)); }));
  module("gelu", {3, 4}, {},
         each([](double x) { return x / 2 * (1 + std::erf(x / std::sqrt(2.0))); }));
  module("gelu", {3, 4}, {{"approximate", "tanh"}}, each([](double x) {
           return x / 2 * (1 + std::tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)));
         }));
  const auto silu = [](double x) { return x / (1 + std::exp(-x)); };
  const auto selu = [](double x) {
    return 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * (std::exp(x) - 1));
  };
  const auto softsign = [](double x) { return x / (1 + std::abs(x)); };
  const auto softplus = [](double beta, double threshold) {
    return [=](double x) {
      return x * beta > threshold ? x : std::log(1 + std::exp(x * beta)) / beta;
    };
  };
  module("silu", {3, 4}, {}, each(silu));
  module("silu", {3, 4}, {{"inplace", true}}, each(silu));
  call("silu", {{3, 4}}, {}, each(silu));
  module("selu", {3, 4}, {}, each(selu));
  call("selu", {{3, 4}}, {{Value(true)}}, each(selu));
  module("softsign", {3, 4}, {}, each(softsign));
  call("softsign", {{3, 4}}, {}, each(softsign));
  module("softplus", {3, 4}, {}, each(softplus(1, 20)));
  module("softplus", {3, 4}, {{"beta", 2}, {"threshold", 1.5}}, each(softplus(2, 1.5)));
  call("softplus", {{3, 4}}, {{Value(0.5)}, {Value(1)}}, each(softplus(0.5, 1)));
  module("identity", {3, 4}, {}, same);
  // Evaluation: dropout keeps everything.
  module("dropout", {3, 4}, {{"p", 0.7}}, same);
  module("dropout2d", {2, 3, 2, 2}, {{"p", 0.7}}, same);
  for (const std::int64_t dim : {1, -2}) {
    module("softmax", {2, 3, 4}, {{"dim", dim}}, [](const std::vector<Array>& in, const auto&) {
      Array y = in[0];
      for (std::int64_t n = 0; n < 2; ++n)
        for (std::int64_t k = 0; k < 4; ++k) {
          double total = 0;
          for (std::int64_t c = 0; c < 3; ++c) total += std::exp(in[0].at({n, c, k}));
          for (std::int64_t c = 0; c < 3; ++c)
            y.at({n, c, k}) = std::exp(in[0].at({n, c, k})) / total;
        }
      return y;
    });
  }

  call("add", {{3, 4}, {3, 4}}, {}, arithmetic([](double a, double b) { return a + b; }));
  call("add", {{3, 4}, {1, 4}}, {}, arithmetic([](double a, double b) { return a + b; }));
  call("sub", {{3, 4}, {3, 4}}, {}, arithmetic([](double a, double b) { return a - b; }));
  call("mul", {{3, 4}, {3, 4}}, {}, arithmetic([](double a, double b) { return a * b; }));
  call("mul", {{3, 4}}, {{Value(2.5)}}, each([](double x) { return 2.5 * x; }));
  call("sub", {{3, 4}}, {{Value(2)}}, each([](double x) { return x - 2; }));
  call("div", {{3, 4}, {1, 4}}, {}, arithmetic([](double a, double b) { return a / b; }));
  call("div", {{3, 4}}, {{Value(-4)}}, each([](double x) { return x / -4; }));
  call("pow", {{3, 4}}, {{Value(3)}}, each([](double x) { return x * x * x; }));
  call("exp", {{3, 4}}, {}, each([](double x) { return std::exp(x); }));
  call("erf", {{3, 4}}, {}, each([](double x) { return std::erf(x); }));
  const std::size_t all_signs = out.size();
  call("sqrt", {{3, 4}}, {}, each([](double x) { return std::sqrt(x); }));
  call("rsqrt", {{3, 4}}, {}, each([](double x) { return 1 / std::sqrt(x); }));
  call("pow", {{3, 4}}, {{Value(-0.5)}}, each([](double x) { return 1 / std::sqrt(x); }));
  call("pow", {{3, 4}, {3, 4}}, {}, arithmetic([](double a, double b) { return std::pow(a, b); }));
  for (std::size_t i = all_signs; i < out.size(); ++i) out[i].positive = true;
  call("matmul", {{2, 3, 4}, {2, 4, 5}}, {},
       [](const std::vector<Array>& in, const auto&) { return multiply(in[0], in[1]); });
  call("matmul", {{3, 4}, {4, 2}}, {}, [](const std::vector<Array>& in, const auto&) {
    return with_shape(multiply(with_shape(in[0], {1, 3, 4}), with_shape(in[1], {1, 4, 2})), {3, 2});
  });
  call("bmm", {{2, 3, 4}, {2, 4, 5}}, {},
       [](const std::vector<Array>& in, const auto&) { return multiply(in[0], in[1]); });

  call("view", {{2, 3, 4}}, {{Value(2)}, {Value(-1)}}, reshaped({2, 12}));
  call("reshape", {{2, 3, 4}}, {{Value(Value::List{4, 6})}}, reshaped({4, 6}));
  call("flatten", {{2, 3, 4}}, {{Value(1)}}, reshaped({2, 12}));
  module("flatten", {2, 3, 4}, {}, reshaped({2, 12}));
  call("contiguous", {{2, 3}}, {}, same);
  const auto slice = [](Value start, Value stop, Value step) -> Value {
    return Value::Map{{"slice", Value::List{std::move(start), std::move(stop), std::move(step)}}};
  };
  // x[:, 1:, ::2, -1]
  call("getitem", {{2, 3, 5, 4}},
       {{Value(Value::List{slice({}, {}, {}), slice(1, {}, {}), slice({}, {}, 2), -1})}},
       [](const std::vector<Array>& in, const auto&) {
         Array y = zeros({2, 2, 3});
         for (std::int64_t n = 0; n < 2; ++n)
           for (std::int64_t c = 0; c < 2; ++c)
             for (std::int64_t h = 0; h < 3; ++h) y.at({n, c, h}) = in[0].at({n, c + 1, 2 * h, 3});
         return y;
       });
  // x[1, None, ..., 1:-1]
  call("getitem", {{2, 3, 5, 4}}, {{Value(Value::List{1, Value(), "...", slice(1, -1, {})})}},
       [](const std::vector<Array>& in, const auto&) {
         Array y = zeros({1, 3, 5, 2});
         for (std::int64_t c = 0; c < 3; ++c)
           for (std::int64_t h = 0; h < 5; ++h)
             for (std::int64_t w = 0; w < 2; ++w) y.at({0, c, h, w}) = in[0].at({1, c, h, w + 1});
         return y;
       });
  // A margin of 0.5 around the channels; one column cropped, two added.
  call("pad", {{2, 2, 3}}, {{Value(Value::List{-1, 2, 1, 1})}, {Value("constant")}, {Value(0.5)}},
       [](const std::vector<Array>& in, const auto&) {
         Array y = zeros({2, 4, 4});
         for (std::int64_t n = 0; n < 2; ++n)
           for (std::int64_t c = 0; c < 4; ++c)
             for (std::int64_t w = 0; w < 4; ++w)
               y.at({n, c, w}) = c == 0 || c == 3 || w >= 2 ? 0.5 : in[0].at({n, c - 1, w + 1});
         return y;
       });
  for (const bool keep : {false, true}) {
    call("mean", {{2, 3, 4}}, {{Value(Value::List{0, -1})}, {Value(keep)}},
         [keep](const std::vector<Array>& in, const auto&) {
           Array y = zeros({1, 3, 1});
           for (std::int64_t n = 0; n < 2; ++n)
             for (std::int64_t c = 0; c < 3; ++c)
               for (std::int64_t w = 0; w < 4; ++w) y.at({0, c, 0}) += in[0].at({n, c, w}) / 8;
           return keep ? y : with_shape(y, {3});
         });
  }
  for (const bool keep : {false, true}) {
    call("sum", {{2, 3, 4}}, {{Value(Value::List{1})}, {Value(keep)}},
         [keep](const std::vector<Array>& in, const auto&) {
           Array y = zeros({2, 1, 4});
           for (std::int64_t n = 0; n < 2; ++n)
             for (std::int64_t c = 0; c < 3; ++c)
               for (std::int64_t w = 0; w < 4; ++w) y.at({n, 0, w}) += in[0].at({n, c, w});
           return keep ? y : with_shape(y, {2, 4});
         });
  }
  // y[n, w, c] = x[n, c, w]
  const Oracle turned = [](const std::vector<Array>& in, const auto&) {
    Array y = zeros({2, 4, 3});
    for (std::int64_t n = 0; n < 2; ++n)
      for (std::int64_t c = 0; c < 3; ++c)
        for (std::int64_t w = 0; w < 4; ++w) y.at({n, w, c}) = in[0].at({n, c, w});
    return y;
  };
  call("permute", {{2, 3, 4}}, {{Value(0)}, {Value(2)}, {Value(-2)}}, turned);
  call("permute", {{2, 3, 4}}, {{Value(Value::List{0, 2, 1})}}, turned);
  call("transpose", {{2, 3, 4}}, {{Value(1)}, {Value(-1)}}, turned);
  call("unsqueeze", {{2, 3}}, {{Value(1)}}, reshaped({2, 1, 3}));
  call("unsqueeze", {{2, 3}}, {{Value(-1)}}, reshaped({2, 3, 1}));
  call("squeeze", {{2, 1, 3}}, {{Value(1)}}, reshaped({2, 3}));
  call("squeeze", {{2, 1, 3}}, {{Value(-1)}}, same);
  // y[n, i, c] = x[n, 0, c]
  call("expand", {{2, 1, 3}}, {{Value(-1)}, {Value(4)}, {Value(3)}},
       [](const std::vector<Array>& in, const auto&) {
         Array y = zeros({2, 4, 3});
         for (std::int64_t n = 0; n < 2; ++n)
           for (std::int64_t i = 0; i < 4; ++i)
             for (std::int64_t c = 0; c < 3; ++c) y.at({n, i, c}) = in[0].at({n, 0, c});
         return y;
       });
  out.push_back({"stack",
                 {{2, 3}, {2, 3}},
                 {},
                 [](const std::vector<Array>& in, const auto&) {
                   Array y = zeros({2, 3, 2});
                   for (std::int64_t n = 0; n < 2; ++n)
                     for (std::int64_t c = 0; c < 3; ++c)
                       for (std::int64_t i = 0; i < 2; ++i)
                         y.at({n, c, i}) = in[static_cast<std::size_t>(i)].at({n, c});
                   return y;
                 },
                 false,
                 {{Value(-1)}},
                 true,
                 true});
  out.push_back({"cat",
                 {{2, 3}, {2, 1}},
                 {},
                 [](const std::vector<Array>& in, const auto&) {
                   Array y = zeros({2, 4});
                   for (std::int64_t r = 0; r < 2; ++r)
                     for (std::int64_t c = 0; c < 4; ++c)
                       y.at({r, c}) = c < 3 ? in[0].at({r, c}) : in[1].at({r, 0});
                   return y;
                 },
                 false,
                 {{Value(1)}},
                 true,
                 true});
  return out;
}

struct Built {
  Graph graph;
  std::vector<Array> inputs;
  std::map<std::string, Array> parameters;  // by short name
};

Built build(const Case& one) {
  Graph graph(0);
  Transaction edit(graph);
  Built out;
  std::vector<Argument> tensors;
  for (std::size_t i = 0; i < one.inputs.size(); ++i) {
    const auto& shape = one.inputs[i];
    Value::List sample;
    for (std::size_t d = 1; d < shape.size(); ++d) sample.emplace_back(shape[d]);
    NodeSpec input;
    input.opcode = Opcode::placeholder;
    input.target = fmt::format("x{}", i);
    input.attributes = Value(Value::Map{{"shape", sample}, {"batch", shape[0]}});
    tensors.push_back({edit.add(input)});
    Array& values = out.inputs.emplace_back(example(shape, static_cast<int>(i) + 1));
    for (double& x : values.data)
      if (one.positive) x = std::abs(x) + 0.25;
  }
  NodeSpec spec;
  spec.opcode = one.module ? Opcode::call_module : Opcode::call_function;
  if (one.op == "view" || one.op == "contiguous" || one.op == "expand")
    spec.opcode = Opcode::call_method;
  spec.op = one.op;
  spec.target = one.module ? "layer" : one.op;
  spec.args = one.list ? std::vector<Argument>{{tensors}} : tensors;
  spec.args.insert(spec.args.end(), one.extra.begin(), one.extra.end());
  if (one.module) spec.attributes = Value(one.attributes);
  const NodeId id = edit.add(spec);
  NodeSpec output;
  output.opcode = Opcode::output;
  output.args = {Argument{id}};
  edit.add(output);
  edit.commit();
  std::map<std::string, Tensor> contents;
  int salt = 50;
  for (const lathe::Parameter& parameter : graph.node(id).parameters) {
    if (parameter.dtype != DType::float32) continue;
    Array values = example(parameter.shape.dims(), ++salt);
    // A variance is positive.
    if (parameter.name == "running_var") {
      for (double& x : values.data) x = std::abs(x) + 0.5;
    }
    contents.emplace(parameter.qualified_name, as_tensor(values));
    out.parameters.emplace(parameter.name, std::move(values));
  }
  out.graph = graph.with_parameters(contents);
  return out;
}

std::vector<Tensor> tensors_of(const std::vector<Array>& arrays) {
  std::vector<Tensor> out;
  for (const Array& array : arrays) out.push_back(as_tensor(array));
  return out;
}

// Sum of the result times the upstream gradient.
double weighted(const Array& y, const Tensor& upstream) {
  double sum = 0;
  for (std::size_t i = 0; i < y.data.size(); ++i) {
    sum += y.data[i] * static_cast<double>(upstream.values<float>()[i]);
  }
  return sum;
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_op_gives_what_plain_loops_give) {
  auto engine = open_engine();
  int checked = 0;
  for (const Case& one : cases()) {
    const Built built = build(one);
    const Array expected = one.oracle(built.inputs, built.parameters);
    const auto found = engine->run(built.graph, tensors_of(built.inputs));
    BOOST_TEST(found.at(0).shape().text() == Shape(expected.shape).text(), one.op);
    check_close(found[0].values<float>(),
                std::vector<float>(expected.data.begin(), expected.data.end()), 1e-5, 1e-5, one.op);
    ++checked;
  }
  BOOST_TEST_MESSAGE(checked << " ops and variants checked");
}

BOOST_AUTO_TEST_CASE(every_gradient_is_the_slope_of_its_op) {
  int checked = 0;
  for (const Case& one : cases()) {
    // In training these do something else than the oracle: they have tests of their own.
    if (one.op.starts_with("dropout") || one.op.starts_with("batch_norm")) continue;
    Built built = build(one);
    const Shape shape(one.oracle(built.inputs, built.parameters).shape);
    const Tensor dy = upstream(shape);
    const auto found = gradients(registry(), built.graph, tensors_of(built.inputs), dy);
    constexpr double kStep = 1e-5;
    auto slope = [&](double& x) {
      const double before = x;
      x = before + kStep;
      const double above = weighted(one.oracle(built.inputs, built.parameters), dy);
      x = before - kStep;
      const double below = weighted(one.oracle(built.inputs, built.parameters), dy);
      x = before;
      return static_cast<float>((above - below) / (2 * kStep));
    };
    for (std::size_t i = 0; i < built.inputs.size(); ++i) {
      std::vector<float> expected;
      for (double& x : built.inputs[i].data) expected.push_back(slope(x));
      check_close(found.inputs[i].values<float>(), expected, 1e-4, 1e-4, one.op + " input");
    }
    for (auto& [name, values] : built.parameters) {
      std::vector<float> expected;
      for (double& x : values.data) expected.push_back(slope(x));
      check_close(found.parameters.at("layer." + name).values<float>(), expected, 1e-4, 1e-4,
                  one.op + " " + name);
    }
    ++checked;
  }
  BOOST_TEST_MESSAGE(checked << " gradients checked");
}

BOOST_AUTO_TEST_CASE(no_op_of_the_dialect_is_left_out) {
  std::set<std::string> tested{"placeholder", "output",    "constant",
                               "size",        "embedding", "floordiv"};
  for (const Case& one : cases()) tested.insert(one.op);
  for (const json& one : torch_ops())
    for (const json& node : one.at("graph").at("nodes")) tested.insert(node.at("op"));
  for (const lathe::OpRow& row : lathe::builtin_ops().rows()) {
    BOOST_TEST(tested.contains(row.op), "no test runs op '" << row.op << "'");
  }
}
