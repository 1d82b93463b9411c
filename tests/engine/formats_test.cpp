// Number formats of every temper in the engine: stochastic, with a gradient of their own, looking
// at whole tensors, failing.
#include "tests/engine/engine.hpp"
#include "tests/engine/gradients.hpp"

#include <set>

using namespace lathe_test;

namespace {

const std::atomic<bool> never{false};

const lathe::Registry& with_fixtures() {
  static const lathe::Registry plugins(
      {}, {lathe_test::build_dir() / "tests/fixtures/engine_formats.so"});
  return plugins;
}

std::shared_ptr<lathe::Executor> fixture_engine() { return open_engine(with_fixtures()); }

OperandFormat fixture(const std::string& role, const std::string& id) {
  OperandFormat out;
  out.role = role;
  out.format = id;
  out.options = Value(Value::Map{});
  out.precision = Value(Value::List{32});
  out.plugin_hash = "fixture";
  return out;
}

Graph one_linear(const std::vector<std::pair<std::string, std::string>>& formats) {
  Writer w(5);
  w.input({16});
  w.linear("fc", 16, 5);
  Graph graph = w.finish(8);
  lathe::Transaction edit(graph);
  for (const auto& [role, id] : formats) edit.set_format(graph.find("fc"), fixture(role, id));
  edit.commit();
  return graph;
}

std::shared_ptr<lathe::Dataset> rows(std::int64_t count) {
  return lathe::dataset_of("rows", learnable(count, 16, 5, 1), learnable(count, 16, 5, 2), {}, 5);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_stochastic_format_draws_the_same_with_and_without_the_cache) {
  auto cached = fixture_engine(), plain = fixture_engine();
  plain->set_cache_limit(0);
  const auto data = rows(100);
  const Graph graph = one_linear({{"data_in", "test_noise"}, {"weight", "test_noise"}});
  lathe::Rows all;
  all.batch_size = 32;
  const double expected = plain->evaluate(graph, *data, all).number("loss");
  for (int i = 0; i < 3; ++i) {
    BOOST_TEST(same_bits(cached->evaluate(graph, *data, all).number("loss"), expected));
  }
  const Graph quiet = one_linear({});
  BOOST_TEST(cached->evaluate(quiet, *data, all).number("loss") != expected);
}

BOOST_AUTO_TEST_CASE(a_stochastic_format_draws_anew_for_every_row_and_operand) {
  auto engine = fixture_engine();
  // 64 equal rows: without noise their logits are equal.
  const lathe::RowTensors equal{{floats(Shape{64, 16}, std::vector<float>(64 * 16, 0.5F)),
                                 integers(std::vector<std::int64_t>(64, 0))}};
  const auto data = lathe::dataset_of("equal", equal, equal, {}, 5);
  const Graph graph = one_linear({{"data_in", "test_noise"}});
  for (const std::int64_t batch : {64, 16, 1}) {
    lathe::Rows all;
    all.batch_size = batch;
    const Tensor logits = engine->outputs(graph, *data, all);
    std::set<float> distinct;
    for (std::size_t r = 0; r < 64; ++r) distinct.insert(logits.values<float>()[r * 5]);
    BOOST_TEST(distinct.size() > 60U, "batch " << batch);
  }
}

BOOST_AUTO_TEST_CASE(a_format_sees_whole_batches_whatever_is_run_at_once) {
  auto engine = fixture_engine();
  const auto data = rows(50);
  const Graph graph = one_linear({{"data_in", "test_whole"}});
  lathe::Rows all;
  all.batch_size = 7;
  const Tensor logits = engine->outputs(graph, *data, all);
  const auto samples = data->all(Split::validation).fields[0].values<float>();
  for (std::int64_t first = 0; first < 50; first += 7) {
    const std::int64_t count = std::min<std::int64_t>(7, 50 - first);
    const auto part =
        samples.subspan(static_cast<std::size_t>(first * 16), static_cast<std::size_t>(count * 16));
    const auto y = engine->run(graph, {floats(Shape{count, 16}, {part.begin(), part.end()})});
    const auto expected = y.at(0).values<float>();
    check_close(logits.values<float>().subspan(static_cast<std::size_t>(first * 5),
                                               static_cast<std::size_t>(count * 5)),
                {expected.begin(), expected.end()}, 1e-5, 1e-6, "batch");
  }
}

BOOST_AUTO_TEST_CASE(a_formats_own_gradient_replaces_the_straight_through_one) {
  // Weights of 2 are outside the window: no gradient; inputs of 3 neither.
  std::vector<float> weight(80, 0.5F);
  weight[3] = 2.0F;
  std::vector<float> x(16, 0.25F);
  x[7] = 3.0F;
  const std::map<std::string, Tensor> contents{{"fc.weight", floats(Shape{5, 16}, weight)},
                                               {"fc.bias", floats(Shape{5}, {0, 0, 0, 0, 0})}};
  const Tensor dy = floats(Shape{1, 5}, {1, 1, 1, 1, 1});
  auto run = [&](const Graph& graph) {
    return gradients(with_fixtures(), graph.with_parameters(contents), {floats(Shape{1, 16}, x)},
                     dy);
  };
  const auto own = run(one_linear({{"data_in", "test_window"}, {"weight", "test_window"}}));
  const auto dw = own.parameters.at("fc.weight").values<float>();
  const auto dx = own.inputs[0].values<float>();
  BOOST_TEST(dw[3] == 0.0F);
  BOOST_TEST(dw[2] == 0.25F);
  BOOST_TEST(dw[7] == 1.0F);  // the clamped input
  BOOST_TEST(dx[7] == 0.0F);
  BOOST_TEST(dx[2] == 2.5F);
  BOOST_TEST(dx[3] == 3.0F);  // four weights of 1/2 and a clamped one
  const auto straight = run(one_linear({{"data_in", "test_whole"}, {"weight", "test_whole"}}));
  BOOST_TEST(straight.inputs[0].values<float>()[7] != 0.0F);
  BOOST_TEST(straight.parameters.at("fc.weight").values<float>()[3] != 0.0F);
}

BOOST_AUTO_TEST_CASE(training_with_random_numbers_resumes_to_the_same_weights) {
  auto engine = fixture_engine();
  const Graph graph = one_linear(
      {{"data_in", "test_noise"}, {"weight", "test_noise"}, {"data_out", "test_window"}});
  lathe::TrainingOptions options;
  options.learning_rate = 0.01;
  options.max_epochs = 3;
  options.batch_size = 32;
  const auto data = rows(96);
  const auto whole = engine->train(graph, *data, options, {}, never);
  const TemporaryFolder folder;
  options.folder = folder.path();
  std::atomic<bool> cancelled{false};
  int seen = 0;
  lathe::TrainingEvents events;
  events.progress = [&](std::uint64_t, std::uint64_t) { cancelled = ++seen == 5; };
  engine->train(graph, *data, options, events, cancelled);
  options.resume = true;
  const auto resumed = engine->train(graph, *data, options, {}, never);
  BOOST_TEST((whole.last.hash(whole.last.output()) == resumed.last.hash(resumed.last.output())));
}

BOOST_AUTO_TEST_CASE(a_format_that_fails_is_named_with_its_node) {
  auto engine = fixture_engine();
  const auto data = rows(20);
  const Graph graph = one_linear({{"data_in", "test_broken"}});
  try {
    engine->evaluate(graph, *data, {});
    BOOST_ERROR("no error");
  } catch (const lathe::Error& error) {
    const std::string text = error.what();
    BOOST_TEST(text.find("fc") != std::string::npos, text);
    BOOST_TEST(text.find("test_broken") != std::string::npos, text);
    BOOST_TEST(text.find("never works") != std::string::npos, text);
  }
}
