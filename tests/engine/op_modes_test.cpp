// What the table of ops_test cannot say of ops: other batches than the graph's, modules beside
// functions, and training.
#include "tests/engine/gradients.hpp"
#include "tests/engine/oracles.hpp"

using namespace lathe_test;

BOOST_AUTO_TEST_CASE(sizes_and_arithmetic_on_them_follow_the_batch_that_is_run) {
  Writer w;
  const NodeId x = w.input({3, 4});
  const NodeId rows = w.method("size", {{x}, {Value(0)}});
  const NodeId a = w.method("size", {{x}, {Value(1)}});
  const NodeId b = w.method("size", {{x}, {Value(2)}});
  const NodeId both = w.function("mul", {{a}, {b}});
  w.method("view", {{x}, {rows}, {both}});
  const Graph graph = w.finish(2);
  auto engine = open_engine();
  for (const std::int64_t batch : {1, 2, 5}) {
    const Array value = example({batch, 3, 4}, 1);
    BOOST_TEST(engine->run(graph, {as_tensor(value)}).at(0).shape().text() ==
               fmt::format("[{}, 12]", batch));
  }
}

BOOST_AUTO_TEST_CASE(indexes_and_items_of_sizes_follow_the_batch_that_is_run) {
  Writer w;
  const NodeId x = w.input({3, 4});
  const NodeId sizes = w.method("size", {{x}});
  const NodeId rows = w.function("getitem", {{sizes}, {Value(0)}});
  const Value all = Value::Map{{"slice", Value::List{Value(), Value(), Value()}}};
  const NodeId column = w.function("getitem", {{x}, {Value(Value::List{all, all, 1})}});
  w.method("view", {{column}, {rows}, {Value(3)}, {Value(1)}});
  const Graph graph = w.finish(2);
  auto engine = open_engine();
  for (const std::int64_t batch : {1, 2, 5}) {
    const Array value = example({batch, 3, 4}, 1);
    const Tensor y = engine->run(graph, {as_tensor(value)}).at(0);
    BOOST_TEST(y.shape().text() == fmt::format("[{}, 3, 1]", batch));
    std::vector<float> expected;
    for (std::int64_t n = 0; n < batch; ++n)
      for (std::int64_t c = 0; c < 3; ++c)
        expected.push_back(static_cast<float>(value.at({n, c, 1})));
    check_close(y.values<float>(), expected, 0, 1e-7, "column");
  }
}

// Batches are only joined where this does not change what a row gives.
BOOST_AUTO_TEST_CASE(what_mixes_rows_is_run_batch_by_batch) {
  const Tensor rows = floats(Shape{4, 2}, {1, 10, 3, 30, 5, 100, 9, 300});
  const auto data = lathe::dataset_of("four", {}, {}, {{rows, integers({0, 1, 0, 1})}}, 2);
  const auto logits = [&](const char* op, std::vector<Argument> after) {
    Writer w;
    const NodeId x = w.input({2});
    std::vector<Argument> args{Argument{x}};
    args.insert(args.end(), after.begin(), after.end());
    w.function("sub", {{x}, {w.function(op, std::move(args))}});
    const Tensor y = open_engine()->outputs(w.finish(2), *data, lathe::Rows{Split::test, 0, 2});
    return std::vector<float>(y.values<float>().begin(), y.values<float>().end());
  };
  const std::vector<float> mean = logits("mean", {{Value(0)}, {Value(true)}});
  check_close(mean, {-1, -10, 1, 10, -2, -100, 2, 100}, 0, 1e-5, "less the batch's mean");
  const std::vector<float> first =
      logits("getitem", {{Value(Value::Map{{"slice", Value::List{0, 1, Value()}}})}});
  check_close(first, {0, 0, 2, 20, 0, 0, 4, 200}, 0, 1e-5, "less the batch's first row");
}

BOOST_AUTO_TEST_CASE(constants_and_embeddings_are_tensors_of_the_graph) {
  auto engine = open_engine();
  {
    Writer w;
    const NodeId x = w.input({2});
    NodeSpec spec;
    spec.opcode = Opcode::get_attr;
    spec.target = "scale";
    spec.attributes = Value(Value::Map{{"shape", Value::List{2}}});
    const NodeId scale = w.edit().add(spec);
    w.function("mul", {{x}, {scale}});
    Graph graph = w.finish(2);
    graph = graph.with_parameters({{"scale", floats(Shape{2}, {2, -3})}});
    const auto y = engine->run(graph, {floats(Shape{2, 2}, {1, 1, 5, 7})});
    check_close(y.at(0).values<float>(), {2, -3, 10, -21}, 0, 0, "constant");
  }
  Writer w;
  w.placeholder("x", {{"shape", Value::List{2}}, {"dtype", "int64"}});
  w.module("table", "embedding", {{"num_embeddings", 3}, {"embedding_dim", 2}});
  const Graph graph =
      w.finish(1).with_parameters({{"table.weight", floats(Shape{3, 2}, {0, 1, 10, 11, 20, 21})}});
  const std::vector<std::int64_t> index{2, 0};
  const auto y = engine->run(graph, {Tensor::of<std::int64_t>(DType::int64, Shape{1, 2}, index)});
  check_close(y.at(0).values<float>(), {20, 21, 0, 1}, 0, 0, "embedding");
}

BOOST_AUTO_TEST_CASE(batch_norm_in_training_uses_and_tracks_the_batchs_statistics) {
  Writer w;
  w.input({2});
  w.batch_norm("bn", 2);
  const Graph graph = w.finish(4);
  const Tensor x = floats(Shape{4, 2}, {1, 10, 2, 20, 3, 30, 6, 60});
  const auto found = gradients(registry(), graph, {x}, upstream(Shape{4, 2}));
  // Means 3 and 30; variances over n: 3.5 and 350.
  std::vector<float> expected;
  for (const double value : {1., 2., 3., 6.}) {
    expected.push_back(static_cast<float>((value - 3) / std::sqrt(3.5 + 1e-5)));
    expected.push_back(static_cast<float>((value * 10 - 30) / std::sqrt(350 + 1e-5)));
  }
  check_close(found.output.values<float>(), expected, 1e-5, 1e-6, "normalised");

  auto engine = open_engine();
  Writer net;
  net.input({2});
  net.batch_norm("bn", 2);
  net.linear("fc", 2, 2);
  const lathe::RowTensors rows{{x, integers({0, 1, 0, 1})}};
  const auto data = lathe::dataset_of("four", rows, rows, {}, 2);
  lathe::TrainingOptions options;
  options.max_epochs = 1;
  options.batch_size = 4;
  const std::atomic<bool> never{false};
  const Graph last = engine->train(net.finish(4), *data, options, {}, never).last;
  const lathe::Node& bn = last.node(last.find("bn"));
  // momentum 0.1; the running variance is over n - 1.
  check_close(bn.parameter("running_mean")->content->tensor().values<float>(), {0.3F, 3.0F}, 1e-6,
              0, "running_mean");
  check_close(
      bn.parameter("running_var")->content->tensor().values<float>(),
      {static_cast<float>(0.9 + 0.1 * 14.0 / 3), static_cast<float>(0.9 + 0.1 * 1400.0 / 3)}, 1e-6,
      0, "running_var");
  BOOST_TEST(bn.parameter("num_batches_tracked")->content->tensor().values<std::int64_t>()[0] == 1);
}

BOOST_AUTO_TEST_CASE(a_transposed_convolution_takes_its_weights_from_a_module_or_from_the_graph) {
  const Array weight = example({2, 3, 2, 2}, 5), bias = example({3}, 6),
              x = example({2, 2, 3, 3}, 7);
  Writer module;
  module.input({2, 3, 3});
  module.module("up", "conv_transpose2d", {{"out_channels", 3}, {"kernel_size", 2}, {"stride", 2}});
  Graph owned = module.finish(2);
  BOOST_TEST(owned.parameter_count() == 27);
  owned = owned.with_parameters({{"up.weight", as_tensor(weight)}, {"up.bias", as_tensor(bias)}});
  Writer w;
  const NodeId input = w.input({2, 3, 3});
  auto constant = [&](const char* name, Value::List shape) {
    NodeSpec spec;
    spec.opcode = Opcode::get_attr;
    spec.target = name;
    spec.attributes = Value(Value::Map{{"shape", std::move(shape)}});
    return w.edit().add(spec);
  };
  const NodeId a = constant("weight", {2, 3, 2, 2}), b = constant("bias", {3});
  w.function("conv_transpose2d", {{input}, {a}, {b}, {Value(2)}});
  const Graph read =
      w.finish(2).with_parameters({{"weight", as_tensor(weight)}, {"bias", as_tensor(bias)}});
  auto engine = open_engine();
  const auto expected = engine->run(owned, {as_tensor(x)}).at(0);
  const auto found = engine->run(read, {as_tensor(x)}).at(0);
  BOOST_TEST(expected.shape().text() == "[2, 3, 6, 6]");
  check_close(found.values<float>(),
              {expected.values<float>().begin(), expected.values<float>().end()}, 0, 0, "function");
}

BOOST_AUTO_TEST_CASE(a_transposed_convolution_trains) {
  Writer net;
  net.input({1, 2, 2});
  net.module("up", "conv_transpose2d", {{"out_channels", 2}, {"kernel_size", 2}, {"stride", 2}});
  net.module("flat", "flatten");
  net.linear("fc", 32, 2);
  const Graph graph = net.finish(4);
  const lathe::RowTensors rows{{as_tensor(example({4, 1, 2, 2}, 3)), integers({0, 1, 0, 1})}};
  const auto data = lathe::dataset_of("four", rows, rows, {}, 2);
  lathe::TrainingOptions options;
  options.max_epochs = 30;
  options.batch_size = 4;
  options.learning_rate = 0.05;
  const std::atomic<bool> never{false};
  auto engine = open_engine();
  const Graph last = engine->train(graph, *data, options, {}, never).last;
  const auto before = engine->evaluate(graph, *data, lathe::Rows{Split::train, 0, 4});
  const auto after = engine->evaluate(last, *data, lathe::Rows{Split::train, 0, 4});
  BOOST_TEST(after.number("loss") < before.number("loss") / 2);
  BOOST_TEST(last.node(last.find("up")).parameter("weight")->content->trained());
}

BOOST_AUTO_TEST_CASE(dropout_in_training_keeps_its_share_and_scales_it) {
  Writer w(11);
  w.input({1000});
  w.module("drop", "dropout", {{"p", 0.3}});
  const Graph graph = w.finish(50);
  const std::vector<float> ones(50 * 1000, 1.0F);
  const Tensor x = floats(Shape{50, 1000}, ones);
  const auto found = gradients(registry(), graph, {x}, x);
  std::size_t kept = 0;
  for (float y : found.output.values<float>()) {
    BOOST_REQUIRE(y == 0.0F || y == 1.0F / 0.7F);
    kept += y != 0.0F;
  }
  // 50,000 draws: within five deviations of 0.7.
  BOOST_TEST(std::abs(static_cast<double>(kept) / 50000 - 0.7) < 5 * std::sqrt(0.21 / 50000));
  const auto y = found.output.values<float>();
  check_close(found.inputs[0].values<float>(), {y.begin(), y.end()}, 0, 0, "gradient mask");
}
