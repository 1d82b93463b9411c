// What rows are counted into by class and by label, and what their statistics are, by hand and
// against a second count.
#include "core/run/loss/criterion.hpp"

#include "tests/engine/engine.hpp"
#include "tests/run/fields.hpp"

#include <random>

using namespace lathe_test;
using lathe::Evaluation;
using lathe::Loss;
using lathe::run::Criterion;

namespace {

const float kNaN = std::numeric_limits<float>::quiet_NaN();

Graph network(int outputs) {
  Writer w(1);
  w.input({3});
  w.linear("fc", 3, outputs);
  return w.finish(2);
}

std::shared_ptr<lathe::Dataset> with_target(const Tensor& target, std::int64_t classes,
                                            const Tensor& weight = {}) {
  const std::int64_t rows = target.shape()[0];
  std::vector<lathe::Field> fields{input("x", {3}), target_field("y", target, classes)};
  lathe::RowTensors split{
      {floats(Shape{rows, 3}, std::vector<float>(static_cast<std::size_t>(3 * rows))), target}};
  if (weight.defined()) {
    fields.push_back(weight_field("w"));
    split.fields.push_back(weight);
  }
  return lathe::dataset_of("set", fields, split, split, {});
}

// In two batches.
Evaluation evaluated(std::optional<Loss> loss, const lathe::Dataset& data, int outputs,
                     const std::vector<float>& logits, bool by_class = true) {
  const Criterion criterion(loss, network(outputs), data);
  lathe::Counts counts = criterion.counts_by_class(by_class);
  const auto rows = static_cast<std::int64_t>(logits.size()) / outputs;
  const auto part = [&](std::int64_t first, std::int64_t end) {
    criterion.count({logits.data() + first * outputs, end - first, outputs,
                     criterion.targets(data.all(Split::validation), first)},
                    counts);
  };
  part(0, rows / 2);
  part(rows / 2, rows);
  return Evaluation(criterion.loss(), counts);
}

std::vector<double> list(const Evaluation& e, std::string_view name) {
  const auto values = e.values(name);
  return {values.begin(), values.end()};
}

void check(const Evaluation& e, std::string_view name, const std::vector<double>& expected) {
  const std::vector<double> found = list(e, name);
  BOOST_REQUIRE_EQUAL(found.size(), expected.size());
  for (std::size_t c = 0; c < expected.size(); ++c) {
    if (std::isnan(expected[c])) {
      BOOST_TEST(std::isnan(found[c]), name << " of " << c);
    } else {
      BOOST_TEST(found[c] == expected[c], boost::test_tools::tolerance(1e-14));
    }
  }
}

const double kNone = std::nan("");

// Predicted 0, 1, 1, none, 0 of four classes; nobody is of class 3.
const std::vector<float> kLogits{5, 1, 0, 0, 1, 5, 0, 0, 1, 5, 0, 0, 0, kNaN, 9, 0, 5, 1, 4, 0};

}  // namespace

BOOST_AUTO_TEST_SUITE(counts_by_class)

BOOST_AUTO_TEST_CASE(classes_are_told_by_precision_recall_and_the_matrix) {
  const auto data = with_target(integers({0, 1, 0, 2, 2}), 4);
  const Evaluation e = evaluated({}, *data, 4, kLogits);
  check(e, "support_per_class", {2, 1, 2, 0});
  check(e, "precision_per_class", {0.5, 0.5, kNone, kNone});
  check(e, "recall_per_class", {0.5, 1, 0, kNone});
  check(e, "f1_per_class", {0.5, 2.0 / 3, 0, kNone});
  // The row with a NaN is in no column.
  check(e, "confusion_matrix", {1, 1, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0});
  BOOST_TEST(e.columns(*lathe::find_statistic("confusion_matrix")) == 4U);
  // Class 3 was neither label nor prediction, class 2 never predicted.
  check(e, "precision_macro", {(0.5 + 0.5 + 0) / 3});
  check(e, "recall_macro", {(0.5 + 1 + 0) / 3});
  check(e, "f1_macro", {(0.5 + 2.0 / 3 + 0) / 3});
  BOOST_TEST(e.number("recall_macro") == e.number("accuracy_macro"));
  check(e, "auc_per_class", {kNone, kNone, kNone, kNone});  // a NaN among the scores
  BOOST_TEST(e.value(*lathe::find_statistic("auc_macro")).is_none());
  const lathe::Value matrix = e.value(*lathe::find_statistic("confusion_matrix"));
  BOOST_TEST(matrix.as_list().at(2).as_list().at(0).as_int() == 1);
}

BOOST_AUTO_TEST_CASE(areas_and_the_matrix_are_there_on_request) {
  const auto data = with_target(integers({0, 1, 0, 2, 2}), 4);
  const Evaluation without = evaluated({}, *data, 4, kLogits, false);
  for (const char* name : {"auc_macro", "auc_per_class", "confusion_matrix"})
    BOOST_TEST(!without.has(name));
  const Evaluation with = evaluated({}, *data, 4, kLogits);
  for (const lathe::Statistic* statistic : without.statistics()) {
    const auto a = without.values(statistic->name), b = with.values(statistic->name);
    BOOST_TEST(std::memcmp(a.data(), b.data(), a.size_bytes()) == 0, statistic->name);
  }
}

BOOST_AUTO_TEST_CASE(one_class_alone_has_no_area) {
  const auto data = with_target(integers({1, 1}), 2);
  const Evaluation e = evaluated({}, *data, 2, {0, 1, 1, 0});
  check(e, "auc_per_class", {kNone, kNone});
  check(e, "precision_per_class", {0, 1});
  check(e, "recall_macro", {0.25});  // class 0 was predicted, and nobody is of it
}

// Weights are of the loss alone.
BOOST_AUTO_TEST_CASE(every_row_counts_the_same_whatever_it_weighs) {
  const Tensor weight = floats(Shape{5}, {0, 1, 2, 3, 10});
  const auto heavy = with_target(integers({0, 1, 0, 2, 2}), 4, weight);
  const auto plain = with_target(integers({0, 1, 0, 2, 2}), 4);
  for (const char* name : {"accuracy", "support_per_class", "confusion_matrix", "f1_macro"})
    BOOST_TEST(list(evaluated({}, *heavy, 4, kLogits), name) ==
                   list(evaluated({}, *plain, 4, kLogits), name),
               boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(labels_are_told_at_threshold_a_half) {
  // Label 0: there 1 1 0 0, found 1 0 1 0. Label 1: there 0 0 0 1, found 0 0 0 0 (0 is not above
  // 0). Label 2: there 1 0 1 0, found 1 0 none none.
  const auto data = with_target(floats(Shape{4, 3}, {1, 0, 1, 1, 0, 0, 0, 0, 1, 0, 1, 0}), 0);
  const Evaluation e =
      evaluated(Loss::bce_with_logits, *data, 3, {2, -3, 1, -1, -2, -1, 1, -2, kNaN, -2, 0, kNaN});
  check(e, "label_counts", {1, 1, 1, 1, 3, 0, 1, 0, 1, 0, 1, 1});
  BOOST_TEST(e.columns(*lathe::find_statistic("label_counts")) == 4U);
  check(e, "support_per_class", {2, 1, 2});
  check(e, "precision_per_class", {0.5, kNone, 1});
  check(e, "recall_per_class", {0.5, 0, 0.5});
  check(e, "auc_per_class", {0.75, 1, kNone});
  check(e, "auc_macro", {0.875});
  check(e, "accuracy", {7.0 / 12});
  BOOST_TEST(!e.has("confusion_matrix"));
  BOOST_TEST(!e.has("accuracy_macro"));
}

BOOST_AUTO_TEST_CASE(random_rows_are_counted_like_by_hand) {
  std::mt19937 random(3);
  for (const int classes : {2, 10, 100}) {
    std::vector<std::int64_t> labels;
    std::vector<float> logits;
    std::vector<double> matrix(static_cast<std::size_t>(classes * classes));
    for (int row = 0; row < 500; ++row) {
      labels.push_back(static_cast<std::int64_t>(random() % static_cast<unsigned>(classes)));
      const auto guess = random() % static_cast<unsigned>(classes);
      for (unsigned c = 0; c < static_cast<unsigned>(classes); ++c)
        logits.push_back(c == guess ? 2.0F : static_cast<float>(random() % 100) / 100);
      matrix[static_cast<std::size_t>(labels.back()) * static_cast<std::size_t>(classes) + guess] +=
          1;
    }
    const auto data = with_target(integers(labels), classes);
    check(evaluated({}, *data, classes, logits), "confusion_matrix", matrix);
  }
}

BOOST_AUTO_TEST_SUITE_END()
