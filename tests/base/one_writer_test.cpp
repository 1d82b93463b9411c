// The rule that files are written by base/file alone, kept over the host's sources.
#include "tests/support/process.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>

using namespace lathe_test;

namespace {

// What opens a file for writing in another way, or puts one in its place.
constexpr std::array kWays{"ofstream", "fopen(",   "freopen(", "O_CREAT",
                           "mkstemp",  "mkostemp", "tmpfile("};

// The writer itself; downloads, which grow where they lie until they are whole; their lock.
constexpr std::array kExceptions{"base/file_system.cpp", "fetch/download.cpp",
                                 "fetch/fetch_set.cpp"};

}  // namespace

BOOST_AUTO_TEST_SUITE(one_writer)

BOOST_AUTO_TEST_CASE(no_source_of_the_host_opens_a_file_for_writing_by_itself) {
  const std::filesystem::path core = source_dir() / "core";
  std::size_t read = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(core)) {
    const std::string name = std::filesystem::relative(entry.path(), core).string();
    if (!name.ends_with("pp") || std::ranges::find(kExceptions, name) != kExceptions.end())
      continue;
    ++read;
    const std::string text = read_file(entry.path());
    for (const char* way : kWays)
      BOOST_TEST(text.find(way) == std::string::npos,
                 name << " has '" << way << "'; write_atomically() of core/base/file.hpp writes");
  }
  BOOST_TEST(read > 100U);
}

BOOST_AUTO_TEST_SUITE_END()
