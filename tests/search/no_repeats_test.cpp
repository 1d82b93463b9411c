// No trial has the point of an earlier one while there are others, and a space whose points were
// all visited ends its search.
#include "core/search/points/seen_points.hpp"
#include "tests/search/fakes.hpp"

#include <boost/test/unit_test.hpp>

#include <random>
#include <set>

namespace {

using namespace lathe_test;

// Suggests one and the same point, whatever it is told.
class Stubborn final : public Sampler {
 public:
  explicit Stubborn(std::vector<double> point) : point_(std::move(point)) {}
  bool suggest(std::uint64_t trial, std::uint64_t attempt, std::span<double> point) override {
    asked.emplace_back(trial, attempt);
    std::ranges::copy(point_, point.begin());
    return true;
  }
  void started(std::uint64_t, std::span<const double>) override {}
  void finished(const TrialOutcome&) override {}
  bool reads_values() const override { return false; }

  std::vector<std::pair<std::uint64_t, std::uint64_t>> asked;

 private:
  std::vector<double> point_;
};

Scalars nothing_but_numbers() {
  Scalars scalars;
  scalars.software.set("accuracy", 0.5);
  scalars.hardware.set("average_bitwidth", 4.0);
  return scalars;
}

const Evaluate kEvaluate = [](int, std::uint64_t trial, std::span<const double>,
                              const std::atomic<bool>&, const Report&) {
  if (trial % 4 == 3) throw run_error(LATHE_INTERNAL, "does not fit");
  return nothing_but_numbers();
};

SearchResult search(const SearchOptions& options, const SearchSpace& space, Sampler& sampler,
                    Study* study = nullptr) {
  return run_trials(options, space, sampler, study, kEvaluate, {}, never());
}

SearchOptions many_trials(std::int64_t trials) {
  SearchOptions options = two_objectives();
  options.n_trials = trials;
  return options;
}

// NaN compares with nothing.
std::vector<double> comparable(std::vector<double> point) {
  for (double& number : point)
    if (std::isnan(number)) number = -1;
  return point;
}

std::set<std::vector<double>> points_of(const SearchResult& result) {
  std::set<std::vector<double>> points;
  for (const Trial& trial : result.trials) points.insert(comparable(trial.point));
  return points;
}

SearchParameter choices(const std::string& name, int count, Condition condition = {}) {
  SearchParameter parameter;
  parameter.name = name;
  for (int i = 0; i < count; ++i) parameter.choices.emplace_back(i);
  parameter.condition = std::move(condition);
  return parameter;
}

SearchParameter range(double low, double high, double step) {
  SearchParameter parameter;
  parameter.name = "range";
  parameter.kind = LATHE_PARAMETER_REAL;
  parameter.low = low;
  parameter.high = high;
  parameter.step = step;
  return parameter;
}

// A space whose later parameters hang on earlier ones, as they may, and its points one by one.
SearchSpace random_space(std::mt19937_64& random) {
  SearchSpace space;
  for (std::size_t p = 0; p < 5; ++p) {
    const int count = 1 + static_cast<int>(random() % 3);
    Condition condition;
    if (p > 0 && random() % 2 == 0) {
      condition.parent = random() % p;
      const SearchParameter& parent = space.parameters[condition.parent];
      for (std::size_t i = 0; i < parent.choices.size(); ++i)
        if (random() % 2 == 0) condition.numbers.push_back(static_cast<double>(i));
    }
    space.parameters.push_back(choices("p" + std::to_string(p), count, condition));
  }
  return space;
}

void enumerate(const SearchSpace& space, std::vector<double>& point,
               std::set<std::vector<double>>& into) {
  const std::size_t p = point.size();
  if (p == space.parameters.size()) {
    into.insert(comparable(point));
    return;
  }
  const bool exists = space.parameters[p].condition.met(point);
  for (std::size_t i = 0; i < (exists ? space.parameters[p].choices.size() : 1); ++i) {
    point.push_back(exists ? static_cast<double>(i) : std::nan(""));
    enumerate(space, point, into);
    point.pop_back();
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(no_repeats)

BOOST_AUTO_TEST_CASE(a_small_space_ends_by_itself_when_each_point_was_visited_once) {
  std::string alone;
  for (const int jobs : {1, 2, 8}) {
    SearchOptions options = many_trials(1000);
    options.jobs = jobs;
    Stubborn sampler({1, 2, 0});
    const SearchSpace space = small_space(3);
    const SearchResult result = search(options, space, sampler);
    BOOST_CHECK(result.exhausted);
    BOOST_CHECK_EQUAL(result.trials.size(), 27);
    BOOST_CHECK_EQUAL(points_of(result).size(), 27);
    const std::string log = timeless(log_of_trials(space, result.trials, 2));
    if (jobs == 1) alone = log;
    BOOST_CHECK_EQUAL(log, alone);
  }
}

BOOST_AUTO_TEST_CASE(the_sampler_is_asked_again_before_a_neighbour_of_its_answer_is_taken) {
  Stubborn sampler({1, 2, 0});
  const SearchResult result = search(many_trials(3), small_space(3), sampler);
  std::vector<std::pair<std::uint64_t, std::uint64_t>> expected{{0, 0}};
  for (std::uint64_t trial = 1; trial < 3; ++trial)
    for (std::uint64_t attempt = 0; attempt <= 8; ++attempt) expected.emplace_back(trial, attempt);
  BOOST_CHECK(sampler.asked == expected);
  for (const Trial& trial : result.trials) {
    int differ = 0;
    for (std::size_t p = 0; p < 3; ++p) differ += trial.point[p] != result.trials[0].point[p];
    BOOST_CHECK_EQUAL(differ, trial.number == 0 ? 0 : 1);
  }
}

BOOST_AUTO_TEST_CASE(points_may_repeat_where_that_is_asked_for) {
  SearchOptions options = many_trials(30);
  options.repeat = true;
  Stubborn sampler({1, 2, 0});
  const SearchResult result = search(options, small_space(3), sampler);
  BOOST_CHECK(!result.exhausted);
  BOOST_CHECK_EQUAL(result.trials.size(), 30);
  BOOST_CHECK_EQUAL(points_of(result).size(), 1);
  for (const auto& [trial, attempt] : sampler.asked) BOOST_CHECK_EQUAL(attempt, 0);
}

BOOST_AUTO_TEST_CASE(every_point_of_a_space_with_conditions_is_visited_once) {
  std::mt19937_64 random(11);
  for (int i = 0; i < 60; ++i) {
    const SearchSpace space = random_space(random);
    std::set<std::vector<double>> expected;
    std::vector<double> none;
    enumerate(space, none, expected);
    Stubborn sampler(std::vector<double>(5, 0.0));
    SearchOptions options = many_trials(1000);
    options.seed = random();
    const SearchResult result = search(options, space, sampler);
    BOOST_CHECK(result.exhausted);
    BOOST_CHECK_EQUAL(result.trials.size(), expected.size());
    BOOST_CHECK(points_of(result) == expected);
  }
}

BOOST_AUTO_TEST_CASE(every_value_of_a_range_with_steps_is_visited_once) {
  SearchSpace space;
  space.parameters.push_back(range(0.1, 2.5, 0.1));
  space.parameters.push_back(choices("width", 2));
  Stubborn sampler({2.5, 1});
  const SearchResult result = search(many_trials(1000), space, sampler);
  BOOST_CHECK(result.exhausted);
  BOOST_CHECK_EQUAL(result.trials.size(), 50);
  BOOST_CHECK_EQUAL(points_of(result).size(), 50);
}

BOOST_AUTO_TEST_CASE(spaces_without_end_or_beyond_counting_do_not_repeat) {
  SearchSpace endless = small_space(2);
  endless.parameters.push_back(range(0, 1, 0));
  Stubborn half({0, 0, 0.5});
  BOOST_CHECK_EQUAL(points_of(search(many_trials(500), endless, half)).size(), 500);
  Stubborn first(std::vector<double>(100, 0.0));
  BOOST_CHECK_EQUAL(points_of(search(many_trials(2000), small_space(100), first)).size(), 2000);
}

BOOST_AUTO_TEST_CASE(what_somebody_enqueued_runs_even_as_a_repeat_and_costs_no_point) {
  const SearchSpace space = small_space(2);
  const SearchOptions options = many_trials(1000);
  MemoryStudy study(study_description(options, space, "lathe"));
  for (std::uint64_t number = 0; number < 3; ++number) {
    StoredTrial wanted;
    wanted.number = number;
    wanted.state = TrialState::waiting;
    wanted.parameters = {2.0, 1.0};
    study.stored.push_back(wanted);
  }
  Stubborn sampler({0, 0});
  const SearchResult result = search(options, space, sampler, &study);
  for (std::size_t i = 0; i < 3; ++i)
    BOOST_CHECK((result.trials[i].point == std::vector{2.0, 1.0}));
  BOOST_CHECK(result.exhausted);
  BOOST_CHECK_EQUAL(result.trials.size(), 11);
  BOOST_CHECK_EQUAL(points_of(result).size(), 9);
}

BOOST_AUTO_TEST_CASE(a_search_resumed_from_any_moment_repeats_nothing_either) {
  const SearchSpace space = small_space(4);
  SearchOptions options = many_trials(81);
  MemoryStudy whole(study_description(options, space, "lathe"));
  Stubborn sampler({0, 1, 2, 0});
  const std::string expected =
      timeless(log_of_trials(space, search(options, space, sampler, &whole).trials, 2));
  for (const std::size_t kept : {0U, 1U, 17U, 40U, 41U, 80U}) {
    MemoryStudy study(whole.description());
    study.stored = whole.stored;
    study.stored.resize(kept);
    Stubborn again({0, 1, 2, 0});
    const SearchResult result = search(options, space, again, &study);
    BOOST_CHECK_EQUAL(timeless(log_of_trials(space, result.trials, 2)), expected);
  }
}

BOOST_AUTO_TEST_CASE(points_are_told_apart_and_known_again) {
  std::mt19937_64 random(5);
  std::set<std::vector<double>> expected;
  SeenPoints seen;
  for (int i = 0; i < 200000; ++i) {
    std::vector<double> point(6);
    for (double& number : point)
      number = random() % 9 == 0 ? -1 : static_cast<double>(random() % 6) / 7;
    const bool fresh = expected.insert(point).second;
    for (double& number : point)
      if (number < 0) number = std::nan("");
    BOOST_REQUIRE_EQUAL(seen.contains(point), !fresh);
    BOOST_REQUIRE_EQUAL(seen.add(point, static_cast<std::uint64_t>(i)), fresh);
  }
  BOOST_CHECK_EQUAL(seen.size(), expected.size());
}

BOOST_AUTO_TEST_SUITE_END()
