// Python's texts against Python, and tables against MASE's. Includes the SDK and no core: both have
// a namespace lathe.
#include "plugins/analysis/reports/tabulate.hpp"
#include "tests/support/support.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>

namespace {

using lathe::value;
using nlohmann::json;

value to_value(const json& j) {
  if (j.is_null()) return {};
  if (j.is_boolean()) return j.get<bool>();
  if (j.is_number_integer()) return j.get<std::int64_t>();
  if (j.is_number()) return j.get<double>();
  if (j.is_string()) return j.get<std::string>();
  value out = j.is_array() ? value::list({}) : value::map();
  for (const auto& [key, item] : j.items()) {
    if (j.is_array()) {
      out.push_back(to_value(item));
    } else {
      out.set(key, to_value(item));
    }
  }
  return out;
}

// Calls body(value_view) with a value in its C form.
template <class Body>
std::string with(const value& v, const Body& body) {
  value::storage arrays;
  const lathe_value c = v.c_value(arrays);
  return body(lathe::value_view(&c));
}
std::string repr(const value& v) {
  return with(v, [](lathe::value_view view) { return python::repr(view); });
}
std::string pformat(const value& v, std::size_t width = 80) {
  return with(v, [width](lathe::value_view view) { return python::pformat(view, width); });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(python_text)

BOOST_AUTO_TEST_CASE(values_print_as_python_prints_them) {
  const json golden = lathe_test::golden_json("python_text.json");
  for (const json& row : golden.at("rows")) {
    BOOST_TEST_CONTEXT(row.at("value").dump()) {
      const value v = to_value(row.at("value"));
      BOOST_TEST(repr(v) == row.at("repr").get<std::string>());
      BOOST_TEST(pformat(v) == row.at("pformat").get<std::string>());
      BOOST_TEST(pformat(v, 30) == row.at("narrow").get<std::string>());
    }
  }
  BOOST_TEST(golden.at("rows").size() > 70U);
}

BOOST_AUTO_TEST_CASE(keys_are_sorted_whatever_their_order) {
  BOOST_TEST(repr(value::map({{"b", 1}, {"a", 2}, {"_", 3}, {"B", 4}})) ==
             "{'B': 4, '_': 3, 'a': 2, 'b': 1}");
}

BOOST_AUTO_TEST_CASE(what_is_no_number_has_its_word) {
  const double infinity = std::numeric_limits<double>::infinity();
  BOOST_TEST(repr(infinity) == "inf");
  BOOST_TEST(repr(-infinity) == "-inf");
  BOOST_TEST(repr(std::numeric_limits<double>::quiet_NaN()) == "nan");
}

BOOST_AUTO_TEST_CASE(a_dtype_prints_bare_and_other_texts_of_that_form_do_not) {
  BOOST_TEST(repr(value::map({{"torch_dtype", "torch.float32"}, {"type", "torch.float32"}})) ==
             "{'torch_dtype': torch.float32, 'type': 'torch.float32'}");
  BOOST_TEST(repr(value::map({{"torch_dtype", "float32"}})) == "{'torch_dtype': 'float32'}");
}

BOOST_AUTO_TEST_CASE(bytes_that_are_no_utf8_are_escaped) {
  BOOST_TEST(repr("a\xff\xc3") == R"('a\xff\xc3')");
}

// tabulate's documentation: its example of "simple" and that of "grid".
BOOST_AUTO_TEST_CASE(tables_are_tabulates) {
  python::Tabulate table({{"item"}, {"qty", true}});
  table.row({"spam", "42"});
  table.row({"eggs", "451"});
  table.row({"bacon", "0"});
  BOOST_TEST(table.text(python::TableFormat::simple) ==
             "item      qty\n"
             "------  -----\n"
             "spam       42\n"
             "eggs      451\n"
             "bacon       0");
  BOOST_TEST(table.text(python::TableFormat::grid) ==
             "+--------+-------+\n"
             "| item   |   qty |\n"
             "+========+=======+\n"
             "| spam   |    42 |\n"
             "+--------+-------+\n"
             "| eggs   |   451 |\n"
             "+--------+-------+\n"
             "| bacon  |     0 |\n"
             "+--------+-------+");
}

BOOST_AUTO_TEST_CASE(cells_of_several_lines_make_a_row_higher) {
  python::Tabulate table({{"a"}, {"b"}});
  table.row({"one\ntwo", "x"});
  table.row({"caf\xc3\xa9", "1\n22222\n3"});
  BOOST_TEST(table.text(python::TableFormat::grid) ==
             "+------+-------+\n"
             "| a    | b     |\n"
             "+======+=======+\n"
             "| one  | x     |\n"
             "| two  |       |\n"
             "+------+-------+\n"
             "| caf\xc3\xa9 | 1     |\n"
             "|      | 22222 |\n"
             "|      | 3     |\n"
             "+------+-------+");
}

BOOST_AUTO_TEST_CASE(a_table_without_rows_has_its_header) {
  const python::Tabulate table({{"a"}, {"b"}});
  BOOST_TEST(table.text(python::TableFormat::simple) == "a    b\n---  ---");
  BOOST_TEST(table.text(python::TableFormat::grid) ==
             "+-----+-----+\n"
             "| a   | b   |\n"
             "+=====+=====+");
}

BOOST_AUTO_TEST_SUITE_END()
