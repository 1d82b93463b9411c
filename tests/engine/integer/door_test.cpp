// Integers as a user gets them: where the instructions are exact, unless they are switched off, and
// either way it is said which layers ran on them, or why none did.
#include "tests/engine/integer/networks.hpp"
#include "tests/engine/integer/runs.hpp"

using namespace lathe_test;

namespace {

Value layers_of(const lathe::Executor& executor) {
  const Value environment = executor.environment();
  const Value* found = environment.find("integer_kernels");
  BOOST_REQUIRE(found != nullptr);
  return *found;
}

Tensor on(const SmallNetwork& network, bool integers) {
  return run_graph(network.graph, {network.x}, {.on_integers = integers}).results.at(0);
}

// The rows of a network's input, as a data set.
std::shared_ptr<lathe::Dataset> rows_of(const SmallNetwork& network) {
  const std::vector<std::int64_t> labels(static_cast<std::size_t>(network.x.shape()[0]), 0);
  const lathe::RowTensors rows{{network.x, integers(labels)}};
  return lathe::dataset_of("rows", rows, rows, {}, 5);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(integer_kernels)

BOOST_AUTO_TEST_CASE(layers_run_on_integers_where_the_instructions_are_exact_and_it_is_said) {
  const bool exact = instructions_are_exact();
  for (const SmallNetwork& network : small_networks(instructions_are_exact())) {
    const auto executor = open_executor();
    const Tensor y = executor->run(network.graph, {network.x}).at(0);
    BOOST_TEST(same_bytes(y, on(network, exact)), network.name);
    const Value said = layers_of(*executor);
    BOOST_TEST(said.find("mode")->as_string() == "auto");
    BOOST_TEST(!said.find("instructions")->as_string().empty());
    if (!exact) {
      BOOST_TEST(said.find("reason")->as_string().find("no exact products") != std::string::npos);
      continue;
    }
    for (const std::string& layer : network.layers) {
      BOOST_TEST(said.find("on_integers")->find(layer) != nullptr, network.name << ", " << layer);
    }
  }
}

BOOST_AUTO_TEST_CASE(switched_off_everything_runs_on_floats_and_nothing_of_it_is_mixed_up) {
  const bool exact = instructions_are_exact();
  for (const SmallNetwork& network : small_networks(instructions_are_exact())) {
    const auto executor = open_executor();
    const auto data = rows_of(network);
    const Tensor integers = on(network, exact), floats = on(network, false);
    for (const bool allowed : {true, false, true, false}) {
      executor->set_integer_kernels(allowed);
      BOOST_TEST(
          same_bytes(executor->run(network.graph, {network.x}).at(0), allowed ? integers : floats));
      // The cache holds what the others made.
      const Tensor found = executor->outputs(network.graph, *data, {});
      const auto fresh = open_executor();
      fresh->set_cache_limit(0);
      fresh->set_integer_kernels(allowed);
      BOOST_TEST(same_bytes(found, fresh->outputs(network.graph, *data, {})), network.name);
    }
    const auto off = open_executor();
    off->set_integer_kernels(false);
    off->run(network.graph, {network.x});
    const Value said = layers_of(*off);
    BOOST_TEST(said.find("mode")->as_string() == "off");
    BOOST_TEST(said.find("on_integers") == nullptr);
    BOOST_TEST(said.find("reason")->as_string().find("switched off") != std::string::npos);
  }
}

// On integers the number of threads and the size of batches are no matter either.
BOOST_AUTO_TEST_CASE(threads_and_batches_change_no_bit_of_an_evaluation) {
  // Beside cases that say something of any processor, in one process.
  if (!instructions_are_exact()) {
    BOOST_TEST_MESSAGE("products of bytes are not exact here");
    return;
  }
  for (const SmallNetwork& network : small_networks(instructions_are_exact())) {
    const auto data = rows_of(network);
    const Tensor expected = on(network, true);
    for (const int threads : {1, 2}) {
      for (const std::int64_t batch : {1, 2, 5, 128}) {
        const auto executor = open_executor();
        executor->set_threads(threads);
        lathe::Rows rows;
        rows.batch_size = batch;
        const Tensor found = executor->outputs(network.graph, *data, rows);
        BOOST_TEST(std::ranges::equal(found.bytes(), expected.bytes()),
                   network.name << ", " << threads << " threads, batches of " << batch);
        executor->set_threads(1);
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
