// What the evaluate pass asks of the engine, and what it publishes; the engine is a stand-in.
#include "tests/plugins/stand_in.hpp"

#include <boost/test/unit_test.hpp>

namespace {

using namespace lathe_test;

// Runs the pass; `asked` is what the engine was asked for.
lathe::PassReport evaluated(const json& options, lathe::Rows& asked) {
  static StandIn engine;
  static const NoData data;
  Workbench bench(128);
  bench.context.executor = []() -> lathe::Executor& { return engine; };
  bench.context.dataset = []() -> const lathe::Dataset& { return data; };
  lathe::Graph graph = bench.model("jsc-tiny");
  lathe::PassReport report = bench.run("evaluate", graph, options);
  asked = engine.rows;
  return report;
}

}  // namespace

BOOST_AUTO_TEST_CASE(evaluation_scores_the_validation_split_unless_told_otherwise) {
  lathe::Rows asked;
  const lathe::PassReport report = evaluated(json::object(), asked);
  BOOST_TEST((asked.split == lathe::Split::validation));
  BOOST_TEST(asked.samples == 0);
  BOOST_TEST(asked.batch_size == 128);
  BOOST_TEST(scalar(report, "loss") == 0.5);
  BOOST_TEST(scalar(report, "accuracy") == 0.75);
  BOOST_TEST(scalar(report, "accuracy_macro") == 0.625);
  BOOST_TEST(scalar(report, "samples") == 96);
}

BOOST_AUTO_TEST_CASE(evaluation_of_numbers_publishes_their_errors) {
  StandIn engine;
  engine.answer = {lathe::Loss::mse, std::vector<std::vector<double>>{{0.5}, {0.25}, {0.75}, {8}}};
  const NoData data;
  Workbench bench(128);
  bench.context.executor = [&]() -> lathe::Executor& { return engine; };
  bench.context.dataset = [&]() -> const lathe::Dataset& { return data; };
  bench.context.loss = lathe::Loss::mse;
  lathe::Graph graph = bench.model("jsc-tiny");
  const lathe::PassReport report = bench.run("evaluate", graph, json::object());
  BOOST_TEST((engine.rows.loss == lathe::Loss::mse));
  BOOST_TEST(scalar(report, "mae") == 0.25);
  BOOST_TEST(scalar(report, "r2") == 0.75);
  BOOST_TEST(report.scalars.size() == 4U);
  BOOST_TEST(report.tables.empty());
}

BOOST_AUTO_TEST_CASE(evaluation_takes_rows_batches_and_mases_loaders) {
  lathe::Rows asked;
  evaluated({{"split", "test"}, {"num_samples", 512}, {"batch_size", 32}}, asked);
  BOOST_TEST((asked.split == lathe::Split::test));
  BOOST_TEST(asked.samples == 512);
  BOOST_TEST(asked.batch_size == 32);
  // MASE ignores this key [D].
  evaluated({{"data_loader", "train_dataloader"}}, asked);
  BOOST_TEST((asked.split == lathe::Split::train));
  evaluated({{"split", "val_dataloader"}}, asked);
  BOOST_TEST((asked.split == lathe::Split::validation));
}

BOOST_AUTO_TEST_CASE(evaluation_refuses_splits_and_sizes_that_there_are_not) {
  lathe::Rows asked;
  BOOST_CHECK_THROW(evaluated({{"split", "valid"}}, asked), lathe::Error);
  BOOST_CHECK_THROW(evaluated({{"num_samples", -1}}, asked), lathe::Error);
  BOOST_CHECK_THROW(evaluated({{"batch_size", 1LL << 40}}, asked), lathe::Error);
}

BOOST_AUTO_TEST_CASE(evaluation_declares_that_it_executes) {
  BOOST_TEST(built_plugins().find(lathe::Kind::pass, "evaluate").has(LATHE_FLAG_EXECUTES));
}
