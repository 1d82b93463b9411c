// Number formats that keep state, in the engine: it is trained or written to, remembered apart and
// resumed.
#include "core/checkpoint/checkpoint.hpp"
#include "tests/engine/engine.hpp"
#include "tests/engine/gradients.hpp"

using namespace lathe_test;

namespace {

const std::atomic<bool> never{false};

const lathe::Registry& with_fixtures() {
  static const lathe::Registry plugins(
      {}, {lathe_test::build_dir() / "tests/fixtures/engine_formats.so"});
  return plugins;
}

// As set_format() of a plugin has it.
OperandFormat fixture(const Graph& graph, const char* node, std::string_view role,
                      std::string_view id) {
  const lathe::Node& on = graph.node(graph.find(node));
  return lathe::operand_format(with_fixtures(), id, nullptr, role, on, *graph.ops().find(on.op));
}

Graph with_formats(Graph graph, const char* node,
                   const std::vector<std::pair<const char*, const char*>>& formats) {
  lathe::Transaction edit(graph);
  for (const auto& [role, id] : formats) {
    edit.set_format(graph.find(node), fixture(graph, node, role, id));
  }
  edit.commit();
  return graph;
}

Graph one_linear() {
  Writer w(5);
  w.input({16});
  w.linear("fc", 16, 5);
  return w.finish(8);
}

std::vector<float> state(const Graph& graph, const std::string& name) {
  const auto values = lathe::parameters_of(graph).at(name).values<float>();
  return {values.begin(), values.end()};
}

lathe::TrainingOptions options(std::int64_t epochs) {
  lathe::TrainingOptions out;
  out.learning_rate = 0.01;
  out.max_epochs = epochs;
  out.batch_size = 32;
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_learned_state_gets_the_gradients_that_its_format_makes) {
  // y_c = sum_j s_c w_cj t_j x_j, and so dy_c/ds_c = sum_j w_cj t_j x_j, with s = t = 2.
  const Graph graph =
      with_formats(one_linear(), "fc", {{"weight", "test_scale"}, {"data_in", "test_scale"}});
  std::vector<float> weight, x;
  for (int i = 0; i < 80; ++i) weight.push_back(static_cast<float>(i % 7) * 0.25F - 0.5F);
  for (int i = 0; i < 16; ++i) x.push_back(static_cast<float>(i % 5) * 0.5F - 1.0F);
  const std::vector<float> dy{1, -1, 0.5F, 2, 0};
  const auto found =
      gradients(with_fixtures(),
                graph.with_parameters({{"fc.weight", floats(Shape{5, 16}, weight)},
                                       {"fc.bias", floats(Shape{5}, {0, 0, 0, 0, 0})}}),
                {floats(Shape{1, 16}, x)}, floats(Shape{1, 5}, dy));
  std::vector<float> of_weight(5), of_input(16);
  for (std::size_t c = 0; c < 5; ++c) {
    for (std::size_t j = 0; j < 16; ++j) {
      of_weight[c] += dy[c] * weight[c * 16 + j] * 2 * x[j];
      of_input[j] += dy[c] * 2 * weight[c * 16 + j] * x[j];
    }
  }
  check_close(found.parameters.at("fc.weight_quantizer.scale").values<float>(), of_weight, 1e-5,
              1e-6, "weight");
  check_close(found.parameters.at("fc.data_in_quantizer.scale").values<float>(), of_input, 1e-5,
              1e-6, "input");
}

BOOST_AUTO_TEST_CASE(a_state_on_the_networks_own_input_learns) {
  auto engine = open_executor(with_fixtures());
  const Graph graph = with_formats(one_linear(), "fc", {{"data_in", "test_scale"}});
  const auto trained = engine->train(graph, *jets(96, 32), options(2), {}, never);
  int moved = 0;
  for (const float scale : state(trained.last, "fc.data_in_quantizer.scale"))
    moved += scale != 2.0F;
  BOOST_TEST(moved == 16);
}

BOOST_AUTO_TEST_CASE(a_buffer_is_written_to_in_training_and_read_in_evaluation) {
  auto engine = open_executor(with_fixtures());
  const Graph graph =
      with_formats(one_linear(), "fc", {{"data_in", "test_average"}, {"weight", "test_average"}});
  const auto data = jets(96, 40);
  const auto trained = engine->train(graph, *data, options(2), {}, never);
  BOOST_TEST(state(trained.last, "fc.data_in_quantizer.batches")[0] == 6.0F);  // 3 an epoch
  BOOST_TEST(state(trained.last, "fc.weight_quantizer.batches")[0] == 6.0F);
  const auto samples = data->all(Split::train).fields[0].values<float>();
  const float largest = *std::max_element(samples.begin(), samples.end());
  const float average = state(trained.last, "fc.data_in_quantizer.largest")[0];
  BOOST_TEST(average > 0.5F * largest);
  BOOST_TEST(average <= largest);
  const auto before = lathe::parameters_of(trained.last);
  engine->evaluate(trained.last, *data, {});
  const auto after = lathe::parameters_of(trained.last);
  for (const auto& [name, tensor] : before) {
    BOOST_TEST((lathe::hash_of(tensor) == lathe::hash_of(after.at(name))), name);
  }
}

BOOST_AUTO_TEST_CASE(what_is_remembered_of_one_state_is_not_taken_for_another) {
  auto engine = open_engine(with_fixtures()), dense = open_executor(with_fixtures());
  const Graph graph =
      with_formats(one_linear(), "fc", {{"data_in", "test_scale"}, {"weight", "test_scale"}});
  const auto data = jets(64, 64);
  std::vector<double> losses;
  for (const float scale : {1.0F, 2.0F, 1.0F, -1.0F}) {
    const Graph now = graph.with_parameters(
        {{"fc.weight_quantizer.scale", floats(Shape{5}, std::vector<float>(5, scale))}});
    const double loss = engine->evaluate(now, *data, {}).number("loss");
    BOOST_TEST(
        same_bits(open_engine(with_fixtures())->evaluate(now, *data, {}).number("loss"), loss));
    BOOST_TEST(std::abs(dense->evaluate(now, *data, {}).number("loss") - loss) < 1e-5);
    losses.push_back(loss);
  }
  BOOST_TEST(losses[0] != losses[1]);
  BOOST_TEST(same_bits(losses[0], losses[2]));
  BOOST_TEST(losses[0] != losses[3]);
}

BOOST_AUTO_TEST_CASE(a_training_with_state_resumes_to_the_same_bytes_from_any_batch) {
  auto engine = open_executor(with_fixtures());
  const Graph graph =
      with_formats(one_linear(), "fc", {{"data_in", "test_average"}, {"weight", "test_scale"}});
  const auto data = jets(96, 32);
  const auto last_in = [](const std::filesystem::path& folder) {
    std::ifstream in(folder / "last.safetensors", std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  const TemporaryFolder whole;
  lathe::TrainingOptions of = options(3);
  of.folder = whole.path();
  engine->train(graph, *data, of, {}, never);
  BOOST_REQUIRE(!last_in(whole.path()).empty());
  for (int batch = 1; batch <= 9; ++batch) {
    const TemporaryFolder folder;
    of.folder = folder.path();
    of.resume = false;
    std::atomic<bool> cancelled{false};
    int seen = 0;
    lathe::TrainingEvents events;
    events.progress = [&](std::uint64_t, std::uint64_t) { cancelled = ++seen == batch; };
    engine->train(graph, *data, of, events, cancelled);
    of.resume = true;
    engine->train(graph, *data, of, {}, never);
    BOOST_TEST((last_in(folder.path()) == last_in(whole.path())), "stopped at batch " << batch);
  }
}
