// Searches that store their study on SQLite. Needs the storage library beside the core.
#include "tests/search/fakes.hpp"
#include "tests/support/support.hpp"

#include <boost/test/unit_test.hpp>

namespace {

using namespace lathe_test;

SearchResult stored_search(const std::string& url, const SearchOptions& options) {
  const auto storage = open_storage(url);
  const auto study = storage->open_study(described(options));
  return search(options, study.get(), evaluation_with_jitter());
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_search_writes_its_study_so_that_a_second_run_has_nothing_to_do) {
  const TemporaryFolder folder;
  SearchOptions options = two_objectives();
  const std::string url = "sqlite:///" + (folder.path() / "study.db").string();
  const std::string first = log_of(options, stored_search(url, options));
  options.jobs = 8;
  const SearchResult again = stored_search(url, options);
  BOOST_CHECK_EQUAL(again.resumed, 60);
  BOOST_CHECK_EQUAL(log_of(options, again), first);
  options.n_trials = 80;
  BOOST_CHECK_EQUAL(stored_search(url, options).trials.size(), 80);
}
