// What of the headers a plugin may see: the version it asks for, and drafts only by their name.
#include "tests/support/support.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>

using namespace lathe_test;

namespace {

struct Compiled {
  bool good;
  std::string said;
};

Compiled compiled(const std::string& source, const std::string& more = "") {
  const TemporaryFolder folder;
  std::ofstream(folder.path() / "a.c") << source;
  const std::string line =
      "cc -std=c99 -fsyntax-only " + more + " -I" + (source_dir() / "sdk" / "include").string() +
      " " + (folder.path() / "a.c").string() + " 2> " + (folder.path() / "said").string();
  const bool good = std::system(line.c_str()) == 0;
  std::ifstream said(folder.path() / "said");
  return {good, {std::istreambuf_iterator<char>(said), {}}};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(target)

BOOST_AUTO_TEST_CASE(a_plugin_sees_the_oldest_headers_unless_it_asks_for_newer_ones) {
  BOOST_TEST(compiled("#include <lathe/lathe.h>\nint oldest[LATHE_TARGET == 0 ? 1 : -1];\n").good);
  BOOST_TEST(compiled("#include <lathe/lathe.h>\n", "-DLATHE_TARGET=0").good);
}

BOOST_AUTO_TEST_CASE(a_target_that_these_headers_do_not_have_is_refused_in_a_sentence) {
  const Compiled newer = compiled("#include <lathe/lathe.h>\n", "-DLATHE_TARGET=4711");
  BOOST_TEST(!newer.good);
  BOOST_TEST(newer.said.find("asks for a newer SDK than this one") != std::string::npos,
             newer.said);
}

BOOST_AUTO_TEST_CASE(drafts_are_there_for_who_names_them_and_for_nobody_else) {
  const std::string use = "struct lathe_quantization q;\n";
  BOOST_TEST(!compiled("#include <lathe/lathe.h>\n" + use).good);
  BOOST_TEST(compiled("#include <lathe/draft/quantization.h>\n" + use).good);
}

BOOST_AUTO_TEST_SUITE_END()
