// Why trials failed and what was wrong with them, each reason once.
#include "core/search/study/reasons.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe;

namespace {

Trial failed(std::uint64_t number, const std::string& error) {
  Trial trial;
  trial.number = number;
  trial.state = TrialState::fail;
  trial.error = error;
  return trial;
}

Trial complete(std::uint64_t number, std::vector<std::string> troubles) {
  Trial trial;
  trial.number = number;
  trial.state = TrialState::complete;
  trial.troubles = std::move(troubles);
  return trial;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(reasons)

BOOST_AUTO_TEST_CASE(errors_that_differ_in_numbers_only_are_one_reason) {
  const std::vector<Trial> trials{complete(0, {}), failed(1, "the loss is NaN at epoch 0, batch 1"),
                                  failed(2, "layer 7 does not fit"),
                                  failed(3, "the loss is NaN at epoch 12, batch 103"),
                                  failed(4, "the loss is infinite")};
  const std::vector<Reason> found = failures_of(trials);
  BOOST_REQUIRE_EQUAL(found.size(), 3U);
  BOOST_TEST(found[0].text == "the loss is NaN at epoch 0, batch 1");
  BOOST_TEST(found[0].first == 1U);
  BOOST_TEST(found[0].trials == 2U);
  BOOST_TEST(found[1].first == 2U);
  BOOST_TEST(found[1].trials == 1U);
  BOOST_TEST(found[2].first == 4U);
  BOOST_TEST(troubles_of(trials).empty());
}

BOOST_AUTO_TEST_CASE(a_trial_may_have_several_troubles) {
  const std::vector<Trial> trials{complete(0, {"40 of 40 rows", "a metric is infinite"}),
                                  complete(1, {"3 of 40 rows"})};
  const std::vector<Reason> found = troubles_of(trials);
  BOOST_REQUIRE_EQUAL(found.size(), 2U);
  BOOST_TEST(found[0].trials == 2U);
  BOOST_TEST(found[1].trials == 1U);
  BOOST_TEST(failures_of(trials).empty());
}

BOOST_AUTO_TEST_CASE(each_is_counted_as_it_comes) {
  ReasonCounts counts;
  BOOST_TEST(counts.add(0, "batch 1") == 1U);
  BOOST_TEST(counts.add(1, "batch 22") == 2U);
  BOOST_TEST(counts.add(2, "no batch") == 1U);
  BOOST_TEST(counts.add(3, "batch 3") == 3U);
}

BOOST_AUTO_TEST_SUITE_END()
