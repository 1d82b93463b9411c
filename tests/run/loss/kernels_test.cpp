// Losses and their gradients against the formulas, in double; numbers without measure, weights.
#include "core/run/loss/kernels.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <functional>
#include <limits>
#include <tuple>

using namespace lathe;
using namespace lathe::run;

namespace {

const float kInfinity = std::numeric_limits<float>::infinity();
const float kNaN = std::numeric_limits<float>::quiet_NaN();

struct Case {
  std::int64_t rows, elements;
  std::vector<float> output;
  std::vector<float> targets;  // or labels
  std::vector<float> weights;  // empty: none
};

using Kernel = void (*)(const LossBatch&, Counts&);

struct Found {
  double loss;
  std::vector<float> gradient;
  Counts counts;
};

Found run_kernel(Kernel kernel, const Case& c, const Targets& targets, double scale = 1.0) {
  Found out{0, std::vector<float>(c.output.size()), {}};
  LossBatch batch{c.output.data(), c.rows, c.elements, targets};
  batch.targets.weights = c.weights.empty() ? nullptr : c.weights.data();
  batch.total_weight = static_cast<double>(c.rows);
  if (!c.weights.empty()) {
    batch.total_weight = 0;
    for (const float w : c.weights) batch.total_weight += static_cast<double>(w);
  }
  batch.gradient = out.gradient.data();
  batch.scale = scale;
  kernel(batch, out.counts);
  out.loss = out.counts.loss();
  return out;
}

Targets of_floats(const Case& c) {
  Targets targets;
  targets.data = reinterpret_cast<const std::byte*>(c.targets.data());
  targets.dtype = DType::float32;
  targets.elements = c.elements;
  return targets;
}

Found of_labels(const Case& c, double scale = 1.0) {
  const std::vector<std::int64_t> labels(c.targets.begin(), c.targets.end());
  Targets targets;
  targets.data = reinterpret_cast<const std::byte*>(labels.data());
  return run_kernel(cross_entropy, c, targets, scale);
}

// The mean of `of` over rows and `per_row` numbers, rows weighed.
double weighed_mean(const Case& c, std::int64_t per_row,
                    const std::function<double(std::int64_t row, std::int64_t k)>& of) {
  double sum = 0, total = 0;
  for (std::int64_t r = 0; r < c.rows; ++r) {
    const double w =
        c.weights.empty() ? 1.0 : static_cast<double>(c.weights[static_cast<std::size_t>(r)]);
    total += w * static_cast<double>(per_row);
    for (std::int64_t k = 0; k < per_row; ++k) sum += w * of(r, k);
  }
  return sum / total;
}

double at(const std::vector<float>& list, std::int64_t i) {
  return static_cast<double>(list[static_cast<std::size_t>(i)]);
}

// Central differences of the formula, in double.
void check_gradient(const Case& c, const std::vector<float>& found,
                    const std::function<double(const Case&, const std::vector<double>&)>& loss) {
  std::vector<double> x(c.output.begin(), c.output.end());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double kept = x[i], h = 1e-5;
    x[i] = kept + h;
    const double above = loss(c, x);
    x[i] = kept - h;
    const double below = loss(c, x);
    x[i] = kept;
    BOOST_TEST(std::abs(static_cast<double>(found[i]) - (above - below) / (2 * h)) < 1e-6,
               "element " << i << ": " << found[i]);
  }
}

double cross_entropy_of(const Case& c, const std::vector<double>& x) {
  return weighed_mean(c, 1, [&](std::int64_t r, std::int64_t) {
    double total = 0;
    for (std::int64_t k = 0; k < c.elements; ++k)
      total += std::exp(x[static_cast<std::size_t>(r * c.elements + k)]);
    const auto label = static_cast<std::int64_t>(at(c.targets, r));
    return std::log(total) - x[static_cast<std::size_t>(r * c.elements + label)];
  });
}

double mse_of(const Case& c, const std::vector<double>& x) {
  return weighed_mean(c, c.elements, [&](std::int64_t r, std::int64_t k) {
    const std::int64_t i = r * c.elements + k;
    return std::pow(x[static_cast<std::size_t>(i)] - at(c.targets, i), 2);
  });
}

double bce_of(const Case& c, const std::vector<double>& x) {
  return weighed_mean(c, c.elements, [&](std::int64_t r, std::int64_t k) {
    const std::int64_t i = r * c.elements + k;
    const double p = 1 / (1 + std::exp(-x[static_cast<std::size_t>(i)]));
    return -at(c.targets, i) * std::log(p) - (1 - at(c.targets, i)) * std::log(1 - p);
  });
}

const std::vector<float> kOutput{0.5F, -1.25F, 2.0F, 0.0F, 3.5F, -0.75F, 1.5F, 1.5F, -2.0F};
const std::vector<float> kNumbers{1.0F, -1.0F, 0.5F, 2.0F, 3.0F, 0.25F, -1.5F, 0.0F, -2.0F};
const std::vector<float> kTruths{1, 0, 1, 0, 1, 0, 0.25F, 1, 0};
const std::vector<std::vector<float>> kWeights{{}, {2.0F, 0.5F, 0.0F}, {1.0F, 1.0F, 1.0F}};

}  // namespace

BOOST_AUTO_TEST_SUITE(loss_kernels)

BOOST_AUTO_TEST_CASE(cross_entropy_is_the_formula) {
  for (const auto& weights : kWeights) {
    const Case c{3, 3, kOutput, {2, 1, 0}, weights};
    const Found found = of_labels(c);
    const std::vector<double> x(c.output.begin(), c.output.end());
    BOOST_TEST(std::abs(found.loss - cross_entropy_of(c, x)) < 1e-6);
    check_gradient(c, found.gradient, cross_entropy_of);
    BOOST_TEST(found.counts.right == 3);  // the last by the first of equals
    BOOST_TEST(found.counts.judged == 3);
  }
}

BOOST_AUTO_TEST_CASE(mean_squared_error_is_the_formula) {
  for (const auto& weights : kWeights) {
    const Case c{3, 3, kOutput, kNumbers, weights};
    const Found found = run_kernel(mse, c, of_floats(c));
    const std::vector<double> x(c.output.begin(), c.output.end());
    BOOST_TEST(std::abs(found.loss - mse_of(c, x)) < 1e-12);
    check_gradient(c, found.gradient, mse_of);
  }
}

BOOST_AUTO_TEST_CASE(binary_cross_entropy_is_the_formula) {
  for (const auto& weights : kWeights) {
    const Case c{3, 3, kOutput, kTruths, weights};
    const Found found = run_kernel(bce_with_logits, c, of_floats(c));
    const std::vector<double> x(c.output.begin(), c.output.end());
    BOOST_TEST(std::abs(found.loss - bce_of(c, x)) < 1e-9);
    check_gradient(c, found.gradient, bce_of);
    // 0 is not above the threshold, which is right; 1.5 for 0.25 is wrong.
    BOOST_TEST(found.counts.right == 8);
    BOOST_TEST(found.counts.judged == 9);
  }
}

// Two rows of three places with four classes each; two targets do not count. The same places as
// rows of their own, but for those two, give the same bits.
BOOST_AUTO_TEST_CASE(of_sequences_the_mean_is_over_the_targets_that_count) {
  std::vector<float> logits;
  for (int i = 0; i < 24; ++i) logits.push_back(static_cast<float>(std::sin(1.7 * i)) * 3);
  logits[2 * 4] = kNaN;  // what does not count may be anything
  const std::vector<std::int64_t> labels{3, 0, -100, 1, -100, 2};
  Case rows{4, 4, {}, {}, {}};
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] == -100) continue;
    rows.output.insert(rows.output.end(), &logits[4 * i], &logits[4 * i] + 4);
    rows.targets.push_back(static_cast<float>(labels[i]));
  }
  const Found expected = of_labels(rows);
  std::vector<float> gradient(logits.size(), 1);
  Targets targets;
  targets.data = reinterpret_cast<const std::byte*>(labels.data());
  targets.elements = 3;
  LossBatch batch{logits.data(), 2, 12, targets, gradient.data()};
  batch.total_weight = 4;
  Counts counts;
  cross_entropy(batch, counts);
  BOOST_TEST(counts.loss() == expected.loss);
  BOOST_TEST(counts.weight == 4);
  BOOST_TEST(counts.judged == 4);
  BOOST_TEST(counts.right == expected.counts.right);
  std::size_t row = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    for (std::size_t c = 0; c < 4; ++c) {
      const float slope = labels[i] == -100 ? 0.0F : expected.gradient[4 * row + c];
      BOOST_TEST(gradient[4 * i + c] == slope);
    }
    row += labels[i] == -100 ? 0 : 1;
  }
}

BOOST_AUTO_TEST_CASE(a_gradient_is_scaled_and_the_loss_is_not) {
  const Case c{3, 3, kOutput, kNumbers, {}};
  const Found whole = run_kernel(mse, c, of_floats(c)),
              part = run_kernel(mse, c, of_floats(c), 0.25);
  BOOST_TEST(whole.loss == part.loss);
  for (std::size_t i = 0; i < whole.gradient.size(); ++i)
    BOOST_TEST(part.gradient[i] == whole.gradient[i] / 4);
}

BOOST_AUTO_TEST_CASE(weights_of_one_change_nothing) {
  for (const auto& [kernel, targets] :
       {std::pair<Kernel, const std::vector<float>*>{mse, &kNumbers},
        {bce_with_logits, &kTruths}}) {
    const Case plain{3, 3, kOutput, *targets, {}}, ones{3, 3, kOutput, *targets, {1, 1, 1}};
    BOOST_TEST(run_kernel(kernel, plain, of_floats(plain)).loss ==
               run_kernel(kernel, ones, of_floats(ones)).loss);
  }
}

BOOST_AUTO_TEST_CASE(truths_may_be_any_numbers) {
  const Case c{2, 2, {0.5F, -1.0F, 2.0F, -3.0F}, {1, 0, 0, 1}, {}};
  const double expected = run_kernel(bce_with_logits, c, of_floats(c)).loss;
  const std::vector<std::uint8_t> bytes{1, 0, 0, 1};
  const std::vector<std::int64_t> whole{1, 0, 0, 1};
  Targets targets;
  targets.elements = 2;
  targets.dtype = DType::boolean;
  targets.data = reinterpret_cast<const std::byte*>(bytes.data());
  BOOST_TEST(run_kernel(bce_with_logits, c, targets).loss == expected);
  targets.dtype = DType::int64;
  targets.data = reinterpret_cast<const std::byte*>(whole.data());
  BOOST_TEST(run_kernel(bce_with_logits, c, targets).loss == expected);
}

BOOST_AUTO_TEST_CASE(large_logits_overflow_nothing) {
  const struct {
    float x, target;
    double loss, slope;
  } rows[] = {
      {1e4F, 0, 1e4, 1},           {1e4F, 1, 0, 0},
      {-1e4F, 1, 1e4, -1},         {-1e4F, 0, 0, 0},
      {3e38F, 0, 3e38, 1},         {0, 1, std::log(2.0), -0.5},
      {40, 1, std::exp(-40.0), 0},  // which 1 + exp(-40) has no digit of
  };
  for (const auto& row : rows) {
    const Case c{1, 1, {row.x}, {row.target}, {}};
    const Found found = run_kernel(bce_with_logits, c, of_floats(c));
    BOOST_TEST(found.loss == row.loss, boost::test_tools::tolerance(1e-7));
    BOOST_TEST(static_cast<double>(found.gradient[0]) == row.slope,
               boost::test_tools::tolerance(1e-6));
  }
  const Found sure = of_labels({2, 2, {1e4F, -1e4F, -1e4F, 1e4F}, {0, 0}, {}});
  BOOST_TEST(sure.loss == 1e4);  // 0 and 20000
  BOOST_TEST(sure.gradient == (std::vector<float>{0, 0, -0.5F, 0.5F}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_is_no_number_makes_the_loss_none) {
  for (const float bad : {kNaN, kInfinity}) {
    const Case numbers{1, 2, {bad, 1}, {0, 0}, {}};
    BOOST_TEST(!std::isfinite(run_kernel(mse, numbers, of_floats(numbers)).loss));
    BOOST_TEST(!std::isfinite(run_kernel(bce_with_logits, numbers, of_floats(numbers)).loss));
  }
  const Case c{1, 3, {1, kNaN, 2}, {0}, {}};
  const Found found = of_labels(c);
  BOOST_TEST(std::isnan(found.loss));
  BOOST_TEST(found.counts.right == 0);
  BOOST_TEST(found.counts.judged == 1);
  const Case truth{1, 1, {kNaN}, {0}, {}};
  BOOST_TEST(run_kernel(bce_with_logits, truth, of_floats(truth)).counts.right == 0);
}

// Nearly equal logits of ten classes: the product of 1000 rows' sums overflows five times.
BOOST_AUTO_TEST_CASE(sums_are_the_same_bits_however_rows_are_batched) {
  constexpr std::int64_t kRows = 1000, kElements = 10;
  std::vector<float> output, targets, weights;
  std::vector<std::int64_t> labels;
  for (std::int64_t r = 0; r < kRows; ++r) {
    labels.push_back(r * 7 % kElements);
    weights.push_back(static_cast<float>(r % 4) / 3.0F);  // the first of four weighs nothing
    for (std::int64_t k = 0; k < kElements; ++k) {
      output.push_back(static_cast<float>(std::sin(static_cast<double>(r * 31 + k * 17)) / 3));
      targets.push_back(static_cast<float>(r * k % 5) / 4.0F);
    }
  }
  Targets numbers{reinterpret_cast<const std::byte*>(targets.data()), DType::float32, kElements};
  Targets classes{reinterpret_cast<const std::byte*>(labels.data()), DType::int64, 1};
  const std::tuple<Kernel, Targets, std::size_t> kernels[] = {
      {cross_entropy, classes, sizeof(std::int64_t)},
      {mse, numbers, kElements * sizeof(float)},
      {bce_with_logits, numbers, kElements * sizeof(float)}};
  for (const auto& [kernel, all, row_bytes] : kernels) {
    for (const bool weighed : {false, true}) {
      const auto counted = [&, kernel = kernel, all = all, bytes = row_bytes](std::int64_t batch) {
        Counts counts;
        for (std::int64_t first = 0; first < kRows; first += batch) {
          LossBatch part{output.data() + first * kElements, std::min(batch, kRows - first),
                         kElements, all};
          part.targets.data += static_cast<std::size_t>(first) * bytes;
          part.targets.weights = weighed ? weights.data() + first : nullptr;
          kernel(part, counts);
        }
        return counts;
      };
      const Counts whole = counted(kRows);
      BOOST_TEST(whole.weight == (weighed ? 500.0 : 1000.0), boost::test_tools::tolerance(1e-6));
      for (const std::int64_t batch : {1, 64, 128, 129, 500}) {
        const Counts found = counted(batch);
        BOOST_TEST(found.loss() == whole.loss(), "batches of " << batch);
        BOOST_TEST(found.right == whole.right);
        BOOST_TEST(found.absolute_error == whole.absolute_error);
        BOOST_TEST(found.target_deviation == whole.target_deviation);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_prediction_is_the_first_of_the_largest) {
  BOOST_TEST(predicted_class(std::vector<float>{1, 3, 2}).value() == 1);
  BOOST_TEST(predicted_class(std::vector<float>{3, 3, 2}).value() == 0);
  BOOST_TEST(predicted_class(std::vector<float>{-kInfinity, kInfinity, 2}).value() == 1);
}

BOOST_AUTO_TEST_CASE(a_row_with_a_nan_predicts_nothing_and_counts_as_wrong_for_its_label) {
  for (const std::vector<float>& row :
       {std::vector{kNaN, 3.0F, 2.0F}, {1, kNaN, kInfinity}, {1, 2, kNaN}, {kNaN, kNaN, kNaN}}) {
    BOOST_TEST(!predicted_class(row).has_value());
    for (const std::int64_t label : {0, 1, 2}) {
      Counts counts;
      counts.correct = counts.labelled = counts.predicted = {0, 0, 0};
      Targets targets;
      targets.data = reinterpret_cast<const std::byte*>(&label);
      LossBatch batch{row.data(), 1, 3, targets};
      cross_entropy(batch, counts);
      BOOST_TEST(std::isnan(counts.loss()));
      BOOST_TEST(counts.right == 0);
      BOOST_TEST(counts.judged == 1);
      BOOST_TEST(counts.predicted == (std::vector<std::int64_t>{0, 0, 0}),
                 boost::test_tools::per_element());
      BOOST_TEST(counts.labelled[static_cast<std::size_t>(label)] == 1);
      BOOST_TEST(counts.correct[static_cast<std::size_t>(label)] == 0);
    }
  }
}

BOOST_AUTO_TEST_CASE(an_infinite_logit_still_predicts) {
  // The softmax of an infinity is none, its class is.
  const Case c{1, 3, {1, kInfinity, 2}, {1}, {}};
  const Found found = of_labels(c);
  BOOST_TEST(!std::isfinite(found.loss));
  BOOST_TEST(found.counts.right == 1);
}

BOOST_AUTO_TEST_CASE(deviations_keep_their_digits_far_from_zero) {
  // Targets 1e6 + 0..9 in three batches: squared deviations from their mean are 82.5.
  Counts counts;
  for (const auto& [first, count] : {std::pair{0, 4}, {4, 5}, {9, 1}}) {
    Case c{count, 1, {}, {}, {}};
    for (int i = first; i < first + count; ++i) {
      c.targets.push_back(1e6F + static_cast<float>(i));
      c.output.push_back(1e6F + static_cast<float>(i) + (i % 2 == 0 ? 0.5F : -0.25F));
    }
    mse({c.output.data(), count, 1, of_floats(c)}, counts);
  }
  BOOST_TEST(counts.target_mean == 1e6 + 4.5, boost::test_tools::tolerance(1e-14));
  BOOST_TEST(counts.target_deviation == 82.5, boost::test_tools::tolerance(1e-9));
  BOOST_TEST(counts.absolute_error == 5 * 0.5 + 5 * 0.25);
  BOOST_TEST(counts.squared_error == 5 * 0.25 + 5 * 0.0625);
  BOOST_TEST(counts.elements == 10);
}

BOOST_AUTO_TEST_SUITE_END()
