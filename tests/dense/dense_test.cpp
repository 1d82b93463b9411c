// Chains of dense layers in own kernels: the engine's results within rounding, the same bits
// however rows are run, and graphs that are no chain left to others.
#include "core/checkpoint/checkpoint.hpp"
#include "core/dense/asked_chains.hpp"
#include "tests/engine/engine.hpp"

#include <thread>

using namespace lathe_test;

namespace {

// Only chains: what it does not take is an error of the test.
std::shared_ptr<lathe::Executor> open_dense() {
  return lathe::run::make_executor(registry(), {lathe::dense::open_dense});
}

bool takes(const Graph& graph, lathe::run::Mode mode = lathe::run::Mode::evaluation,
           const lathe::Registry& plugins = registry()) {
  lathe::run::Cache cache;
  return lathe::dense::open_dense(plugins, cache)->takes(graph, mode);
}

const lathe::Registry& with_fixtures() {
  static const lathe::Registry plugins(
      {}, {lathe_test::build_dir() / "tests/fixtures/engine_formats.so"});
  return plugins;
}

// A format of the fixtures on those operands of every node that has them.
Graph with_fixture(Graph graph, const std::vector<std::string>& roles, std::string_view id) {
  lathe::Transaction edit(graph);
  for (const NodeId node : graph.order()) {
    const lathe::Node& on = graph.node(node);
    const lathe::OpRow& row = *graph.ops().find(on.op);
    for (const std::string_view role : quantizable_roles(row, on)) {
      if (std::ranges::find(roles, role) == roles.end()) continue;
      edit.set_format(node, lathe::operand_format(with_fixtures(), id, nullptr, role, on, row));
    }
  }
  edit.commit();
  return graph;
}

Graph with_widths(const Graph& graph, int data, int weight) {
  const json config{{"data_in_width", data},  {"data_in_frac_width", data / 2},
                    {"weight_width", weight}, {"weight_frac_width", weight - 1},
                    {"bias_width", weight},   {"bias_frac_width", weight - 1}};
  return quantized(graph, nodes_of(graph, "linear"), config);
}

lathe::Rows validation_in(std::int64_t batch) { return {Split::validation, 0, batch}; }

// A batch norm's statistics and scales as training leaves them.
Graph trained(const Graph& graph, const lathe::Dataset& data) {
  lathe::TrainingOptions options;
  options.learning_rate = 0.02;
  options.max_epochs = 2;
  options.batch_size = 16;
  return open_dense()->train(graph, data, options, {}, std::atomic<bool>(false)).last;
}

bool same(const Tensor& a, const Tensor& b) { return std::ranges::equal(a.bytes(), b.bytes()); }

}  // namespace

BOOST_AUTO_TEST_CASE(logits_are_the_engines_within_rounding) {
  auto dense = open_dense();
  auto engine = open_engine();
  const auto data = jets(80, 203);
  for (const Graph& base : {jsc_tiny(8), jsc_toy(8), jsc_s(8)}) {
    const Graph graph = trained(base, *data);
    for (const std::int64_t batch : {1, 7, 64, 203}) {
      const Tensor found = dense->outputs(graph, *data, validation_in(batch));
      const auto expected = engine->outputs(graph, *data, validation_in(batch));
      const auto values = expected.values<float>();
      check_close(found.values<float>(), {values.begin(), values.end()}, 1e-5, 1e-5, "logit");
    }
  }
}

// A rounding difference may cross a step of the grid, so single logits can differ by one; scores
// over all rows hardly do.
BOOST_AUTO_TEST_CASE(scores_of_quantized_networks_are_the_engines) {
  auto dense = open_dense();
  auto engine = open_engine();
  const auto data = jets(80, 600);
  for (const Graph& base : {jsc_tiny(8), jsc_toy(8), jsc_s(8)}) {
    const Graph plain = trained(base, *data);
    for (const int width : {4, 8}) {
      const Graph graph = with_widths(plain, 8, width);
      const auto found = dense->evaluate(graph, *data, validation_in(100));
      const auto expected = engine->evaluate(graph, *data, validation_in(100));
      BOOST_TEST(found.number("loss") == expected.number("loss"),
                 boost::test_tools::tolerance(1e-3));
      BOOST_TEST(std::abs(found.number("accuracy") - expected.number("accuracy")) <= 2.0 / 600);
      BOOST_TEST(found.number("samples") == 600);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_chain_that_was_asked_about_is_taken_once_and_for_its_own_graph) {
  const auto read = [](const Graph& graph) {
    return *lathe::dense::chain_of(graph, registry(), lathe::run::Mode::evaluation);
  };
  const Graph graph = jsc_tiny(8), copy = graph, other = with_widths(graph, 8, 4);
  const Graph alike = jsc_tiny(8);
  lathe::dense::AskedChains asked;
  asked.add(read(graph));
  BOOST_TEST(!asked.take(other).has_value());
  BOOST_TEST(!asked.take(alike).has_value());
  const auto taken = asked.take(copy);
  BOOST_TEST_REQUIRE(taken.has_value());
  BOOST_TEST(taken->layers.size() == read(graph).layers.size());
  BOOST_TEST(!asked.take(graph).has_value());
}

BOOST_AUTO_TEST_CASE(chains_that_nobody_takes_are_dropped) {
  const Graph first = jsc_tiny(8);
  lathe::dense::AskedChains asked;
  const auto add = [&](const Graph& graph) {
    asked.add(*lathe::dense::chain_of(graph, registry(), lathe::run::Mode::evaluation));
  };
  add(first);
  for (int i = 0; i < 50; ++i) add(jsc_tiny(8));
  BOOST_TEST(!asked.take(first).has_value());
}

BOOST_AUTO_TEST_CASE(a_row_gives_the_same_bits_whatever_it_is_run_with) {
  auto dense = open_dense();
  const auto data = jets(80, 203);
  const Graph graph = with_widths(trained(jsc_s(8), *data), 8, 8);
  const Tensor whole = dense->outputs(graph, *data, validation_in(203));
  for (const std::int64_t batch : {1, 3, 16, 100}) {
    BOOST_TEST(same(dense->outputs(graph, *data, validation_in(batch)), whole));
  }
  dense->set_cache_limit(0);
  BOOST_TEST(same(dense->outputs(graph, *data, validation_in(203)), whole));
  const Tensor samples = data->all(Split::validation).fields[0];
  BOOST_TEST(same(dense->run(graph, {samples}).at(0), whole));
}

BOOST_AUTO_TEST_CASE(what_an_earlier_trial_left_changes_no_bit) {
  auto cached = open_dense(), plain = open_dense();
  plain->set_cache_limit(0);
  const auto data = jets(80, 600);
  const Graph base = trained(jsc_s(8), *data);
  std::vector<Graph> trials{base};
  for (const int data_width : {4, 8}) {
    for (const int weight_width : {2, 4, 8}) {
      trials.push_back(with_widths(base, data_width, weight_width));
    }
  }
  std::atomic<int> wrong{0};
  std::vector<std::thread> workers;
  for (std::size_t worker = 0; worker < 3; ++worker) {
    workers.emplace_back([&, worker] {
      for (std::size_t i = 0; i < 40; ++i) {
        const Graph& trial = trials[(i * 5 + worker) % trials.size()];
        const auto rows = validation_in(i % 2 == 0 ? 512 : 100);
        wrong +=
            same(cached->outputs(trial, *data, rows), plain->outputs(trial, *data, rows)) ? 0 : 1;
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  BOOST_TEST(wrong == 0);
}

BOOST_AUTO_TEST_CASE(observers_see_what_the_engine_shows_them) {
  const auto data = jets(80, 50);
  const Graph graph = with_widths(trained(jsc_tiny(8), *data), 8, 8);
  struct Seen {
    std::string what;
    std::vector<float> values;
  };
  const auto seen_by = [&](lathe::Executor& executor) {
    std::vector<Seen> out;
    std::vector<NodeId> nodes(graph.order().begin(), graph.order().end());
    executor.observe(graph, *data, validation_in(16), nodes, [&](const lathe::Observation& seen) {
      const auto values = seen.tensor.values<float>();
      out.push_back(
          {graph.node(seen.node).name + " " + seen.operand.name + " " + seen.tensor.shape().text(),
           {values.begin(), values.end()}});
    });
    return out;
  };
  const auto found = seen_by(*open_dense()), expected = seen_by(*open_engine());
  BOOST_REQUIRE_EQUAL(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    BOOST_TEST(found[i].what == expected[i].what);
    check_close(found[i].values, expected[i].values, 1e-5, 1e-5, found[i].what);
  }
}

BOOST_AUTO_TEST_CASE(a_perceptron_on_images_is_a_chain) {
  BOOST_TEST(takes(toy(8)));
  BOOST_TEST(takes(toy(8), lathe::run::Mode::training));
  const Graph graph = toy(8);
  const Tensor x = floats(Shape{3, 1, 2, 2}, {1, 2, 3, 4, -1, -2, -3, -4, 0, 1, 0, 1});
  const auto expected = open_engine()->run(graph, {x}).at(0);
  const auto values = expected.values<float>();
  check_close(open_dense()->run(graph, {x}).at(0).values<float>(), {values.begin(), values.end()},
              1e-5, 1e-6, "logit");
}

BOOST_AUTO_TEST_CASE(formats_on_batch_norms_are_those_of_the_engine) {
  const auto data = jets(80, 203);
  const Graph graph = trained(jsc_toy(8), *data);
  for (const std::string format : {"test_twice", "test_window", "test_rows"}) {
    for (const std::string role : {"data_in", "weight", "bias"}) {
      Graph quantized = graph;
      lathe::Transaction edit(quantized);
      for (const NodeId id : nodes_of(graph, "batch_norm1d")) {
        const lathe::Node& on = graph.node(id);
        edit.set_format(id, lathe::operand_format(with_fixtures(), format, nullptr, role, on,
                                                  *graph.ops().find(on.op)));
      }
      edit.commit();
      BOOST_TEST(takes(quantized, lathe::run::Mode::evaluation, with_fixtures()));
      BOOST_TEST(takes(quantized, lathe::run::Mode::training, with_fixtures()));
      const auto outputs = [&](const std::shared_ptr<lathe::Executor>& executor) {
        return executor->outputs(quantized, *data, validation_in(64));
      };
      const Tensor found = outputs(open_executor(with_fixtures()));
      const Tensor expected = outputs(open_engine(with_fixtures()));
      const auto values = expected.values<float>();
      check_close(found.values<float>(), {values.begin(), values.end()}, 1e-4, 1e-4,
                  format + " on " + role);
    }
  }
}

BOOST_AUTO_TEST_CASE(gradients_that_formats_make_are_followed_as_by_the_engine) {
  const auto data = jets(96, 32);
  // Weights and inputs on both sides of the window.
  const Graph fresh = jsc_toy(8);
  std::map<std::string, Tensor> contents;
  for (const auto& named : fresh.parameters()) {
    const lathe::Parameter& parameter = *named.parameter;
    if (parameter.is_buffer) continue;
    std::vector<float> values;
    for (const float value : parameter.content->tensor().values<float>()) {
      values.push_back(values.size() % 3 == 0 ? 4 * value + 0.3F : 0.7F * value);
    }
    contents.emplace(parameter.qualified_name, floats(parameter.shape, values));
  }
  const Graph start = fresh.with_parameters(contents);
  lathe::TrainingOptions options;
  // One step, which is the gradient: later ones would meet the window's edges on either side.
  options.learning_rate = 0.5;
  options.optimizer = "sgd";
  options.max_epochs = 1;
  options.batch_size = 96;
  for (const std::vector<std::string>& roles :
       {std::vector<std::string>{"data_in"}, {"weight"}, {"bias"}, {"data_in", "weight", "bias"}}) {
    const Graph graph = with_fixture(start, roles, "test_window");
    BOOST_TEST(takes(graph, lathe::run::Mode::training, with_fixtures()));
    const auto weights = [&](const std::shared_ptr<lathe::Executor>& executor) {
      return lathe::parameters_of(
          executor->train(graph, *data, options, {}, std::atomic<bool>(false)).last);
    };
    const auto found = weights(open_executor(with_fixtures()));
    const auto expected = weights(open_engine(with_fixtures()));
    for (const auto& [name, tensor] : expected) {
      if (tensor.dtype() != DType::float32) continue;
      const auto values = tensor.values<float>();
      check_close(found.at(name).values<float>(), {values.begin(), values.end()}, 1e-3, 1e-4, name);
    }
  }
}

BOOST_AUTO_TEST_CASE(formats_that_draw_or_keep_state_are_trained_by_others) {
  for (const char* format : {"test_noise", "test_scale", "test_average"}) {
    const Graph graph = with_fixture(jsc_tiny(8), {"weight"}, format);
    BOOST_TEST(takes(graph, lathe::run::Mode::evaluation, with_fixtures()), format);
    BOOST_TEST(!takes(graph, lathe::run::Mode::training, with_fixtures()), format);
  }
}

BOOST_AUTO_TEST_CASE(what_is_no_chain_of_small_dense_layers_is_left_to_others) {
  BOOST_TEST(!takes(toy_convnet(8)));
  BOOST_TEST(!takes(jet_net("wide", {257, -1, 5}, 8)));
  Writer residual;
  const NodeId x = residual.input({16});
  const NodeId y = residual.linear("fc", 16, 16);
  residual.function("add", {{x}, {y}});
  BOOST_TEST(!takes(residual.finish(8)));
  Writer two_rows;  // a view that mixes rows
  const NodeId in = two_rows.input({16});
  two_rows.method("view", {{in}, {Value(-1)}, {Value(8)}});
  two_rows.linear("fc", 8, 5);
  BOOST_TEST(!takes(two_rows.finish(8)));
}

BOOST_AUTO_TEST_CASE(rows_that_do_not_fit_are_refused) {
  BOOST_CHECK_EXCEPTION(open_dense()->run(jsc_tiny(8), {floats(Shape{2, 3}, {1, 2, 3, 4, 5, 6})}),
                        lathe::Error, [](const lathe::Error& error) {
                          return std::string(error.what()).find("rows of 16 float32 numbers") !=
                                 std::string::npos;
                        });
}
