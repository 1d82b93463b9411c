// Rows that are kept compact read as they were written.

#include "core/host/report_rows.hpp"

#include <boost/test/unit_test.hpp>

using lathe::ReportRows;
using lathe::Value;

BOOST_AUTO_TEST_SUITE(report_rows)

BOOST_AUTO_TEST_CASE(cells_keep_their_kinds_and_their_places) {
  ReportRows rows;
  rows.add(std::int64_t{-3});
  rows.add(0.5);
  rows.add(std::string_view("first"));
  rows.end_row();
  rows.end_row();  // a row without cells
  rows.add(Value(Value::List{1, "x"}));
  rows.add(Value());
  rows.add(Value(true));
  rows.add(std::string_view());
  rows.end_row();
  BOOST_TEST_REQUIRE(rows.size() == 3u);
  BOOST_TEST((rows[0] == ReportRows::Row{Value(-3), Value(0.5), Value("first")}));
  BOOST_TEST(rows[0][0].is_int());
  BOOST_TEST(rows[0][1].is_float());
  BOOST_TEST(rows[1].empty());
  BOOST_TEST(
      (rows[2] == ReportRows::Row{Value(Value::List{1, "x"}), Value(), Value(true), Value("")}));
}

BOOST_AUTO_TEST_CASE(a_row_that_was_begun_does_not_count_and_can_be_dropped) {
  ReportRows rows{{Value(1), Value("a")}};
  rows.add(std::int64_t{2});
  BOOST_TEST(rows.size() == 1u);
  rows.drop_open_row();
  rows.add(std::int64_t{3});
  rows.end_row();
  BOOST_TEST_REQUIRE(rows.size() == 2u);
  BOOST_TEST((rows[1] == ReportRows::Row{Value(3)}));
  std::size_t seen = 0;
  for (const ReportRows::Row& row : rows) seen += row.size();
  BOOST_TEST(seen == 3u);
}

BOOST_AUTO_TEST_SUITE_END()
