// TPE keeps running sums and only the ranks it may still need. Here it is compared, trial by trial,
// with the definitions computed from the whole history.
#include "plugins/search_strategies/tpe/model.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <random>
#include <set>

namespace {

using namespace search_strategies;

struct Told {
  lathe_trial_state state;
  std::vector<double> parameters, values;
  std::int64_t step = 0;
};

Space space_of(std::size_t objectives) {
  Space space;
  space.directions.assign(objectives, LATHE_DIRECTION_MINIMIZE);
  space.directions.back() = LATHE_DIRECTION_MAXIMIZE;
  for (std::uint64_t choices : {3, 5, 2, 4}) {
    Parameter parameter;
    parameter.name = "p" + std::to_string(space.parameters.size());
    parameter.choices = choices;
    space.parameters.push_back(parameter);
  }
  // The last exists only under one value of the first.
  space.parameters.back().parent = 0;
  space.parameters.back().parent_values = {1};
  return space;
}

std::vector<Told> random_history(const Space& space, std::size_t count, std::uint64_t seed,
                                 bool improving) {
  std::mt19937_64 random(seed);
  std::vector<Told> history;
  for (std::size_t i = 0; i < count; ++i) {
    Told told;
    for (std::size_t p = 0; p < space.parameters.size(); ++p) {
      const bool exists = space.exists(p, told.parameters.data());
      const auto choice = static_cast<double>(random() % space.parameters[p].choices);
      told.parameters.push_back(exists ? choice : kAbsent);
    }
    // Few distinct values, so that there are ties.
    for (std::size_t o = 0; o < space.directions.size(); ++o)
      told.values.push_back(static_cast<double>(random() % 40) -
                            (improving ? static_cast<double>(i) : 0.0));
    const std::uint64_t kind = random() % 10;
    told.state = kind == 0   ? LATHE_STATE_FAIL
                 : kind == 1 ? LATHE_STATE_PRUNED
                             : LATHE_STATE_COMPLETE;
    told.step = static_cast<std::int64_t>(random() % 4);
    history.push_back(told);
  }
  return history;
}

void tell(TpeModel& model, std::uint64_t number, const Told& told) {
  model.started(number, told.parameters.data());
  model.finished(number, told.state, told.state == LATHE_STATE_FAIL ? nullptr : told.values.data(),
                 told.step);
}

std::vector<double> direct_density(const std::vector<double>& observed,
                                   const std::vector<double>& weights, std::uint64_t choices) {
  const double m = static_cast<double>(observed.size());
  const double c = static_cast<double>(choices);
  double total = 1;
  for (double w : weights) total += w;
  std::vector<double> density(choices, 1 / c / total);
  for (std::size_t i = 0; i < observed.size(); ++i)
    for (std::uint64_t k = 0; k < choices; ++k)
      density[k] += weights[i] / total *
                    ((1 / (m + 1)) + (observed[i] == static_cast<double>(k) ? 1.0 : 0.0)) /
                    (1 + c / (m + 1));
  return density;
}

std::vector<double> direct_ramp(std::size_t m) {
  std::vector<double> weights(m, 1.0);
  if (m <= 25) return weights;
  const std::size_t ramp = m - 25;
  for (std::size_t j = 0; j < ramp; ++j)
    weights[j] = ramp == 1 ? 1.0 / static_cast<double>(m)
                           : 1.0 / static_cast<double>(m) + (1 - 1.0 / static_cast<double>(m)) *
                                                                static_cast<double>(j) /
                                                                static_cast<double>(ramp - 1);
  return weights;
}

}  // namespace

BOOST_AUTO_TEST_CASE(tpe_running_sums_equal_the_sums_over_the_whole_history) {
  for (const bool improving : {false, true}) {
    const Space space = space_of(1);
    const std::vector<Told> history = random_history(space, 700, 7, improving);
    TpeModel model(space, TpeOptions{});
    std::vector<Told> counted;
    for (std::size_t i = 0; i < history.size(); ++i) {
      tell(model, i, history[i]);
      if (history[i].state != LATHE_STATE_FAIL) counted.push_back(history[i]);
      if (i % 7 != 0) continue;
      std::vector<std::size_t> order(counted.size());
      std::iota(order.begin(), order.end(), 0);
      const auto key = [&](std::size_t o) {
        const bool pruned = counted[o].state == LATHE_STATE_PRUNED;
        return std::tuple(pruned, pruned ? -counted[o].step : 0, -counted[o].values[0]);
      };
      std::stable_sort(order.begin(), order.end(),
                       [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
      const std::size_t k = std::min<std::size_t>(
          static_cast<std::size_t>(std::ceil(0.1 * static_cast<double>(counted.size()))), 25);
      const std::set<std::size_t> good(order.begin(),
                                       order.begin() + static_cast<std::ptrdiff_t>(k));
      for (std::size_t p = 0; p < space.parameters.size(); ++p) {
        std::vector<double> below, above;
        for (std::size_t o = 0; o < counted.size(); ++o) {
          const double value = counted[o].parameters[p];
          if (!std::isnan(value)) (good.count(o) ? below : above).push_back(value);
        }
        const std::uint64_t choices = space.parameters[p].choices;
        const auto l = direct_density(below, std::vector<double>(below.size(), 1.0), choices);
        const auto g = direct_density(above, direct_ramp(above.size()), choices);
        const TpeModel::Densities densities = model.categorical(p);
        for (std::uint64_t c = 0; c < choices; ++c) {
          BOOST_REQUIRE_SMALL(densities.l[c] - l[c], 1e-12);
          BOOST_REQUIRE_SMALL(densities.g[c] - g[c], 1e-12);
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(tpe_chooses_the_good_set_of_several_objectives_as_defined) {
  for (std::size_t objectives : {2, 3}) {
    std::mt19937_64 random(objectives);
    ParetoSplit split;
    std::vector<Point> points;
    for (int i = 0; i < 320; ++i) {
      Point point;
      for (std::size_t o = 0; o < objectives; ++o)
        point.push_back(1.0 + static_cast<double>(random() % (objectives == 2 ? 60 : 12)));
      points.push_back(point);
      split.add(point);
      if (i % 9 != 0) continue;

      // Ranks by peeling, whole ranks first, the rest by the greedy gain in volume.
      std::vector<int> rank(points.size(), -1);
      std::size_t ranked = 0;
      for (int r = 0; ranked < points.size(); ++r) {
        std::vector<std::size_t> peel;
        for (std::size_t a = 0; a < points.size(); ++a) {
          if (rank[a] != -1) continue;
          bool dominated = false;
          for (std::size_t b = 0; b < points.size(); ++b)
            dominated |= rank[b] == -1 && dominates(points[b], points[a]);
          if (!dominated) peel.push_back(a);
        }
        for (std::size_t a : peel) rank[a] = r;
        ranked += peel.size();
      }
      const std::size_t wanted = std::min<std::size_t>((points.size() + 9) / 10, 25);
      std::vector<Observation> good;
      for (int r = 0; good.size() < wanted; ++r) {
        std::vector<Observation> members;
        for (std::size_t a = 0; a < points.size(); ++a)
          if (rank[a] == r) members.push_back(static_cast<Observation>(a));
        if (good.size() + members.size() <= wanted) {
          good.insert(good.end(), members.begin(), members.end());
          continue;
        }
        Point reference = points[members.front()];
        for (Observation a : members)
          for (std::size_t o = 0; o < objectives; ++o)
            reference[o] = std::max(reference[o], points[a][o]);
        for (double& x : reference) x *= 1.1;
        std::vector<Point> chosen;
        while (good.size() < wanted) {
          const double volume = hypervolume(chosen, reference);
          double best = -1;
          std::size_t at = 0;
          for (std::size_t m = 0; m < members.size(); ++m) {
            std::vector<Point> with = chosen;
            with.push_back(points[members[m]]);
            const double gain = hypervolume(with, reference) - volume;
            if (gain > best + 1e-9) best = gain, at = m;
          }
          good.push_back(members[at]);
          chosen.push_back(points[members[at]]);
          members.erase(members.begin() + static_cast<std::ptrdiff_t>(at));
        }
      }
      BOOST_REQUIRE(split.good() == good);
    }
  }
}

BOOST_AUTO_TEST_CASE(hypervolume_of_boxes_is_what_a_grid_counts) {
  std::mt19937_64 random(5);
  for (std::size_t objectives : {2, 3, 4}) {
    std::vector<Point> points;
    for (int i = 0; i < 8; ++i) {
      Point point;
      for (std::size_t o = 0; o < objectives; ++o)
        point.push_back(static_cast<double>(random() % 6));
      points.push_back(point);
    }
    const Point reference(objectives, 6.0);
    double cells = 0;
    const auto total = static_cast<std::size_t>(std::pow(6, objectives));
    for (std::size_t cell = 0; cell < total; ++cell) {
      Point corner;
      for (std::size_t o = 0, rest = cell; o < objectives; ++o, rest /= 6)
        corner.push_back(static_cast<double>(rest % 6));
      cells += std::any_of(points.begin(), points.end(), [&](const Point& point) {
        for (std::size_t o = 0; o < objectives; ++o)
          if (point[o] > corner[o]) return false;
        return true;
      });
    }
    BOOST_CHECK_EQUAL(hypervolume(points, reference), cells);
  }
}

BOOST_AUTO_TEST_CASE(a_trial_with_an_infinite_value_is_never_among_the_good) {
  ParetoSplit split;
  for (int i = 0; i < 30; ++i) split.add({1.0 + i, -std::numeric_limits<double>::infinity()});
  BOOST_CHECK(split.good().empty());
  split.add({5.0, 5.0});
  BOOST_REQUIRE_EQUAL(split.good().size(), 1);
  BOOST_CHECK_EQUAL(split.good().front(), 30);
}

BOOST_AUTO_TEST_CASE(a_tpe_suggestion_costs_the_same_after_many_trials) {
  using Clock = std::chrono::steady_clock;
  const Space space = space_of(1);
  TpeModel model(space, TpeOptions{});
  std::mt19937_64 random(3);
  double sum = 0;
  // The fastest of several runs: others share this machine.
  const auto suggestions = [&] {
    double best = 1e9;
    for (int run = 0; run < 20; ++run) {
      const auto start = Clock::now();
      for (int i = 0; i < 200; ++i) {
        const double u = 0.005 * i;
        for (std::size_t p = 0; p < 3; ++p) sum += model.suggest(p, &u);
      }
      best = std::min(best, std::chrono::duration<double>(Clock::now() - start).count());
    }
    return best;
  };
  const auto add = [&](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) {
      const double values[] = {static_cast<double>(random() % 1000000)};
      const double parameters[] = {static_cast<double>(random() % 3),
                                   static_cast<double>(random() % 5),
                                   static_cast<double>(random() % 2), kAbsent};
      model.started(i, parameters);
      model.finished(i, LATHE_STATE_COMPLETE, values, 0);
    }
  };
  add(0, 300);
  const double few = suggestions();
  add(300, 300000);
  const double many = suggestions();
  BOOST_TEST_MESSAGE("600 suggestions after 300 trials: " << few * 1e6 << " us, after 300,000: "
                                                          << many * 1e6 << " us");
  BOOST_CHECK_LT(many, 4 * few);
  BOOST_CHECK_GE(sum, 0);
}

BOOST_AUTO_TEST_CASE(tpe_suggests_only_values_of_the_parameter) {
  std::mt19937_64 random(11);
  std::uniform_real_distribution<double> uniform;
  Space space;
  space.directions = {LATHE_DIRECTION_MINIMIZE};
  const auto add = [&](lathe_parameter_kind kind, double low, double high, double step, bool log) {
    Parameter parameter;
    parameter.kind = kind;
    parameter.low = low, parameter.high = high, parameter.step = step;
    parameter.logarithmic = log;
    space.parameters.push_back(parameter);
  };
  add(LATHE_PARAMETER_INTEGER, 2, 16, 2, false);
  add(LATHE_PARAMETER_INTEGER, 1, 256, 1, true);
  add(LATHE_PARAMETER_REAL, 0, 1, 0.1, false);
  add(LATHE_PARAMETER_REAL, 1e-5, 1, 0, true);
  add(LATHE_PARAMETER_REAL, -1, 1, 0, false);
  add(LATHE_PARAMETER_INTEGER, 5, 5, 1, false);
  TpeModel model(space, TpeOptions{});
  for (std::uint64_t trial = 0; trial < 120; ++trial) {
    std::vector<double> values;
    for (std::size_t p = 0; p < space.parameters.size(); ++p) {
      std::vector<double> u(model.draws(p));
      for (double& x : u) x = uniform(random);
      const double x = model.suggest(p, u.data());
      const Parameter& parameter = space.parameters[p];
      BOOST_CHECK_GE(x, parameter.low);
      BOOST_CHECK_LE(x, parameter.high);
      if (parameter.step > 0) {
        const double steps = (x - parameter.low) / parameter.step;
        BOOST_CHECK_SMALL(steps - std::round(steps), 1e-9);
      }
      values.push_back(x);
    }
    model.started(trial, values.data());
    const double result[] = {std::abs(values[0] - 8) + std::abs(values[4])};
    model.finished(trial, LATHE_STATE_COMPLETE, result, 0);
  }
}
