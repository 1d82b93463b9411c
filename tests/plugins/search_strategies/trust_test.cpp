// Which model proposes a trial, as their earlier proposals turned out.
#include "plugins/search_strategies/additive/trust.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

using namespace search_strategies;

BOOST_AUTO_TEST_CASE(whose_trials_turn_out_better_is_asked_more_often_and_nobody_never) {
  for (const Proposer better : {Proposer::kTpe, Proposer::kSurrogate}) {
    Trust trust(3);
    std::mt19937 random(9);
    BOOST_CHECK_CLOSE(trust.tpe_share(), 0.5, 1e-9);
    for (std::uint64_t trial = 0; trial < 200; ++trial) {
      const bool good = trust.proposer(trial) == better;
      trust.started(trial);
      trust.finished(trial, {std::uniform_real_distribution<>(0, 1)(random) + (good ? 0 : 1)});
    }
    BOOST_CHECK_CLOSE(trust.tpe_share(), better == Proposer::kTpe ? 0.8 : 0.25, 1e-9);
  }
}

BOOST_AUTO_TEST_CASE(tpe_that_reads_all_trials_is_asked_more_rarely_the_more_there_are) {
  Trust trust(0);
  for (std::uint64_t trial = 0; trial < 4000; ++trial) {
    trust.started(trial);
    trust.finished(trial, {});
  }
  // Its share of a quarter to four fifths, a quarter of it at four times the trials.
  BOOST_CHECK_GE(trust.tpe_share(), 0.25 / 4);
  BOOST_CHECK_LE(trust.tpe_share(), 0.8 / 4 + 1e-12);
}

BOOST_AUTO_TEST_CASE(tpe_that_is_asked_less_has_half_of_the_trials_it_would_have) {
  Trust trust(5);
  const auto trials_of_tpe = [&] {
    double count = 0;
    for (std::uint64_t trial = 0; trial < 10000; ++trial)
      count += trust.proposer(trial) == Proposer::kTpe ? 1 : 0;
    return count;
  };
  // Of 10,000 each: half, a quarter, half, within four deviations.
  BOOST_CHECK_SMALL(trials_of_tpe() - 5000, 200.0);
  trust.ask_tpe_less(true);
  BOOST_CHECK_SMALL(trials_of_tpe() - 2500, 173.0);
  trust.ask_tpe_less(false);
  BOOST_CHECK_SMALL(trials_of_tpe() - 5000, 200.0);
}
