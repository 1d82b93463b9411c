// Areas under ROC curves against the definition: pairs of a row of the class and one of none, by
// probabilities in long double.
#include "core/host/scoring/scored_rows.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <random>

using namespace lathe;

namespace {

const float kNaN = std::numeric_limits<float>::quiet_NaN();
const float kInfinity = std::numeric_limits<float>::infinity();

// Of pairs of numbers; NaN without a pair.
double share_of_pairs(const std::vector<long double>& of_class,
                      const std::vector<long double>& others) {
  long double won = 0;
  for (const long double a : of_class)
    for (const long double b : others) won += std::abs(a - b) < 1e-15L ? 0.5L : a > b ? 1.0L : 0.0L;
  const auto pairs = static_cast<long double>(of_class.size() * others.size());
  return static_cast<double>(won / pairs);
}

long double probability(const ScoredRows& rows, std::size_t row, std::size_t classes,
                        std::size_t c) {
  long double total = 0;
  const auto z = [&](std::size_t k) {
    return static_cast<long double>(rows.outputs[row * classes + k]);
  };
  for (std::size_t k = 0; k < classes; ++k) total += std::exp(z(k));
  return std::exp(z(c)) / total;
}

std::vector<double> by_definition(const ScoredRows& rows, std::size_t classes) {
  std::vector<double> areas;
  for (std::size_t c = 0; c < classes; ++c) {
    std::vector<long double> of_class, others;
    for (std::size_t row = 0; row < rows.targets.size(); ++row) {
      auto& side = rows.targets[row] == static_cast<std::int64_t>(c) ? of_class : others;
      side.push_back(probability(rows, row, classes, c));
    }
    areas.push_back(share_of_pairs(of_class, others));
  }
  return areas;
}

void check_same(const std::vector<double>& found, const std::vector<double>& expected) {
  BOOST_REQUIRE_EQUAL(found.size(), expected.size());
  for (std::size_t c = 0; c < found.size(); ++c) {
    if (std::isnan(expected[c])) {
      BOOST_TEST(std::isnan(found[c]), "class " << c);
    } else {
      BOOST_TEST(found[c] == expected[c], boost::test_tools::tolerance(1e-12));
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(areas_under_roc_curves)

// scikit-learn's example: roc_auc_score([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]) is 0.75.
BOOST_AUTO_TEST_CASE(a_label_has_that_of_its_scores) {
  check_same(areas_by_label({{0.1F, 0.4F, 0.35F, 0.8F}, {0, 0, 1, 1}}, 1), {0.75});
}

BOOST_AUTO_TEST_CASE(equal_scores_are_half_a_pair) {
  check_same(areas_by_label({{0, 0, 0, 0}, {0, 1, 1, 0}}, 1), {0.5});
  // Positive 2 and 1, negative 1 and 0: 3 pairs won, one equal.
  check_same(areas_by_label({{2, 1, 1, 0}, {1, 1, 0, 0}}, 1), {3.5 / 4});
  check_same(areas_by_label({{-kInfinity, kInfinity, kInfinity}, {0, 1, 0}}, 1), {0.75});
}

BOOST_AUTO_TEST_CASE(labels_are_columns) {
  // Label 0 is right, label 1 the wrong way round.
  check_same(areas_by_label({{1, 1, 0, 2, -1, 3}, {1, 1, 0, 0, 0, 0}}, 2), {1.0, 0.0});
}

BOOST_AUTO_TEST_CASE(what_has_no_pair_has_no_area) {
  check_same(areas_by_label({{1, 2}, {1, 1}}, 1), {std::nan("")});
  check_same(areas_by_label({{1, 2}, {0, 0}}, 1), {std::nan("")});
  check_same(areas_by_label({}, 3), {std::nan(""), std::nan(""), std::nan("")});
  // All rows are of class 1 of three.
  check_same(areas_by_class({{1, 2, 3, 3, 2, 1}, {1, 1}}, 3),
             {std::nan(""), std::nan(""), std::nan("")});
  check_same(areas_by_class({{1, 2}, {0, 0}}, 1), {std::nan("")});
}

BOOST_AUTO_TEST_CASE(a_nan_has_no_place_among_scores) {
  check_same(areas_by_label({{1, kNaN, 2, 0}, {1, 0, 0, 1}}, 2), {0.0, std::nan("")});
  check_same(areas_by_class({{1, 0, kNaN, 0}, {0, 1}}, 2), {std::nan(""), std::nan("")});
}

BOOST_AUTO_TEST_CASE(random_networks_have_those_of_the_definition) {
  std::mt19937 random(7);
  for (const std::size_t classes : {2U, 3U, 5U, 17U, 100U}) {
    for (const int levels : {3, 1000}) {
      ScoredRows rows;
      for (int row = 0; row < 120; ++row) {
        rows.targets.push_back(static_cast<std::int64_t>(random() % classes));
        for (std::size_t c = 0; c < classes; ++c)
          rows.outputs.push_back(static_cast<float>(random() % static_cast<unsigned>(levels)) /
                                 static_cast<float>(levels) * 6);
      }
      check_same(areas_by_class(rows, static_cast<std::int64_t>(classes)),
                 by_definition(rows, classes));
    }
  }
}

// In probabilities of 53 bits all of these are 1.
BOOST_AUTO_TEST_CASE(saturated_probabilities_keep_their_order) {
  check_same(areas_by_class({{50, 0, 60, 0, 70, 0, 80, 0}, {1, 1, 0, 0}}, 2), {1.0, 1.0});
}

// The same logits in another order give class 0 the same probability, whatever sums round to.
BOOST_AUTO_TEST_CASE(the_order_of_the_other_classes_does_not_matter) {
  const std::vector<float> a{0.3F, 1.7F, -2.1F, 0.9F, 3.3F}, b{0.3F, 3.3F, 0.9F, 1.7F, -2.1F};
  ScoredRows rows;
  for (int i = 0; i < 6; ++i) {
    const auto& logits = i % 2 == 0 ? a : b;
    rows.outputs.insert(rows.outputs.end(), logits.begin(), logits.end());
    rows.targets.push_back(i % 2 == 0 ? 0 : 1);
  }
  BOOST_TEST(areas_by_class(rows, 5)[0] == 0.5);
}

BOOST_AUTO_TEST_SUITE_END()
