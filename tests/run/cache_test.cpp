// What the evaluation cache keeps, drops and says of itself.
#include "core/run/cache.hpp"

#include <boost/test/unit_test.hpp>

namespace run = lathe::run;

namespace {

run::CacheKey key(std::uint64_t number) { return {{number, 0}, {1, 2}}; }

run::Stored contents() { return std::make_shared<int>(0); }

}  // namespace

BOOST_AUTO_TEST_SUITE(caches)

BOOST_AUTO_TEST_CASE(lookups_and_hits_are_counted) {
  run::Cache cache;
  cache.insert(key(1), contents(), 100);
  BOOST_TEST((cache.find(key(1)) != nullptr));
  BOOST_TEST((cache.find(key(2)) == nullptr));
  BOOST_TEST((cache.find(key(1)) != nullptr));
  BOOST_TEST(cache.use().lookups == 3u);
  BOOST_TEST(cache.use().hits == 2u);
}

BOOST_AUTO_TEST_CASE(what_it_holds_never_exceeds_its_limit) {
  run::Cache cache;
  cache.set_limit(10'000);
  for (std::uint64_t i = 0; i < 100; ++i) {
    cache.insert(key(i), contents(), 1'000);
    BOOST_TEST(cache.use().bytes <= 10'000u);
  }
  BOOST_TEST(cache.use().most_bytes <= 10'000u);
  BOOST_TEST(cache.use().most_bytes > 5'000u);
  BOOST_TEST((cache.find(key(0)) == nullptr));
  BOOST_TEST((cache.find(key(99)) != nullptr));
}

BOOST_AUTO_TEST_CASE(a_smaller_limit_drops_what_is_above_it_and_remembers_the_most) {
  run::Cache cache;
  for (std::uint64_t i = 0; i < 5; ++i) cache.insert(key(i), contents(), 1'000);
  const std::uint64_t most = cache.use().bytes;
  cache.set_limit(0);
  BOOST_TEST(cache.use().bytes == 0u);
  BOOST_TEST(cache.use().most_bytes == most);
}

BOOST_AUTO_TEST_SUITE_END()
