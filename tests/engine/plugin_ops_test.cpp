// Ops of plugins in the engine: results and gradients against their formulas, buffers, number
// formats on their weights, and what cannot be trained.
#include "tests/engine/engine.hpp"
#include "tests/engine/gradients.hpp"
#include "tests/host/ops.hpp"
#include "tests/support/examples.hpp"

#include <limits>
#include <set>

using namespace lathe_test;

namespace {

const std::atomic<bool> never{false};

// The example, the fixtures and the built-in plugins.
struct Plugins {
  TemporaryFolder folder;
  lathe::Registry registry{{{lathe_test::built_plugin_dir(), "built-in"}},
                           {built_example("rms_norm.cpp", folder.path()), fixture("ops"),
                            fixture("troubled_op"), fixture("engine_formats")}};
  lathe::PluginOps ops{registry};
};

const Plugins& plugins() {
  static const Plugins all;
  return all;
}

NodeId add(lathe::Transaction& edit, const std::string& op, const std::string& target,
           const std::vector<NodeId>& inputs, Value::Map attributes = {}) {
  return OpWorld::add(edit, Opcode::call_module, op, target, inputs, std::move(attributes));
}
NodeId add_input(lathe::Transaction& edit, const std::string& name, Value::List sample, int batch) {
  return OpWorld::add(edit, Opcode::placeholder, "placeholder", name, {},
                      {{"shape", std::move(sample)}, {"batch", batch}});
}

// The input through `make`, and out.
template <typename Make>
Graph graph_of(Value::List sample, int batch, const Make& make) {
  Graph graph(3, &plugins().ops);
  lathe::Transaction edit(graph);
  const NodeId x = add_input(edit, "x", std::move(sample), batch);
  OpWorld::add(edit, Opcode::output, "output", "output", {make(edit, x)}, {});
  edit.commit();
  return graph;
}

Graph rms_norm(Value::List sample, int batch, Value::Map attributes) {
  return graph_of(std::move(sample), batch, [&](lathe::Transaction& edit, NodeId x) {
    return add(edit, "example.rms_norm", "norm", {x}, std::move(attributes));
  });
}

// Numbers in [-1, 1) from a fixed formula.
std::vector<float> some(std::size_t count, std::uint64_t salt) {
  std::vector<float> out;
  std::uint64_t state = salt * 2654435761U + 99U;
  for (std::size_t i = 0; i < count; ++i) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    out.push_back(static_cast<float>(static_cast<double>(state >> 40) / (1 << 23) - 1.0));
  }
  return out;
}

// torch.nn.RMSNorm's formula over rows of `width`, in double.
std::vector<double> formula(const std::vector<double>& x, const std::vector<double>& weight,
                            double eps) {
  const std::size_t width = weight.size();
  std::vector<double> y(x.size());
  for (std::size_t row = 0; row < x.size(); row += width) {
    double sum = 0;
    for (std::size_t i = 0; i < width; ++i) sum += x[row + i] * x[row + i];
    const double root = std::sqrt(sum / static_cast<double>(width) + eps);
    for (std::size_t i = 0; i < width; ++i) y[row + i] = x[row + i] / root * weight[i];
  }
  return y;
}

// sum(upstream * y): its derivatives are the gradients.
double loss(const std::vector<double>& x, const std::vector<double>& weight, double eps,
            const std::vector<float>& upstream) {
  const std::vector<double> y = formula(x, weight, eps);
  double sum = 0;
  for (std::size_t i = 0; i < y.size(); ++i) sum += y[i] * static_cast<double>(upstream[i]);
  return sum;
}

// Central differences in double.
template <typename Loss>
std::vector<float> differences(std::vector<double> at, const Loss& loss) {
  constexpr double kStep = 1e-5;
  std::vector<float> out;
  for (std::size_t i = 0; i < at.size(); ++i) {
    const double middle = at[i];
    at[i] = middle + kStep;
    const double above = loss(at);
    at[i] = middle - kStep;
    const double below = loss(at);
    at[i] = middle;
    out.push_back(static_cast<float>((above - below) / (2 * kStep)));
  }
  return out;
}

std::vector<double> doubles(const std::vector<float>& x) { return {x.begin(), x.end()}; }

std::vector<float> rounded(const std::vector<double>& x) {
  std::vector<float> out;
  for (const double value : x) out.push_back(static_cast<float>(value));
  return out;
}

std::shared_ptr<lathe::Dataset> rows(std::int64_t count) {
  return lathe::dataset_of("rows", learnable(count, 16, 5, 1), learnable(count, 16, 5, 2), {}, 5);
}

// 16 features -> `op` -> 5 logits, or the op behind the layer.
Graph classifier(const std::string& op, bool behind, Value::Map attributes = {}) {
  return graph_of({16}, 8, [&](lathe::Transaction& edit, NodeId x) {
    const Value::Map linear{{"in_features", 16}, {"out_features", 5}};
    if (!behind) return add(edit, "linear", "fc", {add(edit, op, "it", {x}, attributes)}, linear);
    return add(edit, op, "it", {add(edit, "linear", "fc", {x}, linear)}, attributes);
  });
}

lathe::TrainingResult train(const Graph& graph, int epochs) {
  lathe::TrainingOptions options;
  options.max_epochs = epochs;
  options.batch_size = 32;
  options.learning_rate = 0.05;
  return open_engine(plugins().registry)->train(graph, *rows(128), options, {}, never);
}

}  // namespace

BOOST_AUTO_TEST_CASE(rms_norm_computes_its_formula) {
  const std::vector<float> x = some(3 * 4 * 6, 1);
  const Graph graph = rms_norm({4, 6}, 3, {{"normalized_shape", 6}});
  const auto y = open_engine(plugins().registry)->run(graph, {floats(Shape{3, 4, 6}, x)});
  const double eps = std::numeric_limits<float>::epsilon();
  check_close(y.at(0).values<float>(),
              rounded(formula(doubles(x), std::vector<double>(6, 1.0), eps)), 1e-6, 1e-7, "y");
  // Over the last two dimensions, with an epsilon of its own and no weight.
  const Graph both = rms_norm(
      {4, 6}, 3,
      {{"normalized_shape", Value::List{4, 6}}, {"eps", 0.5}, {"elementwise_affine", false}});
  const auto z = open_engine(plugins().registry)->run(both, {floats(Shape{3, 4, 6}, x)});
  check_close(z.at(0).values<float>(),
              rounded(formula(doubles(x), std::vector<double>(24, 1.0), 0.5)), 1e-6, 1e-7, "z");
}

BOOST_AUTO_TEST_CASE(gradients_of_rms_norm_are_those_of_finite_differences) {
  const std::vector<float> x = some(5 * 6, 2), weight = some(6, 3);
  const double eps = 0.01;
  const Graph graph = rms_norm({6}, 5, {{"normalized_shape", 6}, {"eps", eps}})
                          .with_parameters({{"norm.weight", floats(Shape{6}, weight)}});
  const Tensor dy = upstream(Shape{5, 6});
  const std::span<const float> given = dy.values<float>();
  const std::vector<float> up(given.begin(), given.end());
  const Gradients found = gradients(plugins().registry, graph, {floats(Shape{5, 6}, x)}, dy);
  check_close(found.output.values<float>(), rounded(formula(doubles(x), doubles(weight), eps)),
              1e-6, 1e-7, "y");
  check_close(found.inputs.at(0).values<float>(),
              differences(doubles(x),
                          [&](const std::vector<double>& at) {
                            return loss(at, doubles(weight), eps, up);
                          }),
              1e-4, 1e-6, "dx");
  check_close(
      found.parameters.at("norm.weight").values<float>(),
      differences(doubles(weight),
                  [&](const std::vector<double>& at) { return loss(doubles(x), at, eps, up); }),
      1e-4, 1e-6, "dweight");
}

BOOST_AUTO_TEST_CASE(a_weight_may_come_as_an_argument_of_the_function) {
  const std::vector<float> x = some(2 * 6, 4), weight = some(2 * 6, 5);
  Graph graph(0, &plugins().ops);
  lathe::Transaction edit(graph);
  const NodeId a = add_input(edit, "a", {6}, 2);
  lathe::NodeSpec constant;
  constant.opcode = Opcode::get_attr;
  constant.target = "scale";
  constant.attributes = Value(Value::Map{{"shape", Value::List{6}}, {"buffer", false}});
  const NodeId scale = edit.add(constant);
  lathe::NodeSpec spec;
  spec.opcode = Opcode::call_function;
  spec.op = "example.rms_norm";
  spec.args = {lathe::Argument{a}, lathe::Argument{Value(Value::List{6})}, lathe::Argument{scale}};
  spec.kwargs = {{"eps", lathe::Argument{Value(0.1)}}};
  OpWorld::add(edit, Opcode::output, "output", "output", {edit.add(spec)}, {});
  edit.commit();
  const std::vector<float> w(weight.begin(), weight.begin() + 6);
  graph = graph.with_parameters({{"scale", floats(Shape{6}, w)}});
  const Tensor dy = upstream(Shape{2, 6});
  const Gradients found = gradients(plugins().registry, graph, {floats(Shape{2, 6}, x)}, dy);
  check_close(found.output.values<float>(), rounded(formula(doubles(x), doubles(w), 0.1)), 1e-6,
              1e-7, "y");
  const std::vector<float> up(dy.values<float>().begin(), dy.values<float>().end());
  check_close(
      found.parameters.at("scale").values<float>(),
      differences(doubles(w),
                  [&](const std::vector<double>& at) { return loss(doubles(x), at, 0.1, up); }),
      1e-4, 1e-6, "dweight");
}

BOOST_AUTO_TEST_CASE(two_inputs_get_their_own_gradients) {
  Graph graph(0, &plugins().ops);
  lathe::Transaction edit(graph);
  const NodeId a = add_input(edit, "a", {3}, 2), b = add_input(edit, "b", {3}, 2);
  const NodeId it = add(edit, "fixture.difference", "it", {a, b}, {{"factor", 4.0}});
  OpWorld::add(edit, Opcode::output, "output", "output", {it}, {});
  edit.commit();
  const Gradients found =
      gradients(plugins().registry, graph,
                {floats(Shape{2, 3}, {1, 2, 3, 4, 5, 6}), floats(Shape{2, 3}, {1, 1, 1, 2, 2, 2})},
                floats(Shape{2, 3}, {1, 0, -1, 2, 0, 1}));
  check_close(found.output.values<float>(), {0, 4, 8, 8, 12, 16}, 0, 0, "y");
  check_close(found.inputs[0].values<float>(), {4, 0, -4, 8, 0, 4}, 0, 0, "da");
  check_close(found.inputs[1].values<float>(), {-4, 0, 4, -8, 0, -4}, 0, 0, "db");
}

BOOST_AUTO_TEST_CASE(results_may_be_integers) {
  const Graph graph = graph_of({3}, 2, [&](lathe::Transaction& edit, NodeId x) {
    return OpWorld::add(edit, Opcode::call_function, "fixture.argmax", "", {x}, {});
  });
  const auto y = open_engine(plugins().registry)
                     ->run(graph, {floats(Shape{2, 3}, {0.1F, 0.3F, 0.2F, 9, -1, 4})});
  BOOST_TEST((y.at(0).dtype() == DType::int64));
  BOOST_TEST(y.at(0).values<std::int64_t>()[0] == 1);
  BOOST_TEST(y.at(0).values<std::int64_t>()[1] == 0);
}

BOOST_AUTO_TEST_CASE(a_number_of_rows_that_is_not_the_graphs_is_inferred_anew) {
  const Graph graph = rms_norm({6}, 8, {{"normalized_shape", 6}});
  const auto executor = open_engine(plugins().registry);
  for (const std::int64_t count : {1, 8, 13}) {
    const std::vector<float> x = some(static_cast<std::size_t>(count) * 6, 7);
    const auto y = executor->run(graph, {floats(Shape{count, 6}, x)});
    BOOST_TEST(y.at(0).shape().text() == (Shape{count, 6}).text());
    check_close(y.at(0).values<float>(),
                rounded(formula(doubles(x), std::vector<double>(6, 1.0),
                                std::numeric_limits<float>::epsilon())),
                1e-6, 1e-7, "y");
  }
}

BOOST_AUTO_TEST_CASE(a_network_with_an_op_of_a_plugin_learns) {
  const Graph graph = classifier("example.rms_norm", false, {{"normalized_shape", 16}});
  const lathe::TrainingResult result = train(graph, 6);
  BOOST_TEST(result.epochs.back().number("train_loss") <
             0.7 * result.epochs.front().number("train_loss"));
  const Tensor weight =
      result.last.node(result.last.find("it")).parameter("weight")->content->tensor();
  bool moved = false;
  for (const float w : weight.values<float>()) moved = moved || w != 1.0F;
  BOOST_TEST(moved);
}

BOOST_AUTO_TEST_CASE(training_is_the_same_bit_by_bit_each_time) {
  const Graph graph = classifier("example.rms_norm", true, {{"normalized_shape", 5}});
  const auto one = train(graph, 2), other = train(graph, 2);
  BOOST_TEST((one.last.hash(one.last.output()) == other.last.hash(other.last.output())));
}

BOOST_AUTO_TEST_CASE(buffers_are_updated_in_training_alone) {
  const Graph graph = classifier("fixture.scale", false, {{"size", 16}});
  const auto steps_of = [](const Graph& g) {
    return g.node(g.find("it")).parameter("steps")->content->tensor().values<std::int64_t>()[0];
  };
  const lathe::TrainingResult result = train(graph, 3);
  BOOST_TEST(steps_of(result.last) == 3 * 4);  // 128 rows in batches of 32
  lathe::Rows all;
  open_engine(plugins().registry)->evaluate(result.last, *rows(64), all);
  BOOST_TEST(steps_of(result.last) == 3 * 4);
}

BOOST_AUTO_TEST_CASE(a_number_format_sits_on_the_weight_and_the_input) {
  const std::vector<float> x{0.3F, -0.7F, 1.1F}, w{0.4F, 0.9F, -0.3F};
  Graph graph = graph_of({3}, 1, [&](lathe::Transaction& edit, NodeId in) {
    return add(edit, "fixture.scale", "it", {in}, {{"size", 3}});
  });
  graph = graph.with_parameters({{"it.weight", floats(Shape{3}, w)}});
  lathe::Transaction edit(graph);
  for (const char* role : {"data_in", "weight"}) {
    edit.set_format(graph.find("it"), format_of(role, "integer", integer_options(8, 1)));
  }
  edit.commit();
  // To multiples of a half: 0.5 * 0.5, -0.5 * 1, 1 * -0.5.
  const auto y = open_engine(plugins().registry)->run(graph, {floats(Shape{1, 3}, x)});
  check_close(y.at(0).values<float>(), {0.25F, -0.5F, -0.5F}, 0, 0, "y");
}

// The formats' state stands among the node's parameters, and is none of the op's business.
BOOST_AUTO_TEST_CASE(formats_that_learn_sit_around_an_op_of_a_plugin) {
  const std::vector<float> x{0.5F, -1.0F, 2.0F}, w{1.0F, 3.0F, -2.0F}, dy{1.0F, 2.0F, -1.0F};
  Graph graph = graph_of({3}, 1, [&](lathe::Transaction& edit, NodeId in) {
    return add(edit, "fixture.scale", "it", {in}, {{"size", 3}});
  });
  lathe::Transaction edit(graph);
  const NodeId it = graph.find("it");
  for (const char* role : {"data_in", "weight"}) {
    edit.set_format(it, lathe::operand_format(plugins().registry, "test_scale", nullptr, role,
                                              graph.node(it), *graph.node(it).row));
  }
  edit.commit();
  graph = graph.with_parameters({{"it.weight", floats(Shape{3}, w)}});
  // y = (2 w) (2 x), with both twos learned.
  const Gradients found =
      gradients(plugins().registry, graph, {floats(Shape{1, 3}, x)}, floats(Shape{1, 3}, dy));
  std::vector<float> y, dx, dw, d_scale;
  for (std::size_t i = 0; i < 3; ++i) {
    y.push_back(4 * w[i] * x[i]);
    dx.push_back(4 * w[i] * dy[i]);
    dw.push_back(4 * x[i] * dy[i]);
    d_scale.push_back(2 * w[i] * x[i] * dy[i]);
  }
  check_close(found.output.values<float>(), y, 1e-6, 0, "y");
  check_close(found.inputs[0].values<float>(), dx, 1e-6, 0, "dx");
  check_close(found.parameters.at("it.weight").values<float>(), dw, 1e-6, 0, "dw");
  check_close(found.parameters.at("it.data_in_quantizer.scale").values<float>(), d_scale, 1e-6, 0,
              "scale of the input");
  // A vector of weights has a channel in each, as those of normalisations.
  check_close(found.parameters.at("it.weight_quantizer.scale").values<float>(), d_scale, 1e-6, 0,
              "scale of the weight");
}

BOOST_AUTO_TEST_CASE(an_op_without_backward_is_refused_before_training_and_fine_in_evaluation) {
  const Graph graph = classifier("fixture.square", true);
  try {
    train(graph, 1);
    BOOST_TEST(false);
  } catch (const lathe::Error& error) {
    BOOST_TEST(error.exit_code() == 2);
    for (const char* word : {"node 'it'", "'fixture.square'", "ops.so", "has no backward()"}) {
      BOOST_TEST(contains(error.what(), word), error.what());
    }
  }
  const auto evaluation = open_engine(plugins().registry)->evaluate(graph, *rows(64), {});
  BOOST_TEST(std::isfinite(evaluation.number("loss")));
  // Nothing that is trained stands before it: no gradient has to pass.
  const lathe::TrainingResult result = train(classifier("fixture.square", false), 2);
  BOOST_TEST(result.epochs.size() == 2U);
}

BOOST_AUTO_TEST_CASE(what_fails_in_a_step_names_the_node_and_the_op) {
  const auto failure = [&](const char* how) {
    return message_of([&] { train(classifier("fixture.troubled", true, {{"how", how}}), 1); });
  };
  for (const char* how : {"fail_forward", "throw_forward", "throw_backward"}) {
    const std::string text = failure(how);
    BOOST_TEST(contains(text, "node 'it'"), how << ": " << text);
    BOOST_TEST(contains(text, "op 'fixture.troubled'"), how << ": " << text);
  }
  BOOST_TEST(contains(failure("throw_backward"), "out of backward"));
}

BOOST_AUTO_TEST_CASE(random_ops_draw_the_same_with_and_without_the_cache) {
  auto cached = open_engine(plugins().registry), plain = open_engine(plugins().registry);
  plain->set_cache_limit(0);
  const auto data = rows(100);
  const Graph graph = classifier("fixture.noise", false);
  lathe::Rows all;
  all.batch_size = 32;
  const double expected = plain->evaluate(graph, *data, all).number("loss");
  for (int i = 0; i < 3; ++i) {
    BOOST_TEST(same_bits(cached->evaluate(graph, *data, all).number("loss"), expected));
  }
}
