// Which losses fit which targets and outputs, and what rows they refuse.
#include "core/run/loss/criterion.hpp"

#include "tests/engine/engine.hpp"
#include "tests/run/fields.hpp"
#include "tests/support/messages.hpp"

#include <cmath>

using namespace lathe_test;
using lathe::Loss;
using lathe::run::Criterion;

namespace {

Graph network(int outputs) {
  Writer w(1);
  w.input({3});
  w.linear("fc", 3, outputs);
  return w.finish(2);
}

// One row per target number; the inputs are of no interest here.
std::shared_ptr<lathe::Dataset> with_target(const Tensor& target, std::int64_t classes = 0,
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

std::string refusal(std::optional<Loss> loss, int outputs, const lathe::Dataset& data) {
  return message_of([&] { Criterion(loss, network(outputs), data); });
}

// Logits of `classes` classes at each of `length` places.
Graph sequences(int length, int classes) {
  Writer w(1);
  w.input({length, 3});
  w.linear("fc", 3, classes);
  return w.finish(2);
}

// Two rows of three tokens.
std::shared_ptr<lathe::Dataset> of_tokens(const std::vector<std::int64_t>& targets,
                                          std::int64_t classes) {
  const Tensor target = Tensor::of<std::int64_t>(DType::int64, Shape{2, 3}, targets);
  const lathe::RowTensors rows{{floats(Shape{2, 3, 3}, std::vector<float>(18)), target}};
  return lathe::dataset_of("set", {input("x", {3, 3}), target_field("y", target, classes)}, rows,
                           rows, {});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(criteria)

BOOST_AUTO_TEST_CASE(of_sequences_each_place_has_its_class) {
  const auto data = of_tokens({0, 4, -100, 2, -100, -100}, 5);
  const Criterion criterion({}, sequences(3, 5), *data);
  BOOST_TEST((criterion.loss() == Loss::cross_entropy));
  const lathe::run::Targets targets = criterion.targets(data->all(Split::train));
  BOOST_TEST(message_of([&] { criterion.check(targets, 2); }) == "");
  const std::vector<float> output(30);
  std::vector<float> gradient(30);
  lathe::Counts counts;
  criterion.count({output.data(), 2, 15, targets, gradient.data()}, counts);
  BOOST_TEST(counts.elements == 3);
  BOOST_TEST(counts.rows == 2);
  BOOST_TEST(counts.loss() == std::log(5.0), boost::test_tools::tolerance(1e-12));
  BOOST_TEST(gradient[0] == (0.2F - 1) / 3);
  BOOST_TEST(criterion.counts_by_class(true).by_class == false);  // a vocabulary is no such list
}

BOOST_AUTO_TEST_CASE(of_sequences_what_does_not_fit_is_named_with_its_place) {
  const auto data = of_tokens({0, 4, -100, 2, 3, -100}, 5);
  const std::string other = message_of([&] { Criterion({}, sequences(4, 5), *data); });
  BOOST_TEST(contains(other, "int64 [3] of 5 classes a row"), other);
  BOOST_TEST(contains(other, "output is [4, 5] a row"), other);
  const Criterion small({}, sequences(3, 4), *data);
  const std::string label =
      message_of([&] { small.check(small.targets(data->all(Split::train)), 2); });
  BOOST_TEST(contains(label, "row 0 of data set 'set' has label 4 at position 1"), label);
  BOOST_TEST(contains(label, "4 outputs (0 to 3)"), label);
}

BOOST_AUTO_TEST_CASE(a_batch_in_which_no_target_counts_has_no_mean) {
  const auto data = of_tokens({-100, -100, -100, 2, 3, -100}, 5);
  const Criterion criterion({}, sequences(3, 5), *data);
  const std::vector<float> output(15);
  std::vector<float> gradient(15);
  lathe::Counts counts;
  const std::string text = message_of([&] {
    criterion.count(
        {output.data(), 1, 15, criterion.targets(data->all(Split::train)), gradient.data()},
        counts);
  });
  BOOST_TEST(contains(text, "no target 'y' of a batch of 1 rows of data set 'set'"), text);
  BOOST_TEST(contains(text, "larger batch size"), text);
  criterion.count({output.data(), 1, 15, criterion.targets(data->all(Split::train))}, counts);
  const std::string none = message_of([&] { criterion.check_weight(counts, "the 1 rows"); });
  BOOST_TEST(contains(none, "no target 'y' of the 1 rows of data set 'set' counts"), none);
}

BOOST_AUTO_TEST_CASE(what_fits_is_taken) {
  const auto labels = with_target(integers({0, 1}), 2);
  const auto numbers = with_target(floats(Shape{2}, {0.5F, 1}));
  const auto columns = with_target(floats(Shape{2, 3}, {0, 1, 0, 1, 0, 1}));
  BOOST_TEST(refusal({}, 2, *labels) == "");
  BOOST_TEST(refusal({}, 7, *labels) == "");                     // more outputs than classes
  BOOST_TEST(refusal(Loss::bce_with_logits, 1, *labels) == "");  // two classes, one logit
  BOOST_TEST(refusal({}, 1, *numbers) == "");                    // [rows] and [rows, 1]
  BOOST_TEST(refusal({}, 3, *columns) == "");
  BOOST_TEST(refusal(Loss::bce_with_logits, 3, *columns) == "");
  BOOST_TEST((Criterion({}, network(3), *columns).loss() == Loss::mse));
  BOOST_TEST(Criterion({}, network(3), *columns).elements() == 3);
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_named_with_both_shapes) {
  const auto labels = with_target(integers({0, 1}), 2);
  const auto numbers = with_target(floats(Shape{2, 3}, {0, 1, 0, 1, 0, 1}));
  const struct {
    std::optional<Loss> loss;
    int outputs;
    const lathe::Dataset& data;
    std::vector<std::string> says;
  } rows[] = {
      {Loss::mse, 1, *labels, {"the loss mse", "'y' of data set 'set' is int64 []", "[1] a row"}},
      {Loss::bce_with_logits, 2, *labels, {"the loss bce_with_logits", "of 2 classes", "[2]"}},
      {Loss::cross_entropy, 3, *numbers, {"the loss cross_entropy", "float32 [3] a row"}},
      {{}, 2, *numbers, {"the loss mse", "float32 [3] a row", "output is [2] a row"}},
  };
  for (const auto& row : rows) {
    const std::string text = refusal(row.loss, row.outputs, row.data);
    for (const std::string& part : row.says) BOOST_TEST(contains(text, part), text);
  }
  try {
    Criterion(Loss::mse, network(1), *labels);
    BOOST_ERROR("it was taken");
  } catch (const lathe::Error& error) {
    BOOST_TEST(error.exit_code() == 2);
  }
}

BOOST_AUTO_TEST_CASE(rows_that_a_loss_is_not_defined_for_are_named) {
  const auto labels = with_target(integers({0, 1, 4}), 5);
  const Criterion classes({}, network(3), *labels);
  const std::string label =
      message_of([&] { classes.check(classes.targets(labels->all(Split::train)), 3); });
  BOOST_TEST(contains(label, "row 2 of data set 'set' has label 4"), label);
  BOOST_TEST(contains(label, "3 outputs (0 to 2)"), label);

  const auto numbers = with_target(floats(Shape{3}, {0, 1.5F, 1}));
  const Criterion truths(Loss::bce_with_logits, network(1), *numbers);
  const lathe::RowTensors& rows = numbers->all(Split::train);
  const std::string truth = message_of([&] { truths.check(truths.targets(rows), 3); });
  BOOST_TEST(contains(truth, "row 1 of data set 'set' has 1.5 in 'y'"), truth);
  BOOST_TEST(message_of([&] { truths.check(truths.targets(rows, 2), 1); }) == "");
}

BOOST_AUTO_TEST_CASE(rows_without_weight_count_nothing_and_have_no_gradient_of_their_own) {
  const auto data = with_target(floats(Shape{4}, {0, 1, 2, 3}), 0, floats(Shape{4}, {0, 0, 1, 3}));
  const Criterion criterion({}, network(1), *data);
  const std::vector<float> output{1, 1, 1, 1};
  std::vector<float> gradient(4);
  const auto count = [&](std::int64_t first, std::int64_t rows, float* slopes,
                         lathe::Counts& counts) {
    criterion.count(
        {output.data(), rows, 1, criterion.targets(data->all(Split::train), first), slopes},
        counts);
  };
  lathe::Counts all, halves, last;
  count(0, 4, gradient.data(), all);
  count(0, 2, nullptr, halves);
  const std::string none = message_of([&] { criterion.check_weight(halves, "the 2 rows"); });
  BOOST_TEST(contains(none, "the weights 'w' of the 2 rows of data set 'set' are all 0"), none);
  count(2, 2, nullptr, halves);
  count(2, 2, gradient.data(), last);
  // (1 * 1 + 3 * 4) / (1 + 3)
  for (const lathe::Counts& counts : {all, halves, last}) BOOST_TEST(counts.loss() == 13.0 / 4);
  BOOST_TEST(halves.rows == 4);
  BOOST_TEST(halves.weight == 4.0);
  BOOST_TEST(message_of([&] { criterion.check_weight(halves, "the 4 rows"); }) == "");
  const std::string text = message_of([&] { count(0, 2, gradient.data(), all); });
  BOOST_TEST(contains(text, "'w'"), text);
  BOOST_TEST(contains(text, "all 0"), text);
  BOOST_TEST(contains(text, "larger batch size"), text);
}

BOOST_AUTO_TEST_SUITE_END()
