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

namespace {

// Rows of so many classes in a ring: each class has c + 1 rows, one of them taken for the next.
lathe::Evaluation ring(std::size_t classes) {
  lathe::Counts counts;
  counts.by_class = true;
  counts.confusion.resize(classes * classes);
  counts.correct.resize(classes);
  counts.labelled.resize(classes);
  counts.predicted.resize(classes);
  for (std::size_t c = 0; c < classes; ++c) {
    const auto right = static_cast<std::int64_t>(c);
    counts.labelled[c] = right + 1;
    counts.correct[c] = counts.confusion[c * classes + c] = right;
    counts.confusion[c * classes + (c + 1) % classes] += 1;
    counts.predicted[c] += right;
    counts.predicted[(c + 1) % classes] += 1;
    counts.rows += right + 1;
  }
  counts.weight = static_cast<double>(counts.rows);
  counts.judged = counts.rows;
  return lathe::Evaluation(lathe::Loss::cross_entropy, counts);
}

lathe::PassReport told(const lathe::Evaluation& answer, const std::filesystem::path& folder,
                       const json& options = json::object()) {
  StandIn engine;
  engine.answer = answer;
  const NoData data;
  Workbench bench(128);
  bench.context.executor = [&]() -> lathe::Executor& { return engine; };
  bench.context.dataset = [&]() -> const lathe::Dataset& { return data; };
  bench.context.folder = folder;
  lathe::Graph graph = bench.model("jsc-tiny");
  return bench.run("evaluate", graph, options);
}

}  // namespace

BOOST_AUTO_TEST_CASE(evaluation_of_classes_has_a_table_of_them_and_the_matrix) {
  const lathe::PassReport report = told(ring(5), {});
  const lathe::ReportTable& classes = table(report, "classes");
  BOOST_TEST(classes.columns ==
                 (std::vector<std::string>{"class", "support", "precision", "recall", "f1", "auc"}),
             boost::test_tools::per_element());
  BOOST_TEST(cell(classes, "3", "support").as_int() == 4);
  BOOST_TEST(cell(classes, "3", "precision").as_float() == 0.75);
  BOOST_TEST(cell(classes, "3", "recall").as_float() == 0.75);
  BOOST_TEST(cell(classes, "3", "auc").is_none());  // of no scores
  const lathe::ReportTable& matrix = table(report, "confusion_matrix");
  BOOST_TEST(matrix.columns.size() == 6U);
  BOOST_TEST(cell(matrix, "3", "3").as_int() == 3);
  BOOST_TEST(cell(matrix, "3", "4").as_int() == 1);
  BOOST_TEST(cell(matrix, "4", "0").as_int() == 1);
  BOOST_TEST(report.files.empty());
}

BOOST_AUTO_TEST_CASE(a_matrix_that_is_wider_than_the_screen_is_in_a_file) {
  const TemporaryFolder folder;
  const lathe::PassReport report = told(ring(100), folder.path());
  BOOST_TEST(report.tables.size() == 1U);
  BOOST_REQUIRE_EQUAL(report.texts.size(), 1U);
  BOOST_TEST(report.texts[0].second ==
             "of 100 classes is wider than the screen; it is in confusion_matrix.csv");
  BOOST_REQUIRE_EQUAL(report.files.size(), 1U);
  const std::string csv = read_text(report.files[0]);
  BOOST_TEST(std::ranges::count(csv, '\n') == 101);
  BOOST_TEST(csv.starts_with("class,0,1,2,3,"));
  BOOST_TEST(csv.find("\n99,1,0,0,") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(evaluation_asks_for_the_details_outside_trials) {
  StandIn engine;
  const NoData data;
  Workbench bench(128);
  bench.context.executor = [&]() -> lathe::Executor& { return engine; };
  bench.context.dataset = [&]() -> const lathe::Dataset& { return data; };
  lathe::Graph graph = bench.model("jsc-tiny");
  const struct {
    json options;
    bool in_trial, optimised, expected;
  } rows[] = {
      {json::object(), false, false, true},         {json::object(), true, false, false},
      {json::object(), true, true, true},           {{{"by_class", true}}, true, false, true},
      {{{"by_class", false}}, false, false, false}, {{{"by_class", nullptr}}, false, false, true},
  };
  for (const auto& row : rows) {
    bench.context.in_trial = row.in_trial;
    bench.context.by_class = row.optimised;
    bench.run("evaluate", graph, row.options);
    BOOST_TEST(engine.rows.by_class == row.expected, row.options.dump());
  }
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
