// Number formats on attention and addmm: what each of its products gets is what the format made,
// in evaluation and in training.
#include "tests/engine/engine.hpp"
#include "tests/engine/gradients.hpp"
#include "tests/engine/oracles.hpp"

using namespace lathe_test;

namespace {

const lathe::Registry& with_fixtures() {
  static const lathe::Registry plugins(
      {}, {lathe_test::build_dir() / "tests/fixtures/engine_formats.so"});
  return plugins;
}

Graph with_format(Graph graph, NodeId node, std::string_view role, std::string_view id) {
  lathe::Transaction edit(graph);
  const lathe::Node& on = graph.node(node);
  edit.set_format(node, lathe::operand_format(with_fixtures(), id, nullptr, role, on,
                                              *graph.ops().find(on.op)));
  edit.commit();
  return graph;
}

Array scaled(Array x, double by) {
  for (double& value : x.data) value *= by;
  return x;
}

// [rows, columns] of x with its last two dimensions exchanged.
Array turned(const Array& x) {
  Array y = zeros({x.size(0), x.size(2), x.size(1)});
  for (std::int64_t n = 0; n < x.size(0); ++n)
    for (std::int64_t i = 0; i < x.size(1); ++i)
      for (std::int64_t j = 0; j < x.size(2); ++j) y.at({n, j, i}) = x.at({n, i, j});
  return y;
}

Array softmax(Array x) {
  const std::int64_t columns = x.shape.back();
  for (std::size_t row = 0; row < x.data.size(); row += static_cast<std::size_t>(columns)) {
    const auto first = x.data.begin() + static_cast<std::ptrdiff_t>(row);
    const double most = *std::max_element(first, first + columns);
    double total = 0;
    for (std::size_t i = 0; i < static_cast<std::size_t>(columns); ++i)
      total += x.data[row + i] = std::exp(x.data[row + i] - most);
    for (std::size_t i = 0; i < static_cast<std::size_t>(columns); ++i) x.data[row + i] /= total;
  }
  return x;
}

// What is doubled on the way: by a format of data_in what the products are given on the left and
// what they give each other, by one of weight or bias what stands there.
struct Doubled {
  double data = 1, weight = 1, bias = 1;
};

Doubled doubled_by(const std::string& role) {
  return {role == "data_in" ? 2.0 : 1.0, role == "weight" ? 2.0 : 1.0, role == "bias" ? 2.0 : 1.0};
}

Array attention(const Array& q, const Array& k, const Array& v, double inner, double scale) {
  const Array p = softmax(scaled(multiply(q, turned(k)), scale));
  return multiply(scaled(p, inner), v);
}

// y = x w^T + b
Array linear(const Array& x, const Array& w, const Array& b) {
  Array y = zeros({x.size(0), x.size(1), w.size(0)});
  for (std::int64_t n = 0; n < x.size(0); ++n)
    for (std::int64_t i = 0; i < x.size(1); ++i)
      for (std::int64_t o = 0; o < w.size(0); ++o) {
        double sum = b.data[static_cast<std::size_t>(o)];
        for (std::int64_t c = 0; c < x.size(2); ++c) sum += x.at({n, i, c}) * w.at({o, c});
        y.at({n, i, o}) = sum;
      }
  return y;
}

Array columns(const Array& x, std::int64_t first, std::int64_t count) {
  Array y = zeros({x.size(0), x.size(1), count});
  for (std::int64_t n = 0; n < x.size(0); ++n)
    for (std::int64_t i = 0; i < x.size(1); ++i)
      for (std::int64_t c = 0; c < count; ++c) y.at({n, i, c}) = x.at({n, i, first + c});
  return y;
}

constexpr std::int64_t kWidth = 4, kHeads = 2;

Array self_attention(const Array& x, const std::map<std::string, Array>& p, const Doubled& by) {
  const Array projected = linear(scaled(x, by.data), scaled(p.at("in_proj_weight"), by.weight),
                                 scaled(p.at("in_proj_bias"), by.bias));
  constexpr std::int64_t kEach = kWidth / kHeads;
  Array joined = zeros(x.shape);
  for (std::int64_t h = 0; h < kHeads; ++h) {
    const auto part = [&](std::int64_t which) {
      return scaled(columns(projected, which * kWidth + h * kEach, kEach), by.data);
    };
    const Array y =
        attention(part(0), part(1), part(2), by.data, 1.0 / std::sqrt(static_cast<double>(kEach)));
    for (std::int64_t n = 0; n < x.size(0); ++n)
      for (std::int64_t i = 0; i < x.size(1); ++i)
        for (std::int64_t c = 0; c < kEach; ++c) joined.at({n, i, h * kEach + c}) = y.at({n, i, c});
  }
  return linear(scaled(joined, by.data), scaled(p.at("out_proj.weight"), by.weight),
                scaled(p.at("out_proj.bias"), by.bias));
}

std::vector<float> list(const Array& x) { return {x.data.begin(), x.data.end()}; }

void check(const Graph& graph, const std::vector<Array>& inputs, const Array& expected) {
  std::vector<Tensor> tensors;
  for (const Array& x : inputs) tensors.push_back(as_tensor(x));
  const auto engine = open_engine(with_fixtures());
  check_close(engine->run(graph, tensors).at(0).values<float>(), list(expected), 1e-5, 1e-6, "y");
  const Tensor dy = upstream(Shape(expected.shape));
  const auto trained = gradients(with_fixtures(), graph, tensors, dy);
  check_close(trained.output.values<float>(), list(expected), 1e-5, 1e-6, "y in training");
}

}  // namespace

BOOST_AUTO_TEST_CASE(both_products_of_attention_get_what_the_format_makes) {
  Writer w;
  std::vector<Argument> tensors;
  std::vector<Array> x;
  for (const auto& [name, length] : {std::pair{"q", 3}, std::pair{"k", 5}, std::pair{"v", 5}}) {
    tensors.push_back({w.placeholder(name, {{"shape", Value::List{length, kWidth}}})});
    x.push_back(example({2, length, kWidth}, length + static_cast<int>(x.size())));
  }
  const NodeId node = w.function("scaled_dot_product_attention", tensors);
  const Graph graph = w.finish(2);
  const lathe::OpRow& row = *graph.ops().find("scaled_dot_product_attention");
  BOOST_TEST(input_role(row, graph.node(node), 2) == "weight");
  for (const char* role : {"data_in", "weight"}) {
    BOOST_TEST_CONTEXT(role) {
      const Doubled by = doubled_by(role);
      check(with_format(graph, node, role, "test_twice"), x,
            attention(scaled(x[0], by.data), scaled(x[1], by.weight), scaled(x[2], by.weight),
                      by.data, 0.5));
    }
  }
}

BOOST_AUTO_TEST_CASE(both_products_of_grouped_attention_get_what_the_format_makes) {
  constexpr std::int64_t kLength = 5;
  Writer w;
  std::vector<Argument> tensors;
  std::vector<Array> x;
  for (const auto& [name, heads] : {std::pair{"q", 4}, std::pair{"k", 2}, std::pair{"v", 2}}) {
    tensors.push_back({w.placeholder(name, {{"shape", Value::List{heads, kLength, kWidth}}})});
    x.push_back(example({2, heads, kLength, kWidth}, heads + static_cast<int>(x.size())));
  }
  const NodeId node = w.function("scaled_dot_product_attention", tensors);
  w.edit().set_kwargs(node, {{"enable_gqa", {Value(true)}}});
  const Graph graph = w.finish(2);
  // Heads 0 and 1 of the queries read head 0 of the others, 2 and 3 read head 1.
  const auto head = [&](const Array& from, std::int64_t row, std::int64_t which) {
    Array y = zeros({1, kLength, kWidth});
    for (std::int64_t i = 0; i < kLength; ++i)
      for (std::int64_t c = 0; c < kWidth; ++c) y.at({0, i, c}) = from.at({row, which, i, c});
    return y;
  };
  for (const char* role : {"data_in", "weight"}) {
    BOOST_TEST_CONTEXT(role) {
      const Doubled by = doubled_by(role);
      Array expected = zeros({2, 4, kLength, kWidth});
      auto out = expected.data.begin();
      for (std::int64_t row = 0; row < 2; ++row)
        for (std::int64_t h = 0; h < 4; ++h)
          out = std::ranges::copy(attention(scaled(head(x[0], row, h), by.data),
                                            scaled(head(x[1], row, h / 2), by.weight),
                                            scaled(head(x[2], row, h / 2), by.weight), by.data, 0.5)
                                      .data,
                                  out)
                    .out;
      check(with_format(graph, node, role, "test_twice"), x, expected);
    }
  }
}

BOOST_AUTO_TEST_CASE(every_product_of_the_module_gets_what_the_format_makes) {
  Writer w;
  const NodeId x = w.input({5, kWidth});
  const NodeId node =
      w.module("layer", "multi_head_attention",
               {{"embed_dim", kWidth}, {"num_heads", kHeads}, {"batch_first", true}});
  w.edit().set_args(node, {{x}, {x}, {x}});
  w.function("getitem", {{node}, {Value(0)}});
  Graph graph = w.finish(2);
  std::map<std::string, Array> parameters;
  std::map<std::string, Tensor> contents;
  for (const lathe::Parameter& p : graph.node(node).parameters) {
    const Array values =
        scaled(example(p.shape.dims(), 7 + static_cast<int>(contents.size())), 0.5);
    contents.emplace(p.qualified_name, as_tensor(values));
    parameters.emplace(p.name, values);
  }
  graph = graph.with_parameters(contents);
  const Array input = example({2, 5, kWidth}, 3);
  check(graph, {input}, self_attention(input, parameters, {}));
  for (const char* role : {"data_in", "weight", "bias"}) {
    BOOST_TEST_CONTEXT(role) {
      check(with_format(graph, node, role, "test_twice"), {input},
            self_attention(input, parameters, doubled_by(role)));
    }
  }
  // There is no one tensor for it.
  BOOST_CHECK_THROW(with_format(graph, node, "data_out", "test_twice"), lathe::Error);
}

BOOST_AUTO_TEST_CASE(addmm_is_a_layer_whose_weight_is_the_second_factor) {
  Writer w;
  std::vector<NodeId> constants;
  for (const auto& [name, shape] :
       {std::pair{"bias", Value::List{2}}, std::pair{"weight", Value::List{kWidth, 2}}}) {
    NodeSpec spec;
    spec.opcode = Opcode::get_attr;
    spec.target = name;
    spec.attributes = Value::Map{{"shape", shape}, {"buffer", false}};
    constants.push_back(w.edit().add(spec));
  }
  const NodeId x = w.input({kWidth});
  const NodeId node = w.function("addmm", {{constants[0]}, {x}, {constants[1]}});
  const Array bias = example({2}, 5), weight = example({kWidth, 2}, 6),
              input = example({3, kWidth}, 7);
  const Graph graph =
      w.finish(3).with_parameters({{"bias", as_tensor(bias)}, {"weight", as_tensor(weight)}});
  for (const char* role : {"data_in", "weight", "bias"}) {
    BOOST_TEST_CONTEXT(role) {
      const Doubled by = doubled_by(role);
      Array expected = multiply(with_shape(scaled(input, by.data), {1, 3, kWidth}),
                                with_shape(scaled(weight, by.weight), {1, kWidth, 2}));
      for (std::size_t i = 0; i < expected.data.size(); ++i)
        expected.data[i] += by.bias * bias.data[i % 2];
      check(with_format(graph, node, role, "test_twice"), {input}, with_shape(expected, {3, 2}));
    }
  }
}
