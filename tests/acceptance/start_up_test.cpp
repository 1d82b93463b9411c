// What must not be loaded: counting needs no tensor library, no database, no data format.
#include "tests/acceptance/run.hpp"

#include <boost/test/unit_test.hpp>

using namespace lathe_test;

namespace {

// The dynamic linker's own list of everything the process opened.
std::string libraries_of(const Words& words) {
  TemporaryFolder folder;
  const std::string prefix = (folder.path() / "libraries").string();
  succeed(words, folder.path(), {"LD_DEBUG=files", "LD_DEBUG_OUTPUT=" + prefix});
  std::string all;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
    if (entry.path().filename().string().rfind("libraries", 0) == 0) all += read_file(entry.path());
  BOOST_REQUIRE(all.find("liblathe_core") != std::string::npos);  // the list is one
  return all;
}

void check_light(const Words& words) {
  const std::string libraries = libraries_of(words);
  for (const char* heavy :
       {"libtorch", "libc10", "libpq", "libhdf5", "libsqlite3", "lathe_engine", "lathe_storage"})
    BOOST_CHECK_MESSAGE(libraries.find(heavy) == std::string::npos, words.front()
                                                                        << " loads " << heavy);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(start_up)

BOOST_AUTO_TEST_CASE(help_loads_nothing_heavy) { check_light({"--help"}); }

BOOST_AUTO_TEST_CASE(listing_plugins_loads_nothing_heavy) { check_light({"plugin", "list"}); }

BOOST_AUTO_TEST_CASE(counting_jsc_s_loads_nothing_heavy) {
  check_light({"transform", "jsc-s", "jsc-sim", "--passes", "flops", "--json"});
}

BOOST_AUTO_TEST_CASE(counting_a_known_set_needs_no_data) {
  check_light({"transform", "jsc-s", "jsc", "--passes", "flops,bitops", "--json"});
}

BOOST_AUTO_TEST_SUITE_END()
