// The file that `exact` reads, what it refuses of it, and points as options of a knapsack.
#include "plugins/search_strategies/exact/contributions.hpp"
#include "plugins/search_strategies/exact/budget.hpp"
#include "plugins/search_strategies/exact/layers.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

namespace {

using namespace search_strategies;

Parameter choices(const std::string& name, std::uint64_t count) {
  Parameter parameter;
  parameter.name = name;
  parameter.choices = count;
  return parameter;
}

Space two_layers() {
  Space space;
  space.parameters = {choices("a/config/name", 2), choices("a/config/width", 3),
                      choices("b/config/width", 2)};
  space.parameters[1].parent = 0;
  space.parameters[1].parent_values = {1};
  return space;
}

const std::string kFile =
    "{\n  \"loss\": {\n    \"\": [0.5],\n    \"a/config/name\": [0, 0.25],\n"
    "    \"a/config/width\": [3, 2, 1e-1],\n    \"b\\/config\\u002fwidth\": [-4, 0]\n  }\n}\n";

std::string message_of(const std::string& text) {
  try {
    read_contributions(text, "f.json");
  } catch (const std::invalid_argument& e) {
    return e.what();
  }
  return "";
}

void check_says(const std::string& message, const std::string& part) {
  BOOST_TEST_CONTEXT(message) { BOOST_CHECK(message.find(part) != std::string::npos); }
}

template <class Work>
std::string refusal(const Work& work) {
  try {
    work();
  } catch (const std::invalid_argument& e) {
    return e.what();
  }
  return "";
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_file_of_contributions_is_read_with_its_places) {
  const ContributionsFile file = read_contributions(kFile, "f.json");
  const Contributions& loss = file.objectives.at("loss");
  BOOST_CHECK_EQUAL(loss.at("").values.at(0), 0.5);
  BOOST_CHECK_EQUAL(loss.at("a/config/width").values.at(2), 0.1);
  BOOST_CHECK_EQUAL(loss.at("b/config/width").values.at(0), -4);
  BOOST_CHECK_EQUAL(loss.at("a/config/width").place, "f.json:5:23");
}

BOOST_AUTO_TEST_CASE(what_is_no_such_file_is_refused_with_the_place) {
  check_says(message_of(""), "f.json:1:1: ");
  check_says(message_of("{}"), "there is no objective");
  check_says(message_of("[1]"), "f.json:1:1: here objectives should have '{'");
  check_says(message_of("{\"loss\": {\"a\": [1, NaN]}}"),
             "f.json:1:20: the values of 'a' have 'NaN'");
  check_says(message_of("{\"loss\": {\"a\": [null]}}"), "'null', which is no finite number");
  check_says(message_of("{\"loss\": {\"a\": [1e999]}}"), "no finite number");
  check_says(message_of("{\"loss\": {\"a\": [1 2]}}"), "should have ','");
  check_says(message_of("{\"loss\": {\"a\": 1}}"), "should have '['");
  check_says(message_of("{\"loss\": {\"a\": [1], \"a\": [2]}}"), "'a' is there twice");
  check_says(message_of("{\"loss\": {\"a\": [1]}} {"), "something follows the end");
  check_says(message_of("{\"loss\": {\"a\\q\": [1]}}"), "no such escape");
  check_says(message_of("{\"loss\": {\"a\\ud800\": [1]}}"), "four hexadecimal digits");
  for (std::size_t length = 0; length + 2 < kFile.size(); ++length) {
    BOOST_CHECK(!message_of(kFile.substr(0, length)).empty());
  }
}

BOOST_AUTO_TEST_CASE(a_file_that_is_not_there_says_so) {
  const std::string message = refusal([] { load_contributions("/nonexistent/f.json"); });
  check_says(message, "/nonexistent/f.json: cannot be read");
}

BOOST_AUTO_TEST_CASE(a_file_of_another_search_is_refused) {
  const ContributionsFile file = read_contributions(kFile, "f.json");
  const auto said = [&](const Space& space, const std::string& objective) {
    return refusal([&] { table_of(space, file, objective, "f.json"); });
  };
  BOOST_CHECK_EQUAL(said(two_layers(), "loss"), "");
  check_says(said(two_layers(), "los"), "f.json has nothing of 'los', but of 'loss'");
  Space space = two_layers();
  space.parameters[2].choices = 3;
  check_says(said(space, "loss"),
             "'b/config/width' has 2 values of 'loss' and 3 choices in this search");
  space = two_layers();
  space.parameters.push_back(choices("c/config/width", 2));
  check_says(said(space, "loss"), "no values of 'c/config/width'");
  space.parameters.back().choices = 1;
  BOOST_CHECK_EQUAL(said(space, "loss"), "");
  space = two_layers();
  space.parameters.pop_back();
  check_says(said(space, "loss"), "'b/config/width' is no parameter of this search");
}

BOOST_AUTO_TEST_CASE(what_hangs_on_a_parameter_is_chosen_with_it) {
  const Space space = two_layers();
  const Table table = table_of(space, read_contributions(kFile, "f.json"), "loss", "f.json");
  const Layers layers(space, table, nullptr);
  const Knapsack& knapsack = layers.knapsack();
  BOOST_REQUIRE_EQUAL(knapsack.classes().size(), 2);
  BOOST_CHECK_EQUAL(knapsack.classes()[0].size(), 4);  // without a width, or with one of three
  const auto best = knapsack.best(kNoBudget);
  double point[3];
  layers.write(best->choice, point);
  BOOST_CHECK_EQUAL(point[0], 0);
  BOOST_CHECK(is_absent(point[1]));
  BOOST_CHECK_EQUAL(point[2], 0);
  const double other[3] = {1, 2, 1};
  BOOST_CHECK_CLOSE(knapsack.value(layers.choice_of(other)), 0.35, 1e-9);
}

BOOST_AUTO_TEST_CASE(a_range_has_no_choices_to_add_up) {
  Space space;
  Parameter range;
  range.name = "lr";
  range.kind = LATHE_PARAMETER_REAL;
  range.high = 1;
  space.parameters = {range};
  const Table table{0, {{0}}};
  check_says(refusal([&] { Layers(space, table, nullptr); }), "'lr' is a range");
}

BOOST_AUTO_TEST_CASE(a_budget_is_a_quantity_and_a_limit) {
  const Budget budget = read_budget(" average_bitwidth <=4.8 ");
  BOOST_CHECK_EQUAL(budget.quantity, "average_bitwidth");
  BOOST_CHECK_EQUAL(budget.limit, 4.8);
  BOOST_CHECK_EQUAL(read_budget("total_bitops").limit, kNoBudget);
  const auto said = [](const std::string& text) { return refusal([&] { read_budget(text); }); };
  check_says(said(""), "names no quantity");
  check_says(said("<= 3"), "names no quantity");
  check_says(said("loss < 3"), "is no '<='");
  check_says(said("loss = 3"), "is no '<='");
  check_says(said("loss <="), "has no number after '<='");
  check_says(said("loss <= x"), "has no number after '<='");
  check_says(said("loss <= 3 bits"), "has no number after '<='");
  check_says(said("loss <= nan"), "has no number after '<='");
  check_says(said("loss <= inf"), "has no number after '<='");
}

BOOST_AUTO_TEST_CASE(bit_operations_add_up_only_over_layers_with_one_searched_parameter) {
  const Budget budget{"total_bitops", 1e6};
  BOOST_CHECK_NO_THROW(check_adds_up(budget, {"a/config/weight_width", "b/config/weight_width"}));
  const std::vector<std::string> two = {"a/config/data_in_width", "a/config/weight_width"};
  check_says(refusal([&] { check_adds_up(budget, two); }),
             "needs each layer to have one searched parameter, and 'a' has "
             "'a/config/data_in_width' and 'a/config/weight_width'");
  BOOST_CHECK_NO_THROW(check_adds_up({"average_bitwidth", 4}, two));
}
