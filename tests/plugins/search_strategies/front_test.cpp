// Fronts of two objectives over lists: what is learned of a quantity that spans decades, and where
// the next point goes.
#include "plugins/search_strategies/additive/front/model.hpp"

#include <boost/test/unit_test.hpp>

#include <random>
#include <set>

namespace {

using namespace search_strategies;

Space lists(std::size_t parameters, std::uint64_t choices) {
  Space space;
  Parameter parameter;
  parameter.choices = choices;
  space.parameters.assign(parameters, parameter);
  space.directions.assign(2, LATHE_DIRECTION_MINIMIZE);
  return space;
}

Draws draws_of(std::uint64_t trial) {
  return Draws([=](std::uint64_t first, double* out, std::size_t count) {
    std::mt19937_64 random(trial * 7919 + first + 1);
    for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<double>(random() >> 11) * 0x1p-53;
  });
}

std::vector<double> random_point(std::mt19937& random, std::size_t parameters, int choices) {
  std::vector<double> point(parameters);
  for (double& x : point) x = std::uniform_int_distribution<>(0, choices - 1)(random);
  return point;
}

// Layers whose error falls to a quarter with each bit, each of a size and a sensitivity of its own,
// and errors of neighbours that partly add up before they are squared.
struct Layers {
  std::vector<double> sensitivity, size;
  double together;

  Layers(unsigned seed, std::size_t count, double together) : together(together) {
    std::mt19937 random(seed);
    for (std::size_t p = 0; p < count; ++p) {
      sensitivity.push_back(std::exp(std::normal_distribution<>(0, 0.5)(random)));
      size.push_back(p % 3 == 0 ? 3 : 1);
    }
  }

  double part(std::size_t p, double bits) const { return sensitivity[p] * std::pow(4.0, -bits); }
  double error(const std::vector<double>& x) const {
    double sum = 0;
    for (std::size_t p = 0; p < x.size(); ++p) {
      sum += part(p, x[p]);
      if (p > 0) sum += together * std::sqrt(part(p, x[p]) * part(p - 1, x[p - 1]));
    }
    return sum;
  }
  double bits(const std::vector<double>& x) const {
    double sum = 1;
    for (std::size_t p = 0; p < x.size(); ++p) sum += size[p] * (x[p] + 2);
    return sum;
  }
};

// As a search does: the outcome of a trial is known four trials later, no point comes twice.
std::vector<std::vector<double>> run(const Layers& layers, std::uint64_t trials) {
  const std::size_t count = layers.size.size();
  FrontModel model(lists(count, 7), 10);
  std::mt19937 random(5);
  std::vector<std::vector<double>> points;
  std::set<std::vector<double>> seen;
  for (std::uint64_t trial = 0; trial < trials; ++trial) {
    std::vector<double> point = random_point(random, count, 7);
    for (std::uint64_t attempt = 0; model.active() && attempt < 8; ++attempt) {
      Draws draws = draws_of(trial << 3 | attempt);
      model.suggest(attempt, draws, point.data());
      if (seen.count(point) == 0) break;
    }
    seen.insert(point);
    points.push_back(point);
    model.started(trial, point.data());
    if (trial < 4) continue;
    const std::vector<double>& ended = points[trial - 4];
    model.finished(trial - 4, {layers.bits(ended), layers.error(ended)});
  }
  return points;
}

}  // namespace

BOOST_AUTO_TEST_CASE(curves_foretell_points_decades_below_those_they_saw) {
  const Layers layers(1, 12, 0);
  const Choices choices(lists(12, 7));
  std::mt19937 random(2);
  std::vector<Row> rows;
  for (int i = 0; i < 60; ++i) {
    const auto point = random_point(random, 12, 7);
    rows.push_back({choices.columns_of(point.data()), layers.error(point)});
  }
  Curves curves(choices);
  curves.fit(rows);
  // Only the sum of all is seen, never less than the worst choice of twelve.
  for (double bits = 1; bits < 6; ++bits) {
    const std::vector<double> point(12, bits);
    const double told = curves.fitted().sum(choices.columns_of(point.data()));
    BOOST_CHECK_LE(std::abs(std::log(told / layers.error(point))), 0.1);
  }
}

BOOST_AUTO_TEST_CASE(pairs_are_learned_where_a_sum_falls_short) {
  const Layers layers(3, 5, 0.6);
  const Choices choices(lists(5, 4));
  std::mt19937 random(4);
  Quantity quantity(choices);
  std::vector<Row> rows;
  for (int i = 0; i < 300; ++i) {
    const auto point = random_point(random, 5, 4);
    rows.push_back({choices.columns_of(point.data()), layers.error(point)});
    quantity.add(rows.back());
  }
  quantity.fit();
  Curves curves(choices);
  curves.fit(rows);
  Draws draws = draws_of(0);
  const Drawn drawn = quantity.draw(0, draws);
  double of_curves = 0, of_both = 0;
  for (int i = 0; i < 200; ++i) {
    const auto point = random_point(random, 5, 4);
    const Columns columns = choices.columns_of(point.data());
    const double truth = std::log(layers.error(point));
    of_curves += std::pow(std::log(curves.fitted().sum(columns)) - truth, 2);
    of_both += std::pow(drawn.parts(columns).logarithm() - truth, 2);
  }
  BOOST_CHECK_LE(std::sqrt(of_both), 0.25 * std::sqrt(of_curves));
}

BOOST_AUTO_TEST_CASE(what_a_change_is_foretold_to_change_is_the_difference) {
  const Layers layers(3, 8, 0.6);
  const Choices choices(lists(8, 4));
  std::mt19937 random(6);
  Quantity quantity(choices);
  for (int i = 0; i < 100; ++i) {
    const auto point = random_point(random, 8, 4);
    quantity.add({choices.columns_of(point.data()), layers.error(point)});
  }
  quantity.fit();
  Draws draws = draws_of(1);
  const Drawn drawn = quantity.draw(0.5, draws);
  const Columns from = choices.columns_of(random_point(random, 8, 4).data());
  Columns to = from;
  to[2] = choices.first(2) + (from[2] - choices.first(2) + 1) % 4;
  to[5] = choices.first(5) + (from[5] - choices.first(5) + 2) % 4;
  Drawn::Parts parts = drawn.parts(from);
  parts += drawn.change(from, 2, to[2]);
  parts += drawn.change(from, 5, to[5]);
  parts.corrections += drawn.joint_correction(from, 2, to[2], 5, to[5]);
  BOOST_CHECK_CLOSE(parts.logarithm(), drawn.parts(to).logarithm(), 1e-6);
}

BOOST_AUTO_TEST_CASE(the_area_that_a_point_adds_is_counted_in_cells) {
  std::mt19937 random(7);
  const auto place = [&] {
    std::uniform_int_distribution<> cell(0, 19);
    return Place{static_cast<double>(cell(random)), static_cast<double>(cell(random))};
  };
  for (int i = 0; i < 200; ++i) {
    std::vector<Place> places;
    for (int k = 0; k < i % 7; ++k) places.push_back(place());
    const Place added = place();
    int cells = 0;
    for (double x = 0; x < 18; ++x) {
      for (double y = 0; y < 16; ++y) {
        const auto covers = [&](const Place& p) { return p[0] <= x && p[1] <= y; };
        cells += covers(added) && std::none_of(places.begin(), places.end(), covers);
      }
    }
    BOOST_CHECK_EQUAL(Front(places).gain(added, {18, 16}), cells);
  }
}

BOOST_AUTO_TEST_CASE(a_front_over_decades_is_found_whole) {
  for (const double together : {0.0, 0.3}) {
    const Layers layers(8, 20, together);
    const auto points = run(layers, 400);
    const auto least_at = [&](double bits) {
      double least = std::numeric_limits<double>::infinity();
      for (const auto& x : points) {
        if (layers.bits(x) <= bits) least = std::min(least, layers.error(x));
      }
      return least;
    };
    // No point of all layers alike is as good as what was found there; those are no points of it.
    for (double level = 1; level < 6; ++level) {
      const std::vector<double> alike(20, level);
      BOOST_CHECK_LT(least_at(layers.bits(alike)), layers.error(alike));
    }
    // Without pairs the best at a price is known, as each layer chooses for itself.
    for (const double price : {3e-4, 3e-3, 3e-2}) {
      std::vector<double> best(20);
      for (std::size_t p = 0; p < 20; ++p) {
        double least = std::numeric_limits<double>::infinity();
        for (double bits = 0; bits < 7; ++bits) {
          const double cost = layers.part(p, bits) + price * layers.size[p] * bits;
          if (cost < least) least = cost, best[p] = bits;
        }
      }
      BOOST_CHECK_LE(least_at(layers.bits(best)), 1.06 * layers.error(best));
    }
  }
}

BOOST_AUTO_TEST_CASE(it_is_for_two_objectives_of_lists_that_are_positive) {
  BOOST_CHECK(FrontModel::describes(lists(5, 3), 0));
  BOOST_CHECK(!FrontModel::describes(lists(5, 3), 1));
  Space space = lists(5, 3);
  space.directions.push_back(LATHE_DIRECTION_MINIMIZE);
  BOOST_CHECK(!FrontModel::describes(space, 0));
  space = lists(5, 3);
  space.parameters[2].kind = LATHE_PARAMETER_REAL;
  space.parameters[2].high = 1;
  BOOST_CHECK(!FrontModel::describes(space, 0));

  FrontModel model(lists(5, 3), 10);
  std::mt19937 random(9);
  for (std::uint64_t trial = 0; trial < 40; ++trial) {
    const auto point = random_point(random, 5, 3);
    model.started(trial, point.data());
    // Failed; then known; then once below 0.
    std::vector<double> values;
    if (trial >= 20) values = {1 + point[0], trial == 35 ? -1.0 : 3 - point[1]};
    model.finished(trial, values);
    BOOST_CHECK_EQUAL(model.active(), trial >= 24 && trial < 35);
  }
}
