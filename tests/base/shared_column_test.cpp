#include "core/base/shared_column.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using lathe::SharedColumn;

namespace {

SharedColumn<std::string> numbered(std::size_t count) {
  SharedColumn<std::string> column;
  for (std::size_t i = 0; i < count; ++i) column.append(std::to_string(i));
  return column;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(shared_column)

BOOST_AUTO_TEST_CASE(entries_stay_where_they_were_appended) {
  const SharedColumn<std::string> column = numbered(1000);
  BOOST_TEST_REQUIRE(column.size() == 1000u);
  for (std::size_t i = 0; i < column.size(); ++i) BOOST_TEST(column[i] == std::to_string(i));
  BOOST_TEST(SharedColumn<int>().size() == 0u);
}

BOOST_AUTO_TEST_CASE(copies_share_entries_until_one_writes_and_then_their_neighbours_only) {
  const SharedColumn<std::string> original = numbered(1000);
  SharedColumn<std::string> copy = original;
  BOOST_TEST(&copy[700] == &original[700]);
  copy.own(0) = "changed";
  BOOST_TEST(copy[0] == "changed");
  BOOST_TEST(original[0] == "0");
  BOOST_TEST(copy[1] == "1");
  BOOST_TEST(&copy[1] != &original[1]);
  BOOST_TEST(&copy[700] == &original[700]);
}

BOOST_AUTO_TEST_CASE(a_copy_may_grow_beyond_what_it_shares) {
  const SharedColumn<std::string> original = numbered(300);
  SharedColumn<std::string> longer = original;
  longer.append("more");
  BOOST_TEST(longer.size() == 301u);
  BOOST_TEST(longer[300] == "more");
  BOOST_TEST(original.size() == 300u);
  BOOST_TEST(&longer[0] == &original[0]);
}

BOOST_AUTO_TEST_CASE(what_one_column_alone_has_is_written_in_place) {
  SharedColumn<std::string> column = numbered(10);
  const std::string* before = &column[3];
  column.own(3) = "new";
  BOOST_TEST(&column[3] == before);
}

BOOST_AUTO_TEST_SUITE_END()
