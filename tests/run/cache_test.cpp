// What the evaluation cache keeps, drops and says of itself.
#include "core/run/cache.hpp"

#include <boost/test/unit_test.hpp>

namespace run = lathe::run;

namespace {

run::CacheKey key(std::uint64_t number) { return {{number, 0}, {1, 2}}; }

run::Stored contents() { return std::make_shared<int>(0); }

bool has(run::Cache& cache, std::uint64_t number) { return cache.find(key(number)) != nullptr; }

// Made, and wanted at once.
void insert_kept(run::Cache& cache, std::uint64_t number) {
  cache.insert(key(number), contents(), 1'000);
  BOOST_TEST(has(cache, number));
}

// Made, and not wanted.
void insert_unwanted(run::Cache& cache, std::uint64_t first, std::uint64_t count) {
  for (std::uint64_t i = first; i < first + count; ++i) cache.insert(key(i), contents(), 1'000);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(caches)

BOOST_AUTO_TEST_CASE(lookups_and_hits_are_counted) {
  run::Cache cache;
  cache.insert(key(1), contents(), 100);
  BOOST_TEST(has(cache, 1));
  BOOST_TEST(!has(cache, 2));
  BOOST_TEST(has(cache, 1));
  BOOST_TEST(cache.use().lookups == 3u);
  BOOST_TEST(cache.use().hits == 2u);
}

BOOST_AUTO_TEST_CASE(what_it_holds_never_exceeds_its_limit) {
  run::Cache cache;
  cache.set_limit(10'000);
  for (std::uint64_t i = 0; i < 100; ++i) {
    insert_kept(cache, i);
    BOOST_TEST(cache.use().bytes <= 10'000u);
  }
  BOOST_TEST(cache.use().most_bytes <= 10'000u);
  BOOST_TEST(cache.use().most_bytes > 5'000u);
  BOOST_TEST(!has(cache, 0));
  BOOST_TEST(has(cache, 99));
}

BOOST_AUTO_TEST_CASE(what_nobody_asks_for_takes_a_sixteenth_and_drops_nothing_that_was_asked_for) {
  run::Cache cache;
  cache.set_limit(160'000);
  insert_kept(cache, 0);
  const std::uint64_t kept = cache.use().bytes;
  for (std::uint64_t i = 1; i <= 1'000; ++i) {
    insert_unwanted(cache, i, 1);
    BOOST_TEST(cache.use().bytes <= kept + 10'000);
  }
  BOOST_TEST(has(cache, 0));
  BOOST_TEST(has(cache, 1'000));
  BOOST_TEST(!has(cache, 1));
}

BOOST_AUTO_TEST_CASE(what_is_made_again_soon_after_it_left_is_kept) {
  run::Cache cache;
  cache.set_limit(1'600'000);
  insert_unwanted(cache, 0, 80);
  BOOST_TEST(!has(cache, 0));
  insert_unwanted(cache, 0, 1);
  insert_unwanted(cache, 80, 1'000);
  BOOST_TEST(has(cache, 0));
}

BOOST_AUTO_TEST_CASE(what_left_long_ago_is_forgotten) {
  run::Cache cache;
  cache.set_limit(1'600'000);
  insert_unwanted(cache, 0, 1'000);
  insert_unwanted(cache, 0, 1);
  insert_unwanted(cache, 1'000, 1'000);
  BOOST_TEST(!has(cache, 0));
}

BOOST_AUTO_TEST_CASE(contents_of_more_than_a_sixteenth_are_there_until_the_next) {
  run::Cache cache;
  cache.set_limit(16'000);
  insert_unwanted(cache, 0, 1);
  insert_unwanted(cache, 1, 1);
  BOOST_TEST(!has(cache, 0));
  BOOST_TEST(has(cache, 1));
}

BOOST_AUTO_TEST_CASE(a_smaller_limit_drops_what_is_above_it_and_remembers_the_most) {
  run::Cache cache;
  for (std::uint64_t i = 0; i < 5; ++i) insert_kept(cache, i);
  insert_unwanted(cache, 5, 5);
  const std::uint64_t most = cache.use().bytes;
  cache.set_limit(0);
  BOOST_TEST(cache.use().bytes == 0u);
  BOOST_TEST(cache.use().most_bytes == most);
  cache.set_limit(160'000);
  insert_unwanted(cache, 100, 20);
  BOOST_TEST(cache.use().bytes <= 10'000u);
}

BOOST_AUTO_TEST_SUITE_END()
