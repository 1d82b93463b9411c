// Evaluation: the cache changes no bit, threads do not disturb each other, errors name things.
#include "tests/engine/engine.hpp"

#include <random>
#include <thread>
#include "tests/support/messages.hpp"

using namespace lathe_test;

namespace {

// A trial of a search: every linear layer with a format of its own.
Graph random_trial(const Graph& base, std::mt19937& random) {
  Graph graph = base;
  lathe::Transaction edit(graph);
  auto pick = [&](std::initializer_list<int> from) {
    return std::data(from)[random() % from.size()];
  };
  for (NodeId id : nodes_of(graph, "linear")) {
    if (random() % 5 == 0) continue;
    const json config{{"data_in_width", pick({4, 8})},   {"data_in_frac_width", pick({2, 3})},
                      {"weight_width", pick({2, 4, 8})}, {"weight_frac_width", pick({1, 2})},
                      {"bias_width", pick({2, 4, 8})},   {"bias_frac_width", pick({1, 2})}};
    quantize(edit, graph, id, config);
  }
  edit.commit();
  return graph;
}

bool equal(const lathe::Evaluation& a, const lathe::Evaluation& b) {
  return same_bits(a.number("loss"), b.number("loss")) &&
         same_bits(a.number("accuracy"), b.number("accuracy")) &&
         same_bits(a.number("accuracy_macro"), b.number("accuracy_macro")) &&
         a.number("samples") == b.number("samples");
}

lathe::Rows rows_of(std::uint64_t samples, std::int64_t batch) {
  lathe::Rows out;
  out.samples = samples;
  out.batch_size = batch;
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_cache_changes_no_bit_of_any_result) {
  auto cached = open_executor();
  auto plain = open_executor();
  plain->set_cache_limit(0);
  const auto data = jets(64, 600);
  std::mt19937 random(1);
  int trials = 0;
  for (const Graph& base : {jsc_tiny(8), jsc_toy(8), jsc_s(8)}) {
    for (const std::int64_t batch : {512, 100, 7}) {
      for (int i = 0; i < 25; ++i, ++trials) {
        const Graph trial = random_trial(base, random);
        const auto rows = rows_of(i % 2 == 0 ? 512 : 0, batch);
        const auto expected = plain->evaluate(trial, *data, rows);
        BOOST_TEST(equal(cached->evaluate(trial, *data, rows), expected));
        BOOST_TEST(equal(cached->evaluate(trial, *data, rows), expected));
        const Tensor a = cached->outputs(trial, *data, rows);
        const Tensor b = plain->outputs(trial, *data, rows);
        BOOST_TEST(std::memcmp(a.bytes().data(), b.bytes().data(), a.bytes().size()) == 0);
      }
    }
  }
  BOOST_TEST_MESSAGE(trials << " trials evaluated with and without the cache");
}

// What an observer is shown, bit by bit.
std::vector<std::string> observed(lathe::Executor& executor, const Graph& graph,
                                  const lathe::Dataset& data, const lathe::Rows& rows,
                                  const std::vector<NodeId>& nodes) {
  std::vector<std::string> seen;
  executor.observe(graph, data, rows, nodes, [&](const lathe::Observation& shown) {
    const auto bytes = shown.tensor.bytes();
    seen.push_back(graph.node(shown.node).name + "/" + shown.operand.name + "/" +
                   std::to_string(shown.first_row) + "/" +
                   std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  });
  return seen;
}

BOOST_AUTO_TEST_CASE(trials_observe_the_same_whatever_earlier_ones_left) {
  auto cached = open_executor(), plain = open_executor();
  plain->set_cache_limit(0);
  const auto data = jets(64, 600);
  lathe::RunContext run;
  run.in_trial = true;
  const lathe::RunOfThread working(&run);
  std::mt19937 random(2);
  const Graph base = jsc_toy(8);
  for (int i = 0; i < 12; ++i) {
    const Graph graph = i % 3 == 0 ? random_trial(base, random) : base;
    std::vector<NodeId> nodes = nodes_of(graph, "linear");
    if (i % 2 == 0) nodes.pop_back();
    const auto rows = rows_of(512, i < 6 ? 100 : 512);
    if (i % 4 == 0) cached->evaluate(graph, *data, rows);
    const auto expected = observed(*plain, graph, *data, rows, nodes);
    BOOST_TEST(expected.size() > 1u);
    BOOST_TEST((observed(*cached, graph, *data, rows, nodes) == expected));
  }
  const lathe::Value cache = *cached->environment().find("cache");
  BOOST_TEST(cache.find("hits")->as_int() > 0);
}

BOOST_AUTO_TEST_CASE(a_cache_that_is_too_small_for_its_contents_stays_correct) {
  auto cached = open_executor();
  auto plain = open_executor();
  cached->set_cache_limit(std::uint64_t{1} << 20);
  plain->set_cache_limit(0);
  const auto data = jets(64, 600);
  const Graph base = jsc_toy(8);
  std::mt19937 random(2);
  for (int i = 0; i < 100; ++i) {
    const Graph trial = random_trial(base, random);
    BOOST_TEST(equal(cached->evaluate(trial, *data, rows_of(0, 128)),
                     plain->evaluate(trial, *data, rows_of(0, 128))));
  }
}

BOOST_AUTO_TEST_CASE(batches_of_any_size_give_each_row_the_same_logits) {
  auto engine = open_executor();
  const auto data = jets(64, 203);
  const Graph graph = jsc_toy(8);
  const Tensor whole = engine->outputs(graph, *data, rows_of(0, 203));
  BOOST_REQUIRE_EQUAL(whole.shape().text(), "[203, 5]");
  for (const std::int64_t batch : {1, 2, 7, 100, 202, 1000}) {
    const Tensor parts = engine->outputs(graph, *data, rows_of(0, batch));
    const auto expected = whole.values<float>();
    check_close(parts.values<float>(), {expected.begin(), expected.end()}, 1e-5, 1e-6,
                fmt::format("batch {}", batch));
  }
}

// MASE takes the mean of the batches' means.
BOOST_AUTO_TEST_CASE(the_loss_is_the_mean_over_rows_whatever_is_run_at_once) {
  auto engine = open_executor();
  const auto data = jets(64, 203);
  const Graph graph = jsc_toy(8);
  const Tensor outputs = engine->outputs(graph, *data, rows_of(0, 203));
  const auto logits = outputs.values<float>();
  const auto labels = data->all(Split::validation).fields[1].values<std::int64_t>();
  // The definition, in double.
  double sum = 0;
  for (std::size_t r = 0; r < 203; ++r) {
    double total = 0;
    for (std::size_t c = 0; c < 5; ++c) total += std::exp(static_cast<double>(logits[r * 5 + c]));
    const auto label = r * 5 + static_cast<std::size_t>(labels[r]);
    sum += std::log(total) - static_cast<double>(logits[label]);
  }
  const double whole = engine->evaluate(graph, *data, rows_of(0, 203)).number("loss");
  BOOST_TEST(whole == sum / 203, boost::test_tools::tolerance(1e-6));
  for (const std::int64_t batch : {1, 16, 64, 100, 128, 129, 202, 500})
    BOOST_TEST(same_bits(engine->evaluate(graph, *data, rows_of(0, batch)).number("loss"), whole),
               "batches of " << batch);
}

// A library may sum in another order for another number of rows; its networks are run by portions
// that do not depend on the batches. A cache would only hide that.
BOOST_AUTO_TEST_CASE(batches_of_64_rows_or_more_change_no_bit_of_the_engines_results) {
  auto engine = open_engine();
  engine->set_cache_limit(0);
  engine->set_threads(2);
  Writer w(3);
  w.input({16});
  w.linear("0", 16, 6000);
  w.relu("1", false);
  w.linear("2", 6000, 5);
  const auto data = jets(64, 777);
  const Graph wide = w.finish(8);
  const Graph coarse = quantized(wide, nodes_of(wide, "linear"),
                                 json{{"data_in_width", 8},
                                      {"data_in_frac_width", 4},
                                      {"weight_width", 8},
                                      {"weight_frac_width", 6},
                                      {"bias_width", 8},
                                      {"bias_frac_width", 6}});
  for (const Graph& graph : {wide, coarse, jsc_toy(8)}) {
    const Tensor logits = engine->outputs(graph, *data, rows_of(0, 64));
    const double loss = engine->evaluate(graph, *data, rows_of(0, 64)).number("loss");
    for (const std::int64_t batch : {128, 129, 500, 777}) {
      const Tensor found = engine->outputs(graph, *data, rows_of(0, batch));
      BOOST_TEST(
          std::memcmp(found.bytes().data(), logits.bytes().data(), logits.bytes().size()) == 0,
          "batches of " << batch);
      BOOST_TEST(same_bits(engine->evaluate(graph, *data, rows_of(0, batch)).number("loss"), loss));
    }
    BOOST_TEST(engine->evaluate(graph, *data, rows_of(0, 7)).number("loss") == loss,
               boost::test_tools::tolerance(1e-6));
  }
}

BOOST_AUTO_TEST_CASE(the_first_rows_of_a_split_are_evaluated_and_counted) {
  auto engine = open_executor();
  const auto data = jets(64, 203);
  BOOST_TEST(engine->evaluate(jsc_tiny(8), *data, rows_of(100, 16)).number("samples") == 100);
  BOOST_TEST(engine->evaluate(jsc_tiny(8), *data, rows_of(5000, 16)).number("samples") == 203);
  BOOST_TEST(engine->evaluate(jsc_tiny(8), *data, rows_of(0, 16)).number("samples") == 203);
}

BOOST_AUTO_TEST_CASE(several_threads_evaluate_at_the_same_time) {
  auto engine = open_executor();
  auto plain = open_executor();
  plain->set_cache_limit(0);
  const auto data = jets(64, 512);
  const Graph base = jsc_toy(8);
  std::mt19937 random(3);
  std::vector<Graph> trials;
  std::vector<lathe::Evaluation> expected;
  for (int i = 0; i < 40; ++i) {
    trials.push_back(random_trial(base, random));
    expected.push_back(plain->evaluate(trials.back(), *data, rows_of(512, 128)));
  }
  std::atomic<int> wrong{0};
  std::vector<std::thread> workers;
  for (std::size_t worker = 0; worker < 4; ++worker) {
    workers.emplace_back([&, worker] {
      engine->set_threads(1);
      for (std::size_t i = 0; i < 200; ++i) {
        const std::size_t trial = (i * 7 + worker * 11) % trials.size();
        const auto found = engine->evaluate(trials[trial], *data, rows_of(512, 128));
        if (!equal(found, expected[trial])) ++wrong;
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  BOOST_TEST(wrong == 0);
}

BOOST_AUTO_TEST_CASE(two_data_sets_of_one_name_are_told_apart) {
  auto engine = open_executor();
  const auto one =
      lathe::dataset_of("same", learnable(64, 16, 5, 1), learnable(64, 16, 5, 2), {}, 5);
  const auto other =
      lathe::dataset_of("same", learnable(64, 16, 5, 1), learnable(64, 16, 5, 9), {}, 5);
  const Graph graph = jsc_toy(8);
  BOOST_TEST(engine->evaluate(graph, *one, rows_of(0, 64)).number("loss") !=
             engine->evaluate(graph, *other, rows_of(0, 64)).number("loss"));
}

BOOST_AUTO_TEST_CASE(observers_see_every_input_and_output_batch_by_batch) {
  auto engine = open_executor();
  const auto data = jets(64, 50);
  const Graph graph = jsc_tiny(8);
  const NodeId linear = graph.find("seq_blocks_2"), last = graph.find("seq_blocks_3");
  std::vector<std::string> seen;
  std::int64_t rows = 0;
  std::vector<float> outputs;
  std::vector<std::vector<std::int64_t>> places;
  engine->observe(graph, *data, rows_of(40, 16), {last, linear}, [&](const lathe::Observation& o) {
    seen.push_back(graph.node(o.node).name + " " + o.operand.name + " " + o.tensor.shape().text());
    BOOST_TEST(o.operand.shape == o.tensor.shape());
    if (o.node == last && o.operand.name == "data_out_0") {
      places.push_back({static_cast<std::int64_t>(o.batch), static_cast<std::int64_t>(o.first_row),
                        static_cast<std::int64_t>(o.rows)});
      rows += o.tensor.shape()[0];
      const auto values = o.tensor.values<float>();
      outputs.insert(outputs.end(), values.begin(), values.end());
    }
  });
  const std::vector<std::string> first_batch(seen.begin(), seen.begin() + 4);
  const std::vector<std::string> expected{
      "seq_blocks_2 data_in_0 [16, 16]", "seq_blocks_2 data_out_0 [16, 5]",
      "seq_blocks_3 data_in_0 [16, 5]", "seq_blocks_3 data_out_0 [16, 5]"};
  BOOST_TEST(first_batch == expected, boost::test_tools::per_element());
  BOOST_TEST(seen.size() == 12U);
  BOOST_TEST(rows == 40);
  BOOST_TEST(
      (places == std::vector<std::vector<std::int64_t>>{{0, 0, 16}, {1, 16, 16}, {2, 32, 8}}));
  const Tensor logits = engine->outputs(graph, *data, rows_of(40, 16));
  check_close(logits.values<float>(), outputs, 0, 0, "observed output");
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_refused_by_name) {
  auto engine = open_executor();
  const auto data = jets(64, 64);
  const std::string shape =
      message_of([&] { engine->evaluate(toy_tiny(4), *data, rows_of(0, 16)); });
  BOOST_TEST(contains(shape, "[1, 2, 2]"), shape);
  BOOST_TEST(contains(shape, "[16]"), shape);
  const std::string batch =
      message_of([&] { engine->evaluate(jsc_tiny(8), *data, rows_of(0, 0)); });
  BOOST_TEST(contains(batch, "batch size is 0"), batch);
  const auto empty =
      lathe::dataset_of("hollow", learnable(8, 16, 5, 1), learnable(0, 16, 5, 1), {}, 5);
  const std::string none =
      message_of([&] { engine->evaluate(jsc_tiny(8), *empty, rows_of(0, 8)); });
  BOOST_TEST(contains(none, "validation"), none);
  BOOST_TEST(contains(none, "hollow"), none);
  const auto labels =
      lathe::dataset_of("odd", learnable(8, 16, 5, 1), learnable(8, 16, 6, 1), {}, 6);
  const std::string label =
      message_of([&] { engine->evaluate(jsc_tiny(8), *labels, rows_of(0, 8)); });
  BOOST_TEST(contains(label, "row 5"), label);
  BOOST_TEST(contains(label, "label 5"), label);
  const std::string inputs = message_of([&] { engine->run(jsc_tiny(8), {}); });
  BOOST_TEST(contains(inputs, "1 inputs, 0 tensors"), inputs);
}

BOOST_AUTO_TEST_CASE(the_environment_says_what_ran) {
  auto engine = open_executor();
  engine->set_threads(1);
  const auto data = jets(64, 64);
  engine->evaluate(jsc_tiny(8), *data, rows_of(0, 16));
  const Value light = engine->environment();
  BOOST_TEST(light.find("backends")->text() == Value(Value::List{"dense"}).text());
  BOOST_TEST(light.find("libtorch") == nullptr);
  BOOST_TEST(!light.find("cpu_capability")->as_string().empty());
  BOOST_TEST(light.find("threads")->as_int() == 1);
  engine->run(toy_convnet(1), {floats(Shape{1, 3, 32, 32}, std::vector<float>(3 * 1024, 0.5F))});
  const Value heavy = engine->environment();
  BOOST_TEST(heavy.find("backends")->text() == Value(Value::List{"dense", "engine"}).text());
  BOOST_TEST(!heavy.find("libtorch")->as_string().empty());
}
