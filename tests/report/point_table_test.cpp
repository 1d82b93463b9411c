// Points of a search at several widths, against texts written by hand.
#include "core/report/point_table.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <sstream>

using namespace lathe;

namespace {

PointTable three_points() {
  return {
      {{"trial", "accuracy", "bits"}, {{"3", "0.5", "4"}, {"12", "0.25", "3"}, {"7", "0", "2"}}},
      {"model/hidden", "fc1/config/name", "fc1/config/weight_width", "fc2/config/weight_width"},
      {{"[32]", "[32]", "[32]"},
       {"integer", "integer", "integer"},
       {"8", "4", "-"},
       {"2", "2", "4"}}};
}

std::size_t widest_line(const std::string& text) {
  std::istringstream lines(text);
  std::size_t widest = 0;
  for (std::string line; std::getline(lines, line);) widest = std::max(widest, line.size());
  return widest;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(point_table)

BOOST_AUTO_TEST_CASE(what_differs_is_beside_the_points_where_it_fits) {
  BOOST_TEST(render(three_points(), 80) ==
             "trial  accuracy  bits  fc1/config/weight_width  fc2/config/weight_width\n"
             "-----  --------  ----  -----------------------  -----------------------\n"
             "    3       0.5     4                        8                        2\n"
             "   12      0.25     3                        4                        2\n"
             "    7         0     2                        -                        4\n"
             "\n"
             "the same in all\n"
             "  model/  hidden [32]\n"
             "  fc1/config/  name integer\n");
}

BOOST_AUTO_TEST_CASE(else_parameters_are_rows_and_points_columns) {
  BOOST_TEST(render(three_points(), 50) ==
             "trial  accuracy  bits\n"
             "-----  --------  ----\n"
             "    3       0.5     4\n"
             "   12      0.25     3\n"
             "    7         0     2\n"
             "\n"
             "trial                    3  12  7\n"
             "-----------------------  -  --  -\n"
             "fc1/config/weight_width  8   4  -\n"
             "fc2/config/weight_width  2   2  4\n"
             "\n"
             "the same in all\n"
             "  model/  hidden [32]\n"
             "  fc1/config/  name integer\n");
}

BOOST_AUTO_TEST_CASE(long_names_stand_under_what_they_begin_with_and_points_fold) {
  BOOST_TEST(render(three_points(), 22) ==
             "trial  accuracy  bits\n"
             "-----  --------  ----\n"
             "    3       0.5     4\n"
             "   12      0.25     3\n"
             "    7         0     2\n"
             "\n"
             "trial           3  12\n"
             "--------------  -  --\n"
             "fc1/config/\n"
             "  weight_width  8   4\n"
             "fc2/config/\n"
             "  weight_width  2   2\n"
             "\n"
             "trial           7\n"
             "--------------  -\n"
             "fc1/config/\n"
             "  weight_width  -\n"
             "fc2/config/\n"
             "  weight_width  4\n"
             "\n"
             "the same in all\n"
             "  model/  hidden [32]\n"
             "  fc1/config/\n"
             "    name integer\n");
}

BOOST_AUTO_TEST_CASE(a_single_point_has_its_parameters_in_lines) {
  PointTable table{{{"trial", "loss"}, {{"4", "0.5"}}},
                   {"a/config/width", "a/config/scale", "b/config/width", "rate"},
                   {{"8"}, {"0.5"}, {"4"}, {"0.1"}}};
  BOOST_TEST(render(table, 28) ==
             "trial  loss\n"
             "-----  ----\n"
             "    4   0.5\n"
             "\n"
             "parameters\n"
             "  a/config/  width 8,\n"
             "    scale 0.5\n"
             "  b/config/  width 4\n"
             "  rate 0.1\n");
}

// 60 layers of two parameters, 20 points: every width is kept, whatever it is.
BOOST_AUTO_TEST_CASE(no_line_is_wider_than_the_terminal) {
  PointTable table{{{"trial", "average_bitwidth"}, {}}, {}, {}};
  for (std::size_t point = 0; point < 20; ++point)
    table.points.rows.push_back({std::to_string(point * 37), "4.25"});
  for (int layer = 0; layer < 60; ++layer)
    for (const char* key : {"data_in_width", "weight_width"}) {
      table.parameters.push_back("layer" + std::to_string(layer) + "/config/" + key);
      table.choices.emplace_back();
      for (int point = 0; point < 20; ++point)
        table.choices.back().push_back(std::to_string((point * layer) % 7));
    }
  for (const std::size_t columns : {30U, 40U, 80U, 132U})
    BOOST_TEST(widest_line(render(table, columns)) <= columns);
}

BOOST_AUTO_TEST_CASE(no_points_are_a_header) {
  BOOST_TEST(render(PointTable{{{"trial", "loss"}, {}}, {}, {}}, 80) ==
             "trial  loss\n-----  ----\n");
}

BOOST_AUTO_TEST_CASE(a_choice_that_is_too_long_is_cut_and_steers_no_terminal) {
  PointTable table{{{"trial"}, {{"0"}, {"1"}}},
                   {"p"},
                   {
                       {"abc\x1b[31mdefghijk", "x"},
                   }};
  BOOST_TEST(render(table, 16) ==
             "trial\n-----\n    0\n    1\n"
             "\ntrial          0\n-----  ---------\np      abc\\x1...\n"
             "\ntrial  1\n-----  -\np      x\n");
}

BOOST_AUTO_TEST_SUITE_END()
