// Exponentials of shifted logits against the C library's, in double.
#include "core/run/loss/exponentials.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

using namespace lathe::run;

namespace {

// In units of the last place of the exact result.
double error_of(float found, double exact) {
  const auto nearest = static_cast<float>(exact);
  const float step = std::nextafter(nearest, std::numeric_limits<float>::infinity()) - nearest;
  return std::abs(static_cast<double>(found) - exact) / static_cast<double>(step);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(exponentials)

BOOST_AUTO_TEST_CASE(exponentials_are_within_two_units_of_the_last_place) {
  std::mt19937 random{3};
  std::uniform_real_distribution<float> below{-86.5F, 0.0F};
  double worst = 0;
  for (int round = 0; round < 2000; ++round) {
    std::vector<float> logits(Exponentials::kRows * 5);
    for (float& logit : logits) logit = round % 2 == 0 ? below(random) : below(random) / 32;
    Exponentials found{5};
    found.take(logits.data(), Exponentials::kRows);
    for (std::size_t row = 0; row < Exponentials::kRows; ++row) {
      const float* of_row = logits.data() + row * 5;
      const auto top = std::max_element(of_row, of_row + 5);
      BOOST_TEST(found.best(row) == static_cast<std::size_t>(top - of_row));
      BOOST_TEST(found.top(row) == *top);
      BOOST_TEST(found.of(row, found.best(row)) == 1.0F);
      float total = 0;
      for (std::size_t c = 0; c < 5; ++c) {
        const auto shifted = static_cast<double>(of_row[c] - *top);
        worst = std::max(worst, error_of(found.of(row, c), std::exp(shifted)));
        total += found.of(row, c);
      }
      BOOST_TEST(found.total(row) == total);
    }
  }
  BOOST_TEST(worst < 2.0);
}

BOOST_AUTO_TEST_CASE(the_sum_over_a_large_vocabulary_keeps_its_digits) {
  constexpr std::size_t kClasses = 100'003;
  std::vector<float> logits(kClasses);
  for (std::size_t c = 0; c < kClasses; ++c)
    logits[c] = static_cast<float>(std::sin(static_cast<double>(c))) - 3;
  double total = 0;
  const float top = *std::ranges::max_element(logits);
  for (const float logit : logits) total += std::exp(static_cast<double>(logit - top));
  Exponentials found{kClasses};
  found.take(logits.data(), 1);
  BOOST_TEST(std::abs(found.total(0) / total - 1) < 1e-6);
}

BOOST_AUTO_TEST_CASE(the_first_of_equal_logits_is_the_best) {
  const float logits[] = {1, 3, 3, 2, -1, -1};
  Exponentials found{3};
  found.take(logits, 2);
  BOOST_TEST(found.best(0) == 1U);
  BOOST_TEST(found.best(1) == 0U);
  BOOST_TEST(found.of(0, 2) == 1.0F);
}

BOOST_AUTO_TEST_CASE(what_is_far_below_is_zero_and_nan_reaches_the_total) {
  const float infinity = std::numeric_limits<float>::infinity();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float logits[] = {0,   -infinity, -1e30F, 0,         nan,       -1,
                          nan, 0,         -1,     infinity,  0,         infinity,
                          -90, -88,       0,      -infinity, -infinity, -infinity};
  Exponentials found{3};
  found.take(logits, 6);
  BOOST_TEST(found.of(0, 1) == 0.0F);
  BOOST_TEST(found.total(0) == 1.0F);
  BOOST_TEST(std::isnan(found.total(1)));
  BOOST_TEST(std::isnan(found.total(2)));
  BOOST_TEST(std::isnan(found.total(3)));
  BOOST_TEST(found.total(4) == 1.0F);
  BOOST_TEST(std::isnan(found.total(5)));
}

BOOST_AUTO_TEST_CASE(rows_do_not_depend_on_those_taken_with_them) {
  std::mt19937 random{4};
  std::normal_distribution<float> normal{0, 3};
  std::vector<float> logits(Exponentials::kRows * 70);
  for (float& logit : logits) logit = normal(random);
  Exponentials all{70}, alone{70};
  all.take(logits.data(), Exponentials::kRows);
  for (std::size_t row = 0; row < Exponentials::kRows; ++row) {
    alone.take(logits.data() + row * 70, 1);
    BOOST_TEST(alone.total(0) == all.total(row));
    BOOST_TEST(alone.best(0) == all.best(row));
  }
}

BOOST_AUTO_TEST_SUITE_END()
