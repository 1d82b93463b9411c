// Entry of every test executable. A case that finds no data calls lathe_test::skip(), which ends
// the process with code 77: CTest shows the case as skipped.
#define BOOST_TEST_MODULE lathe
#include <boost/test/unit_test.hpp>
