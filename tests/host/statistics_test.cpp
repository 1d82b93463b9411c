// The table of statistics: what counts become, which loss has which, and how values are shown.
#include "core/host/epoch_metrics.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <set>

using namespace lathe;

namespace {

// Six rows of four classes; nobody is of the last, and nothing was taken for it.
const Counts kClasses{{2, 1, 0, 0}, {3, 1, 2, 0}, {2, 3, 1, 0}, 3.0, 1.0, 6.0, 6, 3, 6};

// Of targets 1, 2 and 6 that were found to be 2, 2 and 4: mean 3, squared deviations 4 + 1 + 9,
// errors 1, 0 and -2.
Counts numbers() {
  Counts counts;
  counts.loss_sum = 5;
  counts.weight = 3;
  counts.rows = counts.elements = 3;
  counts.absolute_error = 3;
  counts.squared_error = 5;
  counts.target_mean = 3;
  counts.target_deviation = 14;
  return counts;
}

Value shown(const Evaluation& evaluation, std::string_view name) {
  for (const Statistic* statistic : evaluation.statistics()) {
    if (statistic->name == name) return evaluation.value(*statistic);
  }
  return {};
}

std::vector<std::string> names_of(const std::vector<const Statistic*>& rows) {
  std::vector<std::string> names;
  for (const Statistic* row : rows) names.emplace_back(row->name);
  return names;
}

using Names = std::vector<std::string>;

}  // namespace

BOOST_AUTO_TEST_SUITE(statistics_of_evaluations)

BOOST_AUTO_TEST_CASE(counts_become_losses_and_accuracies) {
  const Evaluation evaluation(Loss::cross_entropy, kClasses);
  BOOST_TEST(evaluation.number("loss") == 0.5);
  BOOST_TEST(evaluation.number("accuracy") == 0.5);
  BOOST_TEST(evaluation.number("accuracy_macro") == (2.0 / 3 + 1 + 0) / 3);
  BOOST_TEST(shown(evaluation, "samples").is_int());
  BOOST_TEST(shown(evaluation, "samples").as_int() == 6);
}

BOOST_AUTO_TEST_CASE(the_accuracy_of_each_class_is_its_recall) {
  const Value classes = shown(Evaluation(Loss::cross_entropy, kClasses), "accuracy_per_class");
  BOOST_REQUIRE(classes.is_list());
  BOOST_REQUIRE(classes.as_list().size() == 4U);
  BOOST_TEST(classes.as_list()[0].as_float() == 2.0 / 3);
  BOOST_TEST(classes.as_list()[1].as_float() == 1.0);
  BOOST_TEST(classes.as_list()[2].as_float() == 0.0);
  BOOST_TEST(classes.as_list()[3].is_none());  // no row is of it
}

BOOST_AUTO_TEST_CASE(numbers_have_errors_and_the_share_that_is_explained) {
  const Evaluation evaluation(Loss::mse, numbers());
  BOOST_TEST(evaluation.number("loss") == 5.0 / 3);
  BOOST_TEST(evaluation.number("mae") == 1.0);
  BOOST_TEST(evaluation.number("r2") == 1.0 - 5.0 / 14);
  BOOST_TEST(!evaluation.has("accuracy"));
}

BOOST_AUTO_TEST_CASE(of_a_constant_target_nothing_can_be_explained) {
  Counts counts = numbers();
  counts.target_deviation = 0;
  const Evaluation evaluation(Loss::mse, counts);
  BOOST_TEST(std::isnan(evaluation.number("r2")));
  BOOST_TEST(shown(evaluation, "r2").is_none());
}

BOOST_AUTO_TEST_CASE(each_loss_has_its_statistics) {
  const Names by_class{"precision_macro",   "recall_macro",        "f1_macro",
                       "support_per_class", "precision_per_class", "recall_per_class",
                       "f1_per_class"};
  Names classes{"loss", "accuracy", "accuracy_macro", "samples", "accuracy_per_class"};
  classes.insert(classes.end(), by_class.begin(), by_class.end());
  const Names of_tokens{"nll", "perplexity", "tokens"};
  Names counted = classes;
  counted.insert(counted.end(), of_tokens.begin(), of_tokens.end());
  BOOST_TEST(names_of(statistics_of(Loss::cross_entropy)) == counted,
             boost::test_tools::per_element());
  classes.insert(classes.end(), {"auc_macro", "auc_per_class", "confusion_matrix"});
  classes.insert(classes.end(), of_tokens.begin(), of_tokens.end());
  BOOST_TEST(names_of(statistics_of(Loss::cross_entropy, true)) == classes,
             boost::test_tools::per_element());
  const Names numbers_of_mse{"loss", "mae", "r2", "samples"};
  for (const bool asked : {false, true})
    BOOST_TEST(names_of(statistics_of(Loss::mse, asked)) == numbers_of_mse,
               boost::test_tools::per_element());
  Names labels{"loss", "accuracy", "samples"};
  labels.insert(labels.end(), by_class.begin(), by_class.end());
  BOOST_TEST(names_of(statistics_of(Loss::bce_with_logits)) == labels,
             boost::test_tools::per_element());
  labels.insert(labels.end(), {"auc_macro", "auc_per_class", "label_counts"});
  BOOST_TEST(names_of(statistics_of(Loss::bce_with_logits, true)) == labels,
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(tokens_have_statistics_of_their_own_and_none_by_class) {
  Counts counts;
  counts.loss_sum = 6;
  counts.weight = 4;
  counts.rows = 2;
  counts.right = 3;
  counts.judged = counts.elements = 4;
  const Evaluation tokens(Loss::cross_entropy, counts);
  BOOST_TEST(names_of(tokens.statistics()) ==
                 (Names{"loss", "accuracy", "samples", "nll", "perplexity", "tokens"}),
             boost::test_tools::per_element());
  BOOST_TEST(tokens.number("nll") == 1.5);
  BOOST_TEST(tokens.number("perplexity") == std::exp(1.5));
  BOOST_TEST(tokens.number("accuracy") == 0.75);
  BOOST_TEST(tokens.number("tokens") == 4);
  BOOST_TEST(tokens.number("samples") == 2);
  BOOST_TEST(!Evaluation(Loss::cross_entropy, kClasses).has("perplexity"));
}

BOOST_AUTO_TEST_CASE(an_epoch_has_the_columns_of_its_loss) {
  BOOST_TEST(epoch_columns(Loss::cross_entropy) ==
                 (Names{"train_loss", "train_accuracy", "validation_loss", "validation_accuracy",
                        "learning_rate"}),
             boost::test_tools::per_element());
  BOOST_TEST(
      epoch_columns(Loss::mse) == (Names{"train_loss", "train_mae", "train_r2", "validation_loss",
                                         "validation_mae", "validation_r2", "learning_rate"}),
      boost::test_tools::per_element());
  const Evaluation train(Loss::mse, numbers());
  const EpochMetrics epoch = epoch_metrics(4, train, nullptr, 0.25);
  BOOST_TEST(epoch.epoch == 4);
  BOOST_TEST(epoch.number("train_mae") == 1.0);
  BOOST_TEST(std::isnan(epoch.number("validation_loss")));
  BOOST_TEST(epoch.number("learning_rate") == 0.25);
  BOOST_TEST(!epoch.has("validation_accuracy"));
  const auto of_training = epoch.of(kTrainPrefix);
  BOOST_REQUIRE_EQUAL(of_training.size(), 3U);
  BOOST_TEST(of_training[2].first == "r2");
}

BOOST_AUTO_TEST_CASE(every_statistic_has_a_name_of_its_own_and_a_sentence) {
  std::set<std::string_view> names;
  for (const Statistic& statistic : statistics()) {
    BOOST_TEST(names.insert(statistic.name).second);
    BOOST_TEST(statistic.doc.ends_with('.'));
    BOOST_TEST((find_statistic(statistic.name) == &statistic));
  }
  BOOST_TEST((find_statistic("top5") == nullptr));
}

BOOST_AUTO_TEST_CASE(the_loss_is_the_mean_over_what_rows_weigh) {
  Counts counts;
  BOOST_TEST(std::isnan(counts.loss()));
  counts.loss_sum = 1.5;
  counts.log_product = std::exp(2.5);
  counts.weight = 8;
  BOOST_TEST(counts.loss() == 0.5, boost::test_tools::tolerance(1e-14));
}

// The targets of numbers(), then 0 and 10: five of them, mean 3.8, squared deviations 68.8.
BOOST_AUTO_TEST_CASE(counts_of_more_rows_are_added) {
  Counts more;
  more.loss_sum = 1;
  more.log_product = std::exp(1.0);
  more.weight = 2;
  more.rows = more.elements = 2;
  more.absolute_error = 2;
  more.squared_error = 2;
  more.target_mean = 5;
  more.target_deviation = 50;
  Counts all = numbers();
  all.add(more);
  BOOST_TEST(all.loss() == 7.0 / 5, boost::test_tools::tolerance(1e-14));
  BOOST_TEST(all.rows == 5);
  BOOST_TEST(all.elements == 5);
  BOOST_TEST(all.absolute_error == 5.0);
  BOOST_TEST(all.squared_error == 7.0);
  BOOST_TEST(all.target_mean == 3.8, boost::test_tools::tolerance(1e-15));
  BOOST_TEST(all.target_deviation == 68.8, boost::test_tools::tolerance(1e-14));
  all.add(Counts{});
  BOOST_TEST(all.target_mean == 3.8, boost::test_tools::tolerance(1e-15));

  Counts classes;
  classes.add(kClasses);
  classes.add(kClasses);
  BOOST_TEST(classes.loss() == 0.5);
  BOOST_TEST(classes.right == 6);
  BOOST_TEST(classes.judged == 12);
  BOOST_TEST(classes.correct == (std::vector<std::int64_t>{4, 2, 0, 0}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_evaluation_of_no_rows_has_zeros) {
  BOOST_TEST(Evaluation().number("loss") == 0);
  BOOST_TEST(Evaluation().number("samples") == 0);
}

BOOST_AUTO_TEST_SUITE_END()
