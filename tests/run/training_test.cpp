// Training beyond the golden runs: it learns, repeats itself, and refuses what cannot work.
#include "core/run/training/optimizer.hpp"
#include "tests/engine/engine.hpp"
#include "tests/support/messages.hpp"

#include <set>

using namespace lathe_test;

namespace {

const std::atomic<bool> never{false};

lathe::TrainingOptions quick() {
  lathe::TrainingOptions out;
  out.learning_rate = 0.01;
  out.max_epochs = 2;
  out.batch_size = 32;
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_network_learns_what_can_be_learnt) {
  auto engine = open_executor();
  const auto data = jets(1000, 200);
  for (const std::string optimizer : {"adam", "adamw", "sgd"}) {
    auto options = quick();
    options.optimizer = optimizer;
    options.max_epochs = 20;
    options.learning_rate = optimizer == "sgd" ? 0.05 : 0.01;
    const auto result = engine->train(jsc_toy(8), *data, options, {}, never);
    BOOST_TEST(result.epochs.back().number("validation_accuracy") > 0.9, optimizer);
    BOOST_TEST(
        result.epochs.back().number("train_loss") < result.epochs.front().number("train_loss"),
        optimizer);
  }
}

BOOST_AUTO_TEST_CASE(the_same_seed_gives_the_same_weights_and_another_seed_others) {
  auto engine = open_executor();
  const auto data = jets(200, 40);
  auto hash = [&](std::uint64_t seed) {
    auto options = quick();
    options.seed = seed;
    const Graph last = engine->train(jsc_toy(8), *data, options, {}, never).last;
    return last.hash(last.output());
  };
  BOOST_TEST((hash(1) == hash(1)));
  BOOST_TEST((hash(1) != hash(2)));
}

BOOST_AUTO_TEST_CASE(batches_of_any_size_train) {
  auto engine = open_executor();
  const auto data = jets(61, 40);
  for (const std::int64_t batch : {2, 7, 8, 59, 61, 1000}) {
    auto options = quick();
    options.batch_size = batch;
    const std::int64_t rest = 61 % batch;
    if (rest == 1) continue;
    const auto result = engine->train(jsc_tiny(8), *data, options, {}, never);
    const auto expected = static_cast<std::size_t>(2 * ((61 + batch - 1) / batch));
    BOOST_TEST(result.step_losses.size() == expected, "batch size " << batch);
  }
}

BOOST_AUTO_TEST_CASE(a_batch_of_one_row_is_refused_before_work_if_it_cannot_be_normalised) {
  auto engine = open_executor();
  auto options = quick();
  options.batch_size = 20;
  const std::string text =
      message_of([&] { engine->train(jsc_tiny(8), *jets(61, 40), options, {}, never); });
  BOOST_TEST(contains(text, "seq_blocks_0"), text);
  BOOST_TEST(contains(text, "another batch size"), text);
  // Without batch norm a single row is as good as any.
  Writer w;
  w.input({16});
  w.linear("fc", 16, 5);
  BOOST_TEST(!engine->train(w.finish(8), *jets(61, 40), options, {}, never).step_losses.empty());
}

BOOST_AUTO_TEST_CASE(gradients_of_several_batches_make_one_step) {
  auto engine = open_executor();
  // Without batch norm, two batches of 16 together weigh as one of 32.
  Writer w;
  w.input({16});
  w.linear("fc", 16, 5);
  const Graph graph = w.finish(8);
  const auto data = jets(64, 40);
  auto options = quick();
  options.shuffle = false;
  options.optimizer = "sgd";
  const auto whole = engine->train(graph, *data, options, {}, never);
  options.batch_size = 16;
  options.accumulate_grad_batches = 2;
  const auto halves = engine->train(graph, *data, options, {}, never);
  for (const auto& named : whole.last.parameters()) {
    const lathe::Parameter* other = halves.last.node(named.node).parameter(named.parameter->name);
    const auto expected = named.parameter->content->tensor().values<float>();
    check_close(other->content->tensor().values<float>(), {expected.begin(), expected.end()}, 1e-4,
                1e-6, named.parameter->qualified_name);
  }
}

// Four batches make one step, whether four, eight or a hundred may.
BOOST_AUTO_TEST_CASE(a_step_does_not_shrink_with_batches_that_an_epoch_does_not_have) {
  const auto data = jets(64, 40);
  for (const auto& engine : {open_executor(), open_engine()}) {
    const auto step_of = [&](std::int64_t batches, std::int64_t max_steps) {
      Writer w;
      w.input({16});
      w.linear("fc", 16, 5);
      auto options = quick();
      options.optimizer = "sgd";
      options.lr_scheduler = "constant";
      options.shuffle = false;
      options.batch_size = 16;
      options.accumulate_grad_batches = batches;
      options.max_steps = max_steps;
      const Graph last = engine->train(w.finish(8), *data, options, {}, never).last;
      return last.hash(last.output());
    };
    const auto expected = step_of(4, 2);
    for (const std::int64_t batches : {5, 8, 100}) {
      BOOST_TEST((step_of(batches, 2) == expected), batches << " batches");
      BOOST_TEST((step_of(batches, -1) == expected), batches << " batches");  // 2 epochs
    }
    BOOST_TEST((step_of(3, -1) != expected));
  }
}

// 5 batches by threes: a step of three, one of two. With as many samples as 4 batches have, one of
// three and one of one.
BOOST_AUTO_TEST_CASE(the_last_step_of_an_epoch_or_of_a_training_is_of_what_is_left) {
  auto engine = open_executor();
  const auto data = jets(80, 40);
  Writer w;
  w.input({16});
  w.linear("fc", 16, 5);
  const Graph graph = w.finish(8);
  auto options = quick();
  options.optimizer = "sgd";
  options.lr_scheduler = "constant";
  options.shuffle = false;
  options.max_epochs = 1;
  const auto trained = [&](std::int64_t batches, std::int64_t samples) {
    options.batch_size = batches * 16;
    options.accumulate_grad_batches = batches == 1 ? 3 : 1;
    options.max_samples = samples;
    return engine->train(graph, *data, options, {}, never).last;
  };
  const auto near = [](const Graph& a, const Graph& b) {
    for (const auto& named : a.parameters()) {
      const auto expected = named.parameter->content->tensor().values<float>();
      check_close(
          b.node(named.node).parameter(named.parameter->name)->content->tensor().values<float>(),
          {expected.begin(), expected.end()}, 1e-4, 1e-6, named.parameter->name);
    }
  };
  // Batches of 48 rows have the rows of three: steps on 48 and 32 rows.
  near(trained(3, 0), trained(1, 0));
  options.max_epochs = 2;
  const auto bounded = trained(1, 64);
  options.max_epochs = 1;
  const auto shorter = lathe::dataset_of("64 rows", learnable(64, 16, 5, 1), {}, {}, 5);
  options.max_samples = 0;
  near(engine->train(graph, *shorter, options, {}, never).last, bounded);
}

BOOST_AUTO_TEST_CASE(the_rows_evaluated_at_once_change_no_byte_of_a_training) {
  auto engine = open_executor();
  const auto data = jets(200, 777);
  std::set<std::string> bytes;
  for (const std::int64_t rows : {64, 128, 129, 500}) {
    const TemporaryFolder folder;
    auto options = quick();
    options.max_epochs = 5;
    options.evaluation_batch_size = rows;
    options.folder = folder.path();
    engine->train(jsc_toy(8), *data, options, {}, never);
    std::string all;
    for (const char* file : {"best.safetensors", "last.safetensors", "metrics.csv"}) {
      std::ifstream in(folder.path() / file, std::ios::binary);
      all.append(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    }
    bytes.insert(all);
  }
  BOOST_TEST(bytes.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_bound_on_steps_ends_training_with_an_evaluation) {
  auto engine = open_executor();
  auto options = quick();
  options.max_epochs = 10;
  options.max_steps = 5;
  const auto result = engine->train(jsc_tiny(8), *jets(128, 40), options, {}, never);
  BOOST_TEST(result.step_losses.size() == 5U);
  BOOST_TEST(result.epochs.size() == 2U);
  BOOST_TEST(!result.interrupted);
}

BOOST_AUTO_TEST_CASE(without_validation_rows_the_best_epoch_trained_best) {
  auto engine = open_executor();
  const auto data = lathe::dataset_of("no validation", learnable(64, 16, 5, 1), {}, {}, 5);
  const auto result = engine->train(jsc_tiny(8), *data, quick(), {}, never);
  BOOST_TEST(std::isnan(result.epochs[0].number("validation_loss")));
  BOOST_TEST(result.epochs.size() == 2U);
}

BOOST_AUTO_TEST_CASE(the_graph_that_was_trained_is_left_as_it_was) {
  auto engine = open_executor();
  const Graph graph = jsc_tiny(8);
  const auto before = graph.hash(graph.output());
  const auto weight = graph.node(graph.find("seq_blocks_2")).parameters[0].content->tensor();
  const std::vector<float> values(weight.values<float>().begin(), weight.values<float>().end());
  const auto result = engine->train(graph, *jets(64, 40), quick(), {}, never);
  check_close(weight.values<float>(), values, 0, 0, "weight");
  BOOST_TEST((graph.hash(graph.output()) == before));
  BOOST_TEST((result.last.hash(result.last.output()) != before));
}

BOOST_AUTO_TEST_CASE(options_out_of_range_are_refused_by_name) {
  auto engine = open_executor();
  const auto data = jets(64, 40);
  auto refused = [&](auto&& change) {
    auto options = quick();
    change(options);
    return message_of([&] { engine->train(jsc_tiny(8), *data, options, {}, never); });
  };
  const std::pair<std::string, std::string> expected[] = {
      {refused([](auto& o) { o.max_epochs = 0; }), "max_epochs is 0"},
      {refused([](auto& o) { o.batch_size = 0; }), "batch_size is 0"},
      {refused([](auto& o) { o.accumulate_grad_batches = 0; }), "accumulate_grad_batches is 0"},
      {refused([](auto& o) { o.evaluation_batch_size = 0; }), "evaluation_batch_size is 0"},
      {refused([](auto& o) { o.max_steps = 0; }), "max_steps is 0, which would train nothing"},
      {refused([](auto& o) { o.max_steps = -2; }), "max_steps is -2"},
      {refused([](auto& o) { o.learning_rate = -1; }), "learning_rate is -1"},
      {refused([](auto& o) { o.weight_decay = -1; }), "weight_decay is -1"},
      {refused([](auto& o) { o.optimizer = "rmsprop"; }), "adam, adamw and sgd"},
  };
  for (const auto& [text, part] : expected) BOOST_TEST(contains(text, part), text);
  Writer w;
  w.input({16});
  w.relu("only", false);
  const Graph empty = w.finish(8);
  const std::string nothing = message_of([&] { engine->train(empty, *data, quick(), {}, never); });
  BOOST_TEST(contains(nothing, "nothing to train"), nothing);
}

BOOST_AUTO_TEST_CASE(small_dense_chains_train_as_the_same_network_does_layer_by_layer) {
  auto engine = open_executor();
  // A dropout that drops nothing keeps a network off the short cut for dense chains.
  auto network = [](bool chain, std::vector<int> widths, bool with_formats) {
    Writer w(4);
    w.input({16});
    if (!chain) w.module("none", "dropout", {{"p", 0.0}});
    int width = 16, i = 0;
    for (int next : widths) {
      w.batch_norm(fmt::format("bn{}", i), width);
      w.linear(fmt::format("fc{}", i), width, next);
      w.relu(fmt::format("act{}", i), true);
      width = next;
      ++i;
    }
    w.linear("head", width, 5);
    Graph graph = w.finish(8);
    if (!with_formats) return graph;
    const json config{{"data_in_width", 12},    {"data_in_frac_width", 7}, {"weight_width", 10},
                      {"weight_frac_width", 7}, {"bias_width", 8},         {"bias_frac_width", 5}};
    std::vector<NodeId> nodes = nodes_of(graph, "linear");
    for (NodeId relu : nodes_of(graph, "relu")) nodes.push_back(relu);
    return quantized(graph, nodes, config);
  };
  for (const bool with_formats : {false, true}) {
    for (const auto& widths : {std::vector<int>{}, {7}, {8, 3}, {33, 20, 6}}) {
      for (const std::int64_t batch : {3, 16, 21, 64}) {
        auto options = quick();
        options.optimizer = "sgd";
        options.learning_rate = 0.02;
        options.batch_size = batch;
        options.max_epochs = 2;
        options.accumulate_grad_batches = batch == 16 ? 2 : 1;
        const auto data = jets(96, 40);
        const auto fast =
            engine->train(network(true, widths, with_formats), *data, options, {}, never);
        const auto slow =
            engine->train(network(false, widths, with_formats), *data, options, {}, never);
        // Differences of rounding grow from step to step, quickly where batch norm sees three rows.
        const std::size_t steps = std::min<std::size_t>(slow.step_losses.size(), 12);
        const std::vector<float> expected(slow.step_losses.begin(),
                                          slow.step_losses.begin() + static_cast<long>(steps));
        const std::vector<float> found(fast.step_losses.begin(),
                                       fast.step_losses.begin() + static_cast<long>(steps));
        // A rounding that falls on the other side of a code's edge moves a loss by a little.
        const double bound = with_formats ? 2e-2 : 1e-4;
        check_close(found, expected, bound, bound,
                    fmt::format("{} layers, batch {}", widths.size() + 1, batch));
        BOOST_TEST(fast.step_losses.size() == slow.step_losses.size());
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(optimizers_follow_their_papers_on_one_number) {
  using lathe::run::Optimizer;
  using lathe::run::OptimizerKind;
  // f(x) = x^2 / 2 from 1, three steps; the papers' recursions in double beside it.
  for (const double decay : {0.0, 0.1}) {
    for (const OptimizerKind kind :
         {OptimizerKind::adam, OptimizerKind::adamw, OptimizerKind::sgd}) {
      Optimizer optimizer(kind, 1, decay);
      std::vector<float> x{1.0F};
      double y = 1, m = 0, v = 0;
      const double lr = 0.1;
      for (int t = 1; t <= 3; ++t) {
        const std::vector<float> gradient{x[0]};
        optimizer.step(x, gradient, lr);
        double g = y;
        if (kind == OptimizerKind::adamw) {
          y -= lr * decay * y;
        } else {
          g += decay * y;
        }
        if (kind == OptimizerKind::sgd) {
          m = 0.9 * m + g;
          y -= lr * (g + 0.9 * m);
        } else {
          m = 0.9 * m + 0.1 * g;
          v = 0.999 * v + 0.001 * g * g;
          y -= lr * (m / (1 - std::pow(0.9, t))) / (std::sqrt(v / (1 - std::pow(0.999, t))) + 1e-8);
        }
        BOOST_TEST(static_cast<double>(x[0]) == y, boost::test_tools::tolerance(1e-5));
      }
    }
  }
}
