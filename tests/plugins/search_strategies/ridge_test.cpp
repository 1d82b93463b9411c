// The regression that is kept up to date row by row, against one solved at once.
#include "plugins/search_strategies/additive/ridge.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

namespace {

using namespace search_strategies;

using Matrix = std::vector<std::vector<long double>>;

// Gauss and Jordan, with pivots.
Matrix inverse(Matrix a) {
  const std::size_t n = a.size();
  Matrix b(n, std::vector<long double>(n));
  for (std::size_t i = 0; i < n; ++i) b[i][i] = 1;
  for (std::size_t k = 0; k < n; ++k) {
    std::size_t pivot = k;
    for (std::size_t i = k; i < n; ++i) {
      if (std::abs(a[i][k]) > std::abs(a[pivot][k])) pivot = i;
    }
    std::swap(a[k], a[pivot]);
    std::swap(b[k], b[pivot]);
    const long double scale = a[k][k];
    for (std::size_t j = 0; j < n; ++j) a[k][j] /= scale, b[k][j] /= scale;
    for (std::size_t i = 0; i < n; ++i) {
      if (i == k) continue;
      const long double factor = a[i][k];
      for (std::size_t j = 0; j < n; ++j) a[i][j] -= factor * a[k][j], b[i][j] -= factor * b[k][j];
    }
  }
  return b;
}

// A constant and three parameters of four choices.
constexpr std::size_t kFeatures = 13;
std::vector<Features::Group> groups() {
  std::vector<Features::Group> result(kFeatures, Features::kChoice);
  result[0] = Features::kConstant;
  return result;
}

struct Data {
  std::vector<std::vector<Feature>> rows;
  std::vector<double> values;  // NaN: the row ended without
};

Data data(unsigned seed, std::size_t count, double noise, bool failures) {
  std::mt19937 random(seed);
  std::normal_distribution<> normal;
  std::vector<double> truth(kFeatures);
  for (double& x : truth) x = normal(random);
  Data result;
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<Feature> row{{0, 1.0}};
    double value = 100;
    for (std::uint32_t p = 0; p < 3; ++p) {
      const auto choice = static_cast<std::uint32_t>(random() % 4);
      row.push_back({1 + 4 * p + choice, 1.0});
      value += truth[1 + 4 * p + choice];
    }
    const bool fails = failures && i % 5 == 3;
    result.values.push_back(fails ? std::nan("") : value + noise * normal(random));
    result.rows.push_back(std::move(row));
  }
  return result;
}

constexpr double kBadness = 0.75, kTarget = 7;

Ridge told(const Data& data, std::size_t tuned_at) {
  Ridge ridge(groups(), 1);
  ridge.set_targets({kTarget});
  for (std::size_t i = 0; i < data.rows.size(); ++i) {
    const double* value = std::isnan(data.values[i]) ? nullptr : &data.values[i];
    ridge.add(data.rows[i], {value, value == nullptr ? kBadness : 0});
    if (i + 1 == tuned_at) ridge.tune({0});
  }
  return ridge;
}

double no_noise() { return 0; }

}  // namespace

BOOST_AUTO_TEST_CASE(a_ridge_updated_row_by_row_is_the_one_solved_at_once) {
  for (const bool failures : {false, true}) {
    for (const std::size_t tuned_at : {0, 20, 60}) {
      const Data all = data(5, 60, 0.3, failures);
      const Ridge ridge = told(all, tuned_at);
      long double sum = 0, count = 0;
      for (const double value : all.values) {
        if (!std::isnan(value)) sum += value, count += 1;
      }
      const long double mean = sum / count;
      BOOST_CHECK_CLOSE(ridge.mean(0), static_cast<double>(mean), 1e-9);

      Matrix a(kFeatures, std::vector<long double>(kFeatures));
      std::vector<long double> b(kFeatures);
      long double squares = 0;
      for (std::size_t i = 0; i < all.rows.size(); ++i) {
        const long double y = std::isnan(all.values[i]) ? kBadness * kTarget : all.values[i] - mean;
        squares += y * y;
        for (const Feature& f : all.rows[i]) {
          b[f.number] += f.value * y;
          for (const Feature& g : all.rows[i]) a[f.number][g.number] += f.value * g.value;
        }
      }
      for (std::size_t i = 0; i < kFeatures; ++i) a[i][i] += 1 / ridge.variances()[groups()[i]];
      const Matrix covariance = inverse(a);
      std::vector<long double> expected(kFeatures);
      long double explained = 0;
      for (std::size_t i = 0; i < kFeatures; ++i) {
        for (std::size_t j = 0; j < kFeatures; ++j) expected[i] += covariance[i][j] * b[j];
      }
      for (std::size_t i = 0; i < kFeatures; ++i) explained += expected[i] * b[i];

      const Coefficients found = ridge.draw(0, 1, no_noise);
      for (std::size_t i = 0; i < kFeatures; ++i) {
        BOOST_CHECK_SMALL(found[i] - static_cast<double>(expected[i]), 1e-8);
      }

      // A draw made of the unit normals one by one shows the covariance, times the noise.
      Matrix spread(kFeatures, std::vector<long double>(kFeatures));
      for (std::size_t unit = 0; unit < kFeatures; ++unit) {
        std::size_t asked = 0;
        const Coefficients drawn = ridge.draw(0, 1, [&] { return asked++ == unit ? 1.0 : 0.0; });
        for (std::size_t i = 0; i < kFeatures; ++i) {
          for (std::size_t j = 0; j < kFeatures; ++j) {
            spread[i][j] += (drawn[i] - found[i]) * (drawn[j] - found[j]);
          }
        }
      }
      const long double rows = 60;
      const long double noise =
          (1e-6L * squares / rows + (squares - explained) / 2) / (0.5L + rows / 2);
      for (std::size_t i = 0; i < kFeatures; ++i) {
        for (std::size_t j = 0; j < kFeatures; ++j) {
          BOOST_CHECK_SMALL(static_cast<double>(spread[i][j] - noise * covariance[i][j]), 1e-8);
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(the_evidence_tells_effects_from_noise) {
  const Ridge exact = told(data(1, 80, 0, false), 80);
  const Ridge noisy = told(data(1, 80, 30, false), 80);
  BOOST_CHECK_GE(exact.variances()[Features::kChoice], 1e3);
  BOOST_CHECK_LE(noisy.variances()[Features::kChoice], 0.1);
}

BOOST_AUTO_TEST_CASE(tuning_is_due_at_numbers_of_rows_that_grow_by_a_quarter) {
  Ridge ridge(groups(), 1);
  const Data all = data(2, 2000, 1, false);
  std::size_t times = 0;
  for (std::size_t i = 0; i < all.rows.size(); ++i) {
    ridge.add(all.rows[i], {&all.values[i], 0});
    if (!ridge.due()) continue;
    ridge.tune({0});
    ++times;
  }
  BOOST_CHECK_GE(times, 20);
  BOOST_CHECK_LE(times, 40);
}

BOOST_AUTO_TEST_CASE(an_output_that_never_changes_has_no_effects) {
  Ridge ridge(groups(), 1);
  const Data all = data(3, 30, 0, false);
  const double same = 5;
  for (const auto& row : all.rows) ridge.add(row, {&same, 0});
  ridge.tune({0});
  for (const double x : ridge.draw(0, 1, [] { return 1.0; })) BOOST_CHECK_EQUAL(x, 0);
}
