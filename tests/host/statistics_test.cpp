// The table of statistics: what counts become, and how values are shown.
#include "core/host/statistics.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

using namespace lathe;

namespace {

// Six rows of four classes; nobody is of the last, and nothing was taken for it.
const Counts kCounts{{2, 1, 0, 0}, {3, 1, 2, 0}, {2, 3, 1, 0}, 1.5, 3, 6};

Value shown(std::string_view name) {
  for (const Statistic& statistic : statistics()) {
    if (statistic.name == name) return Evaluation(kCounts).value(statistic);
  }
  return {};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(statistics_of_evaluations)

BOOST_AUTO_TEST_CASE(counts_become_losses_and_accuracies) {
  const Evaluation evaluation(kCounts);
  BOOST_TEST(evaluation.number("loss") == 0.5);
  BOOST_TEST(evaluation.number("accuracy") == 0.5);
  BOOST_TEST(evaluation.number("accuracy_macro") == (2.0 / 3 + 1 + 0) / 3);
  BOOST_TEST(shown("samples").is_int());
  BOOST_TEST(shown("samples").as_int() == 6);
}

BOOST_AUTO_TEST_CASE(the_accuracy_of_each_class_is_its_recall) {
  const Value classes = shown("accuracy_per_class");
  BOOST_REQUIRE(classes.is_list());
  BOOST_REQUIRE(classes.as_list().size() == 4U);
  BOOST_TEST(classes.as_list()[0].as_float() == 2.0 / 3);
  BOOST_TEST(classes.as_list()[1].as_float() == 1.0);
  BOOST_TEST(classes.as_list()[2].as_float() == 0.0);
  BOOST_TEST(classes.as_list()[3].is_none());  // no row is of it
}

BOOST_AUTO_TEST_CASE(every_statistic_has_a_name_of_its_own_and_a_sentence) {
  std::set<std::string_view> names;
  for (const Statistic& statistic : statistics()) {
    BOOST_TEST(names.insert(statistic.name).second);
    BOOST_TEST(statistic.doc.ends_with('.'));
  }
}

BOOST_AUTO_TEST_CASE(an_evaluation_of_no_rows_has_zeros) {
  BOOST_TEST(Evaluation().number("loss") == 0);
  BOOST_TEST(Evaluation().number("samples") == 0);
}

BOOST_AUTO_TEST_SUITE_END()
