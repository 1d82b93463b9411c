// A study and a search that disagree: what is said of it is the difference, and nothing else.
#include "core/search/study/differences.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe;

namespace {

Value map(Value::Map entries) { return Value(std::move(entries)); }
Value list(Value::List items) { return Value(std::move(items)); }

Value facts() {
  return map({{"model", "jsc-toy"},
              {"seed", 7},
              {"sampler", "tpe"},
              {"sampler_options", map({{"n_startup_trials", 10}, {"multivariate", false}})},
              {"metrics", map({{"accuracy", 1.0}, {"loss", 0.5}})},
              {"options_of_quantize", map({{"seed", 1}})},
              {"network", "ab12"},
              {"space", map({{"a/config/width", list({2, 4, 8})},
                             {"rate", map({{"low", 0.1}, {"high", 1.0}, {"log", true}})}})}});
}

using Change = void (*)(Value& now);
struct Row {
  const char* what;
  Change change;
  std::string expected;
};

void set_in(Value& now, std::string_view table, std::string_view key, Value value) {
  now.find_to_write(table)->set(key, std::move(value));
}

const Row kRows[] = {
    {"nothing", [](Value&) {}, ""},
    {"a fact that the study lacks", [](Value& now) { now.set("repeat", true); }, ""},
    {"the seed", [](Value& now) { now.set("seed", 8); }, "with seed 7, but this search has 8"},
    {"the same number", [](Value& now) { set_in(now, "metrics", "accuracy", 1); }, ""},
    {"a sampler's option",
     [](Value& now) { set_in(now, "sampler_options", "n_startup_trials", 20); },
     "with the option 'n_startup_trials' of the sampler = 10, but this search has 20"},
    {"an option that is new", [](Value& now) { set_in(now, "sampler_options", "group", true); },
     "without the option 'group' of the sampler = true, which this search has"},
    {"a scale", [](Value& now) { set_in(now, "metrics", "loss", 1.0); },
     "with the scale of the metric 'loss' = 0.5, but this search has 1.0"},
    {"a pass's option", [](Value& now) { set_in(now, "options_of_quantize", "seed", 2); },
     "with the option 'seed' of the pass 'quantize' = 1, but this search has 2"},
    {"weights", [](Value& now) { now.set("network", "cd34"); },
     "with another network or other weights"},
    {"another model, which has another network and space",
     [](Value& now) {
       now.set("model", "mlp");
       now.set("network", "cd34");
       now.set("space", map({}));
     },
     "with model jsc-toy, but this search has mlp"},
    {"a choice more",
     [](Value& now) { set_in(now, "space", "a/config/width", list({2, 4, 8, 16})); },
     "without the choice 16 of 'a/config/width', which this search has"},
    {"a choice less", [](Value& now) { set_in(now, "space", "a/config/width", list({2, 8})); },
     "with the choice 4 of 'a/config/width', which this search does not have"},
    {"the order of choices",
     [](Value& now) { set_in(now, "space", "a/config/width", list({8, 4, 2})); },
     "with the choices of 'a/config/width' as [2, 4, 8], but this search has [8, 4, 2]"},
    {"the end of a range",
     [](Value& now) {
       set_in(now, "space", "rate", map({{"low", 0.1}, {"high", 2.0}, {"log", true}}));
     },
     "with 'high' of 'rate' = 1.0, but this search has 2.0"},
    {"a range that is no longer logarithmic",
     [](Value& now) { set_in(now, "space", "rate", map({{"low", 0.1}, {"high", 1.0}})); },
     "with 'log' of 'rate' = true, which this search does not have"},
    {"choices that become a range",
     [](Value& now) { set_in(now, "space", "a/config/width", map({{"low", 2}, {"high", 8}})); },
     "with the parameter 'a/config/width' as [2, 4, 8], but this search has {low=2, high=8}"},
    {"a condition",
     [](Value& now) {
       set_in(now, "space", "a/config/width",
              map({{"choices", list({2, 4, 8})}, {"when", map({{"rate", list({1})}})}}));
     },
     "without 'when' of 'a/config/width' = {rate=[1]}, which this search has"},
    {"a parameter more", [](Value& now) { set_in(now, "space", "b", list({1})); },
     "without the parameter 'b', which this search has"},
    {"many things",
     [](Value& now) {
       now.set("seed", 8);
       now.set("sampler", "random");
       now.set("network", "cd34");
       set_in(now, "space", "b", list({1}));
       set_in(now, "space", "c", list({1}));
     },
     "with seed 7, but this search has 8; with sampler tpe, but this search has random; without "
     "the "
     "parameter 'b', which this search has; and 1 more"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(differences)

BOOST_AUTO_TEST_CASE(what_differs_is_named_and_nothing_else) {
  for (const Row& row : kRows) {
    Value now = facts();
    row.change(now);
    BOOST_TEST(difference_text(facts(), now) == row.expected, row.what);
  }
}

BOOST_AUTO_TEST_CASE(a_parameter_less_is_named) {
  Value now = facts();
  now.set("space", map({{"a/config/width", list({2, 4, 8})}}));
  BOOST_TEST(difference_text(facts(), now) ==
             "with the parameter 'rate', which this search does not have");
}

BOOST_AUTO_TEST_CASE(parameters_in_another_order_are_another_space) {
  Value now = facts();
  const Value space = *facts().find("space");
  now.set("space", map({space.as_map()[1], space.as_map()[0]}));
  BOOST_TEST(difference_text(facts(), now) == "with its parameters in another order");
}

BOOST_AUTO_TEST_CASE(a_study_that_holds_something_else_is_no_crash) {
  for (const Value& odd : {Value("text"), Value(3), Value(), list({1})}) {
    Value begun = facts();
    begun.set("space", odd);
    BOOST_TEST(difference_text(begun, facts()).starts_with("with space "));
    begun = facts();
    set_in(begun, "space", "rate", odd);
    BOOST_TEST(!difference_text(begun, facts()).empty());
  }
}

BOOST_AUTO_TEST_CASE(directions_are_told_by_the_metrics) {
  BOOST_TEST(
      difference_of_directions({"maximize", "minimize"}, {"maximize", "maximize"}, facts()) ==
      "to minimize 'loss', but this search is to maximize it");
  BOOST_TEST(difference_of_directions({"maximize"}, {"minimize"}, facts()) ==
             "to maximize its objective, but this search is to minimize it");
  BOOST_TEST(difference_of_directions({"maximize"}, {"maximize", "minimize"}, facts()) ==
             "with 1 objectives (maximize), but this search has 2 (maximize, minimize)");
  BOOST_TEST(difference_of_directions({"maximize"}, {"maximize"}, facts()) == "");
}

BOOST_AUTO_TEST_CASE(a_description_is_told_with_its_space) {
  StudyDescription description;
  description.user_attributes.set("seed", 1);
  StoredParameter parameter;
  parameter.name = "x";
  parameter.choices = {Value(1), Value(2)};
  description.parameters.push_back(parameter);
  BOOST_TEST((facts_of(description) == map({{"seed", 1}, {"space", map({{"x", list({1, 2})}})}})));
}

BOOST_AUTO_TEST_SUITE_END()
