// TPE keeps running sums and only the ranks it may still need. Here it is compared, trial by trial,
// with the definitions computed from the whole history.
#include "plugins/search_strategies/tpe/model.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <numeric>
#include <random>
#include <set>

namespace {

using namespace search_strategies;
using boost::test_tools::per_element;

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

void finish(TpeModel& model, std::uint64_t number, const Told& told) {
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
    for (const bool failed_ignored : {false, true}) {
      // Outcomes come four trials late, and until then a trial is taken for a bad one.
      constexpr std::size_t kLate = 4;
      const Space space = space_of(1);
      const std::vector<Told> history = random_history(space, 700, 7, improving);
      TpeOptions options;
      options.failed_ignored = failed_ignored;
      TpeModel model(space, options);
      for (std::size_t i = 0; i < history.size(); ++i) {
        model.started(i, history[i].parameters.data());
        if (i >= kLate) finish(model, i - kLate, history[i - kLate]);
        if (i % 7 != 0 || i < kLate) continue;
        std::vector<std::size_t> order;
        for (std::size_t o = 0; o + kLate <= i; ++o)
          if (history[o].state != LATHE_STATE_FAIL) order.push_back(o);
        const std::size_t k = std::min<std::size_t>(
            static_cast<std::size_t>(std::ceil(0.1 * static_cast<double>(order.size()))), 25);
        const auto key = [&](std::size_t o) {
          const bool pruned = history[o].state == LATHE_STATE_PRUNED;
          return std::tuple(pruned, pruned ? -history[o].step : 0, -history[o].values[0]);
        };
        std::stable_sort(order.begin(), order.end(),
                         [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
        const std::set<std::size_t> good(order.begin(),
                                         order.begin() + static_cast<std::ptrdiff_t>(k));
        for (std::size_t p = 0; p < space.parameters.size(); ++p) {
          std::vector<double> below, above;
          for (std::size_t o = 0; o <= i; ++o) {
            const double value = history[o].parameters[p];
            const bool known = o + kLate <= i;
            if (std::isnan(value)) continue;
            if (known && failed_ignored && history[o].state == LATHE_STATE_FAIL) continue;
            (good.count(o) ? below : above).push_back(value);
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
}

// Ranks by peeling, whole ranks first, the rest by the greedy gain in volume.
BOOST_AUTO_TEST_CASE(tpe_chooses_the_good_set_of_several_objectives_as_defined) {
  for (std::size_t objectives : {2, 3}) {
    for (const bool capped : {true, false}) {
      std::mt19937_64 random(objectives);
      GoodTrials trials(objectives, capped, false, false);
      std::vector<Point> points;
      for (int i = 0; i < 320; ++i) {
        Point point;
        for (std::size_t o = 0; o < objectives; ++o)
          point.push_back(1.0 + static_cast<double>(random() % (objectives == 2 ? 60 : 12)) +
                          (objectives == 2 ? 0.001 * static_cast<double>(random() % 9) : 0.0));
        // Every trial on the front, for a while.
        if (i > 200) point[0] = 100 - i / 4.0, point[1] = (i % 4 == 0 ? 1 : -1) * i / 9.0;
        points.push_back(point);
        Result result;
        result.values = point;
        trials.add(static_cast<Observation>(i), result);
        if (i % 9 != 0) continue;

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
        std::size_t wanted = (points.size() + 9) / 10;
        if (capped) wanted = std::min<std::size_t>(wanted, 25);
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
          for (double& x : reference) x = std::max(1.1 * x, 0.9 * x);
          std::vector<Point> chosen;
          while (good.size() < wanted) {
            const double volume = hypervolume(chosen, reference);
            double best = -1;
            std::size_t at = 0;
            for (std::size_t m = 0; m < members.size(); ++m) {
              std::vector<Point> with = chosen;
              with.push_back(points[members[m]]);
              const double gain = hypervolume(with, reference) - volume;
              // Of equal gains the one with the smaller first objective, or the older.
              const bool equal = std::abs(gain - best) <= 1e-9;
              const bool sooner =
                  objectives == 2 && equal && points[members[m]][0] < points[members[at]][0];
              if (gain > best + 1e-9 || sooner) best = gain, at = m;
            }
            good.push_back(members[at]);
            chosen.push_back(points[members[at]]);
            members.erase(members.begin() + static_cast<std::ptrdiff_t>(at));
          }
        }
        std::sort(good.begin(), good.end());
        BOOST_TEST_CONTEXT(objectives << " objectives, trial " << i << (capped ? ", capped" : ""))
        BOOST_REQUIRE(trials.good() == good);
      }
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

BOOST_AUTO_TEST_CASE(an_infinite_value_of_several_is_worse_than_finite_ones) {
  GoodTrials trials(2, true, false, false);
  const double infinity = std::numeric_limits<double>::infinity();
  const auto add = [&](Observation o, Point values) {
    Result result;
    result.values = std::move(values);
    trials.add(o, result);
  };
  for (Observation o = 0; o < 30; ++o) add(o, {1.0 + o, -infinity});
  BOOST_TEST(trials.good() == (std::vector<Observation>{0, 1, 2}), per_element());
  add(30, {5.0, 5.0});
  BOOST_TEST(trials.good() == (std::vector<Observation>{0, 1, 2, 30}), per_element());
}

BOOST_AUTO_TEST_CASE(good_are_feasible_trials_then_pruned_ones_then_the_least_violations) {
  for (const std::size_t objectives : {1, 2}) {
    GoodTrials trials(objectives, true, false, true);
    Result result;
    result.values.assign(objectives, 1.0);
    result.violation = 2.0;
    for (Observation o = 0; o < 39; ++o) trials.add(o, result);
    BOOST_TEST(trials.good() == (std::vector<Observation>{0, 1, 2, 3}), per_element());
    result.violation = 0.5;
    trials.add(39, result);
    BOOST_TEST(trials.good() == (std::vector<Observation>{0, 1, 2, 39}), per_element());
    Result pruned;
    pruned.complete = false;
    pruned.step = 3;
    pruned.values = {9.0};
    trials.add(40, pruned);
    pruned.step = 7;
    trials.add(41, pruned);
    BOOST_TEST(trials.good() == (std::vector<Observation>{0, 1, 39, 40, 41}), per_element());
    result.violation = 0;
    for (Observation o = 42; o < 46; ++o) trials.add(o, result);
    BOOST_TEST(trials.good() == (std::vector<Observation>{41, 42, 43, 44, 45}), per_element());
  }
}

namespace {

// Uniform numbers from a seed.
Uniform numbers(std::mt19937_64& random) {
  return [&random](std::size_t, std::uint64_t, double* out, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) out[i] = 0x1p-53 * static_cast<double>(random() >> 11);
  };
}

}  // namespace

// Half of the choices always fail, or are always pruned. (Optuna's order of pruned trials alone
// does not keep it from coming back to them.)
BOOST_AUTO_TEST_CASE(tpe_avoids_what_fails_and_what_is_pruned) {
  for (const lathe_trial_state state : {LATHE_STATE_FAIL, LATHE_STATE_PRUNED}) {
    for (const std::size_t objectives : {1, 2}) {
      Space space;
      space.directions.assign(objectives, LATHE_DIRECTION_MINIMIZE);
      Parameter parameter;
      parameter.choices = 6;
      space.parameters.assign(3, parameter);
      TpeModel model(space, TpeOptions::defaults(objectives, false));
      std::mt19937_64 random(4);
      int bad = 0;
      for (std::uint64_t trial = 0; trial < 100; ++trial) {
        std::vector<double> point(3);
        model.suggest(0, numbers(random), point.data());
        model.started(trial, point.data());
        const double values[] = {point[1] + point[2], 10 - point[1]};
        const bool ends_badly = point[0] >= 3;
        model.finished(trial, ends_badly ? state : LATHE_STATE_COMPLETE, values, 1);
        bad += trial >= 50 && ends_badly;
      }
      BOOST_CHECK_LE(bad, state == LATHE_STATE_FAIL ? 10 : 18);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_tpe_suggestion_costs_the_same_after_many_trials) {
  using Clock = std::chrono::steady_clock;
  const Space space = space_of(1);
  TpeOptions options;
  options.together = Together::kNone;
  TpeModel model(space, options);
  std::mt19937_64 random(3);
  double sum = 0;
  // The fastest of several runs: others share this machine.
  const auto suggestions = [&] {
    double best = 1e9;
    for (int run = 0; run < 20; ++run) {
      const auto start = Clock::now();
      for (int i = 0; i < 200; ++i) {
        double point[4];
        model.suggest(0, numbers(random), point);
        sum += point[0];
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
  BOOST_TEST_MESSAGE("200 suggestions after 300 trials: " << few * 1e6 << " us, after 300,000: "
                                                          << many * 1e6 << " us");
  BOOST_CHECK_LT(many, 4 * few);
  BOOST_CHECK_GE(sum, 0);
}

BOOST_AUTO_TEST_CASE(tpe_suggests_only_values_of_the_parameter) {
  std::mt19937_64 random(11);
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
  Parameter many;  // more choices than a byte tells
  many.choices = 400;
  space.parameters.push_back(many);
  for (const Together together : {Together::kNone, Together::kAlways, Together::kGroups}) {
    for (const bool optuna31 : {false, true}) {
      TpeOptions options = TpeOptions::defaults(1, optuna31);
      options.together = together;
      TpeModel model(space, options);
      for (std::uint64_t trial = 0; trial < 120; ++trial) {
        std::vector<double> values(space.parameters.size());
        model.suggest(trial % 3, numbers(random), values.data());
        for (std::size_t p = 0; p < space.parameters.size(); ++p) {
          const Parameter& parameter = space.parameters[p];
          const double x = values[p];
          if (parameter.categorical()) {
            BOOST_CHECK(x >= 0 && x < 400 && x == std::floor(x));
            continue;
          }
          BOOST_CHECK_GE(x, parameter.low);
          BOOST_CHECK_LE(x, parameter.high);
          if (parameter.step > 0) {
            const double steps = (x - parameter.low) / parameter.step;
            BOOST_CHECK_SMALL(steps - std::round(steps), 1e-9);
          }
        }
        model.started(trial, values.data());
        const double result[] = {std::abs(values[0] - 8) + std::abs(values[4])};
        model.finished(trial, LATHE_STATE_COMPLETE, result, 0);
      }
    }
  }
}
