// Tables, CSV, JSON and progress lines, against texts written by hand.
#include "core/report/table.hpp"
#include "core/report/csv.hpp"
#include "core/report/json.hpp"
#include "core/report/progress.hpp"
#include "core/report/toml.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>

using namespace lathe;

BOOST_AUTO_TEST_CASE(a_plain_table_sets_numbers_to_the_right) {
  const TextTable table{{"node", "flops"}, {{"x", "0"}, {"seq_blocks_2", "1280"}}};
  BOOST_TEST(render(table) ==
             "node          flops\n"
             "------------  -----\n"
             "x                 0\n"
             "seq_blocks_2   1280\n");
}

BOOST_AUTO_TEST_CASE(an_empty_table_is_its_header) {
  BOOST_TEST(render({{"a", "bc"}, {}}) == "a  bc\n-  --\n");
}

BOOST_AUTO_TEST_CASE(letters_outside_ascii_count_once) {
  const TextTable table{{"name", "n"}, {{"Zürich", "1"}, {"Bern", "2"}}};
  BOOST_TEST(render(table) == "name    n\n------  -\nZürich  1\nBern    2\n");
}

BOOST_AUTO_TEST_CASE(numbers_are_whole_where_they_can_be) {
  BOOST_TEST(number_text(47437056.0) == "47437056");
  BOOST_TEST(number_text(0.326706409) == "0.326706");
  BOOST_TEST(number_text(1.25e-7) == "1.25e-07");
  BOOST_TEST(number_text(-3.0) == "-3");
  BOOST_TEST(number_text(std::nan("")) == "nan");
  BOOST_TEST(number_text(std::copysign(std::nan(""), -1.0)) == "nan");
  BOOST_TEST(number_text(HUGE_VAL) == "inf");
  BOOST_TEST(cell_text(Value{}) == "-");
}

BOOST_AUTO_TEST_CASE(csv_quotes_what_needs_it) {
  BOOST_TEST(csv_text({{"a", "b"}, {{"1,2", "say \"x\""}, {"plain", "two\nlines"}}}) ==
             "a,b\n\"1,2\",\"say \"\"x\"\"\"\nplain,\"two\nlines\"\n");
}

BOOST_AUTO_TEST_CASE(json_keeps_order_and_has_no_nan) {
  const Value value(Value::Map{{"z", 1}, {"a", std::nan("")}, {"list", Value::List{true, "x"}}});
  BOOST_TEST(json_of(value).dump() == R"({"z":1,"a":null,"list":[true,"x"]})");
}

BOOST_AUTO_TEST_CASE(a_pass_report_names_its_cells) {
  PassReport report;
  report.pass = "flops";
  report.scalars = {{"total_flops", Value(1320)}};
  report.tables = {{"nodes", {"node", "flops"}, {{"x", 0}, {"seq_blocks_2", 640}}}};
  BOOST_TEST(json_of(report).dump() ==
             R"({"pass":"flops","scalars":{"total_flops":1320},"tables":{"nodes":[)"
             R"({"node":"x","flops":0},{"node":"seq_blocks_2","flops":640}]}})");
}

BOOST_AUTO_TEST_CASE(progress_says_how_far_it_is) {
  BOOST_TEST(progress_text("epoch 1/2", 512, 1024) ==
             "epoch 1/2 [############------------] 50% 512/1024");
  BOOST_TEST(progress_text("trials", 7, 0) == "trials 7");
}

BOOST_AUTO_TEST_CASE(progress_fits_the_terminal) {
  struct Row {
    std::size_t width;
    std::string expected;
  };
  const Row rows[] = {
      {50, "trials [######------------------] 25% 3000/12000"},
      {47, "trials [##--------] 25% 3000/12000"},
      {39, "trials [##--------] 25% 3000/12000"},
      {33, "trials 25% 3000/12000"},
      {20, "trials 25%"},
      {9, "trial 25%"},
      {5, "t 25%"},
      {4, "25%"},
      {2, "25"},
      {0, ""},
  };
  for (const Row& row : rows)
    BOOST_TEST(progress_text("trials", 3000, 12000, row.width) == row.expected,
               row.width << " columns");
  BOOST_TEST(progress_text("trials", 1234567, 0, 10) == "trials 123");
  BOOST_TEST(progress_text("größe", 1, 4, 8) == "größ 25%");
  BOOST_TEST(progress_text("a\nb\x1b[m", 1, 4, 40) == "a\\nb\\x1b[m [##--------] 25% 1/4");
}

BOOST_AUTO_TEST_CASE(a_cell_is_one_line_that_steers_no_terminal) {
  BOOST_TEST(render({{"na\tme", "n"}, {{"a\nb\x1b[31m", "1"}}}) ==
             "na\\tme        n\n------------  -\na\\nb\\x1b[31m  1\n");
}

BOOST_AUTO_TEST_CASE(a_table_that_is_too_wide_has_a_line_for_each_cell) {
  const TextTable table{{"kind", "id", "file"},
                        {{"pass", "flops", "a/b.so"}, {"model", "jsc-tiny", ""}}};
  const std::string wide =
      "kind   id        file\n-----  --------  ------\npass   flops     a/b.so\nmodel  jsc-tiny\n";
  BOOST_TEST(render(table, 0) == wide);
  BOOST_TEST(render(table, 23) == wide);
  BOOST_TEST(render(table, 22) ==
             "kind  pass\nid    flops\nfile  a/b.so\n\nkind  model\nid    jsc-tiny\n");
}

BOOST_AUTO_TEST_CASE(a_cell_that_is_too_wide_for_its_line_is_folded) {
  BOOST_TEST(render({{"name", "model"}, {{"x", "one two three"}, {"abcdefghijklmnop", ""}}}, 16) ==
             "name   x\n"
             "model  one two\n"
             "       three\n"
             "\n"
             "name   abcdefghi\n"
             "       jklmnop\n");
}

BOOST_AUTO_TEST_CASE(the_last_column_is_cut_where_the_others_leave_room) {
  const TextTable table{{"metric", "value"},
                        {{"loss", "0.5"}, {"per_class", "[0.25, 0.5, 0.75, 1]"}, {"x", ""}}};
  BOOST_TEST(render(table, 28) ==
             "metric     value\n"
             "---------  -----------\n"
             "loss       0.5\n"
             "per_class  [0.25, 0.5,\n"
             "           0.75, 1]\n"
             "x\n");
  // A word that is longer than the room is cut in it, between letters.
  const TextTable word{{"a", "b"}, {{"1", "abcdefghijklmnop\u00e9qrs"}}};
  BOOST_TEST(render(word, 19) ==
             "a  b\n"
             "-  ----------------\n"
             "1  abcdefghijklmnop\n"
             "   \u00e9qrs\n");
}

BOOST_AUTO_TEST_CASE(numbers_of_a_list_are_shown_as_numbers_are) {
  BOOST_TEST(cell_text(Value(Value::List{Value(1.0 / 3), Value(2), Value(1e-9)})) ==
             "[0.333333, 2, 1e-09]");
  BOOST_TEST(cell_text(Value(Value::List{})) == "[]");
  BOOST_TEST(cell_text(Value(Value::List{Value("a"), Value(2)})) ==
             Value(Value::List{Value("a"), Value(2)}).text());
}

BOOST_AUTO_TEST_CASE(a_tree_is_written_as_toml_tables) {
  const Value linear(Value::Map{{"name", "integer"}, {"weight_frac_width", Value{}}, {"x", 1.0}});
  const Value passes(
      Value::Map{{"flops", Value(Value::Map{})},
                 {"quantize",
                  Value(Value::Map{{"by", "type"}, {"linear", linear}, {"a.b", Value::List{1}}})}});
  BOOST_TEST(
      toml_text(Value(Value::Map{{"passes", passes}})) ==
      "[passes.flops]\n"
      "\n[passes.quantize]\nby = \"type\"\n\"a.b\" = [1]\n"
      "\n[passes.quantize.linear]\nname = \"integer\"\nweight_frac_width = \"NA\"\nx = 1.0\n");
}
