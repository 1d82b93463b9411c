// The networks of golden/own_networks as lathe.py saves them (graph.json), with their golden
// weights: what torch computes, at two batch sizes; what ties and tuples do in training.
#include "tests/engine/own_networks.hpp"

using namespace lathe_test;

namespace {

const std::atomic<bool> never{false};

// Token sequences that tell their class.
std::shared_ptr<lathe::Dataset> texts() {
  const auto rows = [](std::int64_t count, std::int64_t salt) {
    std::vector<std::int64_t> ids, labels;
    for (std::int64_t r = 0; r < count; ++r) {
      labels.push_back(r % 3);
      for (std::int64_t i = 0; i < 12; ++i)
        ids.push_back((r * 7 + i * i * salt) % 20 + 20 * labels.back());
    }
    return lathe::RowTensors{
        {Tensor::of<std::int64_t>(DType::int64, Shape{count, 12}, ids), integers(labels)}};
  };
  const lathe::Field ids{"samples", LATHE_FIELD_INPUT, DType::int64, {}, false, 0, {}};
  const lathe::Field classes{"labels", LATHE_FIELD_TARGET, DType::int64, {}, false, 3, {}};
  return lathe::dataset_of("test texts", {ids, classes}, rows(96, 1), rows(30, 3), rows(30, 5));
}

}  // namespace

BOOST_AUTO_TEST_CASE(saved_networks_compute_what_torch_does) {
  auto engine = open_engine();
  for (const char* net : {"residual", "encoder", "gpt"}) {
    for (const auto& [rows, suffix] : {std::pair{2, ""}, std::pair{5, "_batch5"}}) {
      BOOST_TEST_CONTEXT(net << ", batch " << rows) {
        const Graph graph = saved_network(net).with_batch(rows);
        const Tensor input =
            network_input(graph, network_folder(net) / fmt::format("input{}.npy", suffix));
        const Tensor output =
            lathe::read_npy(network_folder(net) / fmt::format("output{}.npy", suffix));
        const Tensor found = engine->run(graph, {input}).at(0);
        BOOST_TEST(found.shape().text() == output.shape().text());
        const std::span<const float> wanted = output.values<float>();
        check_close(found.values<float>(), {wanted.begin(), wanted.end()}, 0, 1e-5, net);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(what_is_tied_is_one_parameter_and_comes_back_so) {
  const Graph graph = saved_network("gpt");
  // torch's count: sum(p.numel() for p in module.parameters()).
  BOOST_TEST(graph.parameter_count() == 28800);
  const lathe::Parameter& table = graph.node(graph.find("wte")).parameters[0];
  const lathe::Parameter& head = graph.node(graph.find("lm_head")).parameters[0];
  BOOST_TEST(table.qualified_name == "lm_head.weight");
  BOOST_TEST(table.content == head.content);
  const lathe::Value written = lathe::graph_to_json(graph);
  BOOST_TEST(written.find("tied")->text() == R"({"wte.weight"=lm_head.weight})");
}

BOOST_AUTO_TEST_CASE(an_encoder_learns_in_an_epoch) {
  const auto data = texts();
  const auto engine = open_engine();
  lathe::TrainingOptions options;
  options.max_epochs = 1;
  options.batch_size = 16;
  options.learning_rate = 3e-3;
  const Graph graph = saved_network("encoder").with_batch(16);
  const auto trained = engine->train(graph, *data, options, {}, never);
  const auto before = lathe::parameters_of(graph), after = lathe::parameters_of(trained.last);
  for (const char* name : {"layers.0.attention.in_proj_weight", "layers.1.attention.out_proj.bias"})
    BOOST_TEST(!std::ranges::equal(before.at(name).bytes(), after.at(name).bytes()), name);
  const auto loss = [&](const Graph& of) { return engine->evaluate(of, *data, {}).number("loss"); };
  BOOST_TEST(loss(trained.last) < loss(graph));
}
