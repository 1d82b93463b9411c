// Batch norms that take the batch's statistics: refused where one value per channel is none.
#include "core/checkpoint/load.hpp"
#include "tests/engine/engine.hpp"
#include "tests/support/messages.hpp"

using namespace lathe_test;

namespace {

const std::atomic<bool> never{false};

Graph net(bool tracked, Value::List sample = {16}) {
  Writer w;
  const bool flat = sample.size() == 1;
  w.input(std::move(sample));
  w.module("bn", "batch_norm1d", {{"num_features", 16}, {"track_running_stats", tracked}});
  if (!flat) w.module("flat", "flatten", {{"start_dim", 1}, {"end_dim", -1}});
  w.linear("fc", flat ? 16 : 48, 5);
  const Graph graph = w.finish(8);
  return graph.with_parameters(lathe::parameters_of(graph));
}

lathe::Rows in_batches(std::int64_t size, std::uint64_t samples = 0) {
  lathe::Rows rows;
  rows.batch_size = size;
  rows.samples = samples;
  return rows;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(batch_statistics)

BOOST_AUTO_TEST_CASE(one_row_is_refused_in_evaluation_before_any_row_is_run) {
  const auto data = jets(64, 41);
  for (const auto& executor : {open_executor(), open_engine()}) {
    for (const auto& rows : {in_batches(40), in_batches(1), in_batches(8)}) {
      const std::string text = message_of([&] { executor->evaluate(net(false), *data, rows); });
      BOOST_TEST(contains(text, "node 'bn' (batch_norm1d, without running statistics)"), text);
      BOOST_TEST(contains(text, "more than 1 value per channel"), text);
      BOOST_TEST(contains(text, "choose another batch size"), text);
      BOOST_TEST(message_of([&] { executor->outputs(net(false), *data, rows); }) == text);
      BOOST_TEST(message_of([&] { executor->observe(net(false), *data, rows, {}, {}); }) == text);
      BOOST_TEST(contains(message_of([&] { executor->gradients(net(false), *data, rows, {}); }),
                          "more than 1 value per channel"));
    }
    const std::string one =
        message_of([&] { executor->evaluate(net(false), *data, in_batches(40, 1)); });
    BOOST_TEST(contains(one, "one row of the validation split is run, and node 'bn'"), one);
    BOOST_TEST(contains(one, "take more rows"), one);
    BOOST_TEST(executor->evaluate(net(false), *data, in_batches(41)).number("samples") == 41);
    BOOST_TEST(executor->evaluate(net(false), *data, in_batches(20, 40)).number("samples") == 40);
    // Running statistics need no batch.
    BOOST_TEST(executor->evaluate(net(true), *data, in_batches(1)).number("samples") == 41);
  }
}

BOOST_AUTO_TEST_CASE(a_single_batch_of_one_row_is_refused_by_the_node_itself) {
  const std::string text = message_of([&] {
    open_engine()->run(net(false).with_batch(1),
                       {floats(Shape{1, 16}, std::vector<float>(16, 1.0F))});
  });
  BOOST_TEST(contains(text, "'bn'"), text);
  BOOST_TEST(contains(text, "more than 1 value per channel"), text);
}

BOOST_AUTO_TEST_CASE(one_row_with_several_values_per_channel_can_be_normalised) {
  const lathe::RowTensors rows{
      {floats(Shape{3, 16, 3}, std::vector<float>(144, 0.5F)), integers({0, 1, 2})}};
  const auto data = lathe::dataset_of("wide", rows, rows, rows, 5);
  const Graph graph = net(false, {16, 3});
  BOOST_TEST(open_executor()->evaluate(graph, *data, in_batches(1)).number("samples") == 3);
}

BOOST_AUTO_TEST_CASE(a_training_says_before_its_first_epoch_that_it_cannot_validate) {
  lathe::TrainingOptions options;
  options.max_epochs = 1;
  options.batch_size = 8;
  const std::string text =
      message_of([&] { open_executor()->train(net(false), *jets(64, 41), options, {}, never); });
  BOOST_TEST(contains(text, "the 41 in the validation split"), text);
  BOOST_TEST(contains(text, "'bn'"), text);
}

BOOST_AUTO_TEST_SUITE_END()
