// What pandas writes for a number, a text and an empty cell.
#include "tests/mase/log_texts.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <utility>

using namespace lathe;

BOOST_AUTO_TEST_CASE(numbers_have_ten_decimals_and_no_trailing_zeros) {
  LoggedTrial trial;
  trial.state = "COMPLETE";
  trial.values = {1.0};
  const std::vector<std::pair<double, std::string>> rows = {
      {0.0, "0.0"},
      {1.0, "1.0"},
      {-2.5, "-2.5"},
      {1.0 / 3, "0.3333333333"},
      {2.0 / 3, "0.6666666667"},
      {0.99999999999, "1.0"},
      {1e-10, "0.0000000001"},
      {1e-11, "0.0"},
      {123456789.125, "123456789.125"},
      {1e17, "1.0000000000e+17"},
      {std::nan(""), "null"},
      {INFINITY, "null"},
  };
  for (const auto& [number, text] : rows) {
    trial.software_metrics = Value(Value::Map{{"m", number}});
    const std::string log = lathe_test::log_text({&trial, 1}, {1, false, false});
    BOOST_CHECK_MESSAGE(log.find("\"m\":" + text + "\n") != log.npos, text << " in " << log);
  }
}

BOOST_AUTO_TEST_CASE(a_row_without_a_value_or_a_metric_has_empty_cells) {
  LoggedTrial trial;
  trial.state = "FAIL";
  trial.error = "no such file: a/b";
  const std::string log = lathe_test::log_text({&trial, 1}, {2, true, false});
  for (const char* text : {"\"values_0\":null", "\"values_1\":null", "\"state\":\"FAIL\"",
                           "\"user_attrs_sampled_config\":null", "no such file: a\\/b"})
    BOOST_CHECK_MESSAGE(log.find(text) != log.npos, text << " in " << log);
}
