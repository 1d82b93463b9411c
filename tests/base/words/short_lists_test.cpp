#include "core/base/words/short_lists.hpp"

#include <boost/test/unit_test.hpp>

using lathe::with_short_lists;

BOOST_AUTO_TEST_CASE(a_long_list_is_shown_by_its_ends) {
  BOOST_TEST(with_short_lists("affine<scale=[1, 2, 3, 4, 5],axis=0>") ==
             "affine<scale=[1, 2, ... 5],axis=0>");
  BOOST_TEST(with_short_lists("[1,2,3,4,5,6,7,8,9] and [9,8,7,6,5,4,3,2,1]") ==
             "[1,2, ... 9] and [9,8, ... 1]");
}

BOOST_AUTO_TEST_CASE(four_entries_are_not_long) {
  for (const char* text :
       {"[1, 2, 3, 4]", "", "[]", "[", "]", "a, b, c, d, e, f, g, h, i", "a [1, 2", "x] y [z]"})
    BOOST_TEST(with_short_lists(text) == text);
}

BOOST_AUTO_TEST_CASE(lists_of_lists_keep_their_brackets) {
  BOOST_TEST(with_short_lists("[[1,2,3,4,5,6,7,8,9],[1]]") == "[[1,2, ... 9],[1]]");
}
