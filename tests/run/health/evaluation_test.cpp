// What an evaluation says of a network whose numbers are wrong, on both backends.
#include "core/checkpoint/load.hpp"
#include "core/host/run.hpp"
#include "core/run/health/not_finite.hpp"
#include "tests/run/fields.hpp"
#include "tests/support/messages.hpp"

#include <limits>

using namespace lathe_test;

namespace {

const float kNaN = std::numeric_limits<float>::quiet_NaN();
const float kInfinity = std::numeric_limits<float>::infinity();
const std::atomic<bool> never{false};

// As if it had been trained.
Graph given(const Graph& graph) { return graph.with_parameters(lathe::parameters_of(graph)); }

Graph linear(float weight) {
  Writer w;
  w.input({16});
  w.linear("fc", 16, 5);
  return given(w.finish(8).with_parameters(
      {{"fc.weight", floats(Shape{5, 16}, std::vector<float>(80, weight))}}));
}

std::vector<std::shared_ptr<lathe::Executor>> executors() {
  return {open_executor(), open_engine()};
}

// What a run, or a trial, hears of it.
std::vector<std::string> troubles_of(lathe::Executor& executor, const Graph& graph,
                                     const lathe::Dataset& data, bool in_trial = false) {
  lathe::RunContext context;
  context.in_trial = in_trial;
  context.troubles = std::make_shared<lathe::Troubles>();
  const lathe::RunOfThread working(&context);
  lathe::Rows rows;
  rows.batch_size = 16;
  executor.evaluate(graph, data, rows);
  return context.troubles->take();
}

std::string trouble_of(lathe::Executor& executor, const Graph& graph, const lathe::Dataset& data) {
  const auto found = troubles_of(executor, graph, data);
  BOOST_REQUIRE_EQUAL(found.size(), 1U);
  return found.front();
}

// The set with one number of one input changed.
std::shared_ptr<lathe::Dataset> alike(std::int64_t rows) {
  std::vector<float> samples(static_cast<std::size_t>(rows * 16), 3.5F);
  const lathe::RowTensors same{
      {floats(Shape{rows, 16}, samples), learnable(rows, 16, 5, 1).fields[1]}};
  return lathe::dataset_of("alike", same, same, same, 5);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(health_of_evaluations)

BOOST_AUTO_TEST_CASE(a_weight_that_is_nan_is_named_with_the_node_that_reads_it_first) {
  const auto data = jets(64, 40);
  std::vector<float> weight(64, 0.125F);
  weight[0] = kNaN;
  weight[9] = kInfinity;
  const Graph graph =
      given(jsc_toy(8)).with_parameters({{"seq_blocks.5.weight", floats(Shape{8, 8}, weight)}});
  for (const auto& executor : executors()) {
    const std::string text = trouble_of(*executor, graph, *data);
    BOOST_TEST(contains(text, "not finite for 40 of 40 rows of the validation split"), text);
    BOOST_TEST(contains(text, "'seq_blocks_5' (linear)"), text);
    BOOST_TEST(contains(text, "its 'seq_blocks.5.weight' has 1 NaN and 1 infinite of 64 values"),
               text);
    BOOST_TEST(contains(text, "predicts nothing and is never right"), text);
    lathe::Rows rows;
    BOOST_TEST(executor->evaluate(graph, *data, rows).number("accuracy") == 0.0);
    // The second time out of the cache.
    BOOST_TEST(trouble_of(*executor, graph, *data) == text);
  }
}

BOOST_AUTO_TEST_CASE(a_running_statistic_is_named_as_a_weight_is) {
  const auto data = jets(64, 40);
  const Graph graph = given(jsc_tiny(8))
                          .with_parameters({{"seq_blocks.0.running_var",
                                             floats(Shape{16}, std::vector<float>(16, -1.0F))}});
  for (const auto& executor : executors()) {
    // The root of a negative number: the parameters are finite, the node makes NaN of them.
    const std::string text = trouble_of(*executor, graph, *data);
    BOOST_TEST(contains(text, "'seq_blocks_0' (batch_norm1d)"), text);
    BOOST_TEST(contains(text, "it arises there"), text);
  }
}

BOOST_AUTO_TEST_CASE(numbers_that_overflow_are_told_from_numbers_that_were_brought) {
  const auto data = jets(64, 40);
  for (const auto& executor : executors()) {
    const std::string text = trouble_of(*executor, linear(3e38F), *data);
    BOOST_TEST(contains(text, "'fc' (linear)"), text);
    BOOST_TEST(contains(text, "what it reads is finite"), text);
    BOOST_TEST(contains(text, "it arises there"), text);
  }
}

BOOST_AUTO_TEST_CASE(a_row_that_is_not_finite_is_named_with_its_split) {
  std::vector<float> samples(4 * 16, 1.0F);
  samples[2 * 16 + 5] = kNaN;
  const std::vector<Tensor> inputs{floats(Shape{4, 16}, samples)};
  const std::vector<std::uint64_t> shuffled{7, 3, 30, 2};
  lathe::run::Cache cache;
  for (const auto& backend :
       {lathe::dense::open_dense(registry(), cache), engine_backend(registry(), cache)}) {
    const auto found = [&](const lathe::run::BatchOrigin& origin) {
      return lathe::run::first_not_finite(*backend, linear(0.5F), {inputs, 0, 4, 4, 0}, origin);
    };
    const auto counted = found({"jets", Split::test, 100, {}});
    BOOST_TEST(contains(counted.text, "row 102 of the test split of 'jets'"), counted.text);
    BOOST_TEST(contains(counted.text, "1 NaN of 64 values"), counted.text);
    BOOST_TEST(!counted.overflows);
    const auto listed = found({"jets", Split::train, 0, shuffled});
    BOOST_TEST(contains(listed.text, "row 30 of the train split of 'jets'"), listed.text);
    // The rows before it are as they should be.
    const std::vector<Tensor> good{inputs};
    const auto none = lathe::run::first_not_finite(*backend, linear(0.5F), {good, 0, 2, 2, 0},
                                                   {"jets", Split::test, 100, {}});
    BOOST_TEST(none.text.empty(), none.text);
  }
}

BOOST_AUTO_TEST_CASE(an_output_that_is_the_same_for_every_row_is_told_unless_the_rows_are_alike) {
  for (const auto& executor : executors()) {
    const std::string text = trouble_of(*executor, linear(0.0F), *jets(64, 40));
    BOOST_TEST(contains(text, "the same for all 40 rows of the validation split"), text);
    BOOST_TEST(troubles_of(*executor, linear(0.0F), *alike(40)).empty());
    BOOST_TEST(troubles_of(*executor, linear(0.0F), *jets(64, 1)).empty());
    BOOST_TEST(troubles_of(*executor, given(jsc_toy(8)), *jets(64, 40)).empty());
  }
}

BOOST_AUTO_TEST_CASE(layers_that_nothing_has_trained_are_named_but_not_in_each_trial) {
  const auto data = jets(64, 40);
  const Graph half = jsc_tiny(8).with_parameters(
      {{"seq_blocks.2.weight", floats(Shape{5, 16}, std::vector<float>(80, 0.1F))}});
  for (const auto& executor : executors()) {
    const std::string text = trouble_of(*executor, jsc_tiny(8), *data);
    BOOST_TEST(contains(text, "layers that nothing has trained: 'seq_blocks_0', 'seq_blocks_2'"),
               text);
    // Its bias is still fresh.
    BOOST_TEST(contains(trouble_of(*executor, half, *data), "'seq_blocks_2'"));
    BOOST_TEST(troubles_of(*executor, jsc_tiny(8), *data, true).empty());
    BOOST_TEST(troubles_of(*executor, given(jsc_tiny(8)), *data).empty());
  }
}

BOOST_AUTO_TEST_CASE(what_a_training_evaluates_is_trained) {
  lathe::RunContext context;
  context.troubles = std::make_shared<lathe::Troubles>();
  const lathe::RunOfThread working(&context);
  lathe::TrainingOptions options;
  options.max_epochs = 1;
  options.batch_size = 32;
  open_executor()->train(jsc_tiny(8), *jets(64, 40), options, {}, never);
  BOOST_TEST(context.troubles->take().empty());
}

BOOST_AUTO_TEST_SUITE_END()
