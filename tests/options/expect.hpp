// What a refused input must say: its place, and the words that help.
#pragma once

#include "core/base/error.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

namespace lathe_test {

// `place` is "file:line:column", or empty if the error has none.
template <typename Function>
void expect_usage_error(Function function, const std::string& place,
                        const std::vector<std::string>& says) {
  try {
    function();
  } catch (const lathe::Error& error) {
    BOOST_TEST_CONTEXT("the error is: " << error.what()) {
      BOOST_TEST(error.exit_code() == 2);
      BOOST_TEST(error.position().text() == place);
      for (const std::string& text : says) {
        BOOST_TEST(error.message().find(text) != std::string::npos, "it does not say: " << text);
      }
    }
    return;
  }
  BOOST_ERROR("nothing was refused; expected an error at " << place);
}

}  // namespace lathe_test
