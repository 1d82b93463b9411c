#include "core/base/library.hpp"

#include "core/base/error.hpp"
#include "tests/support/process.hpp"

#include <boost/test/unit_test.hpp>

using lathe::Error;

BOOST_AUTO_TEST_SUITE(library)

BOOST_AUTO_TEST_CASE(a_part_is_looked_for_beside_the_core_alone) {
  BOOST_TEST(lathe::host_library().is_absolute());
  BOOST_CHECK_EXCEPTION(
      lathe::symbol_beside("liblathe_nothing.so", "lathe_open"), Error, [](const Error& error) {
        const auto path = lathe::host_library().parent_path() / "liblathe_nothing.so";
        const std::string text = error.what();
        return error.code() == LATHE_UNAVAILABLE && error.exit_code() == 1 &&
               text.starts_with("cannot open '" + path.string() + "', a part of Lathe: ") &&
               text.ends_with("; is Lathe installed completely?");
      });
}

BOOST_AUTO_TEST_CASE(a_file_that_is_no_library_is_no_part) {
  const auto path = lathe::host_library().parent_path() / "liblathe_text.so";
  lathe_test::write_file(path, "text");
  BOOST_CHECK_THROW(lathe::symbol_beside("liblathe_text.so", "lathe_open"), Error);
  std::filesystem::remove(path);
}

BOOST_AUTO_TEST_SUITE_END()
