// The C headers: each compiles alone, as C99 and as C++11, whatever the compiler warns about.
#include "tests/support/support.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>

namespace {

// Those of C, less the names that only C99 has: <lathe/c.h> is written with designated
// initialisers.
std::vector<std::filesystem::path> headers() {
  std::vector<std::filesystem::path> found;
  const auto root = lathe_test::source_dir() / "sdk" / "include" / "lathe";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (entry.path().extension() == ".h") found.push_back(entry.path());
  }
  return found;
}

bool compiles(const std::string& compiler, const std::filesystem::path& header) {
  const auto include = lathe_test::source_dir() / "sdk" / "include";
  const std::string line = compiler + " -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I" +
                           include.string() + " " + header.string();
  return std::system(line.c_str()) == 0;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(headers_of_c)

BOOST_AUTO_TEST_CASE(each_compiles_alone_as_c99) {
  BOOST_TEST(headers().size() > 20U);
  for (const auto& header : headers()) BOOST_TEST(compiles("cc -std=c99 -x c", header), header);
}

BOOST_AUTO_TEST_CASE(and_as_the_oldest_cpp) {
  for (const auto& header : headers()) {
    if (header.filename() == "c.h") continue;  // designated initialisers, for C alone
    BOOST_TEST(compiles("c++ -std=c++11 -x c++", header), header);
  }
}

BOOST_AUTO_TEST_SUITE_END()
