// A call into a plugin: whose run it belongs to, what it is given for a result, how it computes.
#include "core/host/services/call.hpp"
#include "tests/host/world.hpp"

#include <boost/test/unit_test.hpp>

#include <cfenv>
#include <thread>

using namespace lathe;
using namespace lathe_test;

namespace {

struct Fixture : World {
  const Component& component = registry.find(Kind::format, "halves");
  RunContext run = context;
  lathe_code code_of(Call& call, const std::function<lathe_code(lathe_call*)>& body) {
    return call.attempt("run", body);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(calls, Fixture)

BOOST_AUTO_TEST_CASE(a_call_without_a_run_belongs_to_that_of_its_thread) {
  const RunOfThread working(&run);
  Call call(component);
  BOOST_TEST(!call.cancelled());
  cancelled = true;
  BOOST_TEST(call.cancelled());
  // It is asked whether to stop, and for nothing else.
  BOOST_TEST(call.context_or_null() == nullptr);
  std::thread([&] { BOOST_TEST(!Call(component).cancelled()); }).join();
}

BOOST_AUTO_TEST_CASE(a_call_within_a_call_belongs_to_the_run_of_that) {
  cancelled = true;
  Call outer(component, &run);
  bool seen = false;
  code_of(outer, [&](lathe_call*) {
    seen = Call(component).cancelled();
    return LATHE_OK;
  });
  BOOST_TEST(seen);
  BOOST_TEST(!Call(component).cancelled());
}

BOOST_AUTO_TEST_CASE(null_where_something_is_to_be_filled_is_an_error_that_names_it) {
  Call call(component, &run);
  const lathe_code code = code_of(call, [&](lathe_call* raw) {
    return service_call(raw, [](Call&) { required<int>(nullptr, "count") = 1; });
  });
  BOOST_TEST(code == LATHE_INVALID_ARGUMENT);
  const Error error = call.failure(code);
  BOOST_TEST(contains(error.what(), "format 'halves'"), error.what());
  BOOST_TEST(contains(error.what(), "NULL for 'count'"), error.what());
  BOOST_TEST(error.exit_code() == 1);
  int there = 0;
  required(&there, "there") = 3;
  BOOST_TEST(there == 3);
}

BOOST_AUTO_TEST_CASE(a_service_computes_as_the_host_does_whatever_mode_the_plugin_has_set) {
  Call call(component, &run);
  int inside = -1, after = -1;
  code_of(call, [&](lathe_call* raw) {
    std::fesetround(FE_UPWARD);
    service_call(raw, [&](Call&) { inside = std::fegetround(); });
    after = std::fegetround();
    return LATHE_OK;
  });
  BOOST_TEST(inside == FE_TONEAREST);
  BOOST_TEST(after == FE_UPWARD);
  BOOST_TEST(std::fegetround() == FE_TONEAREST);
}

BOOST_AUTO_TEST_CASE(what_a_plugin_says_is_one_line_and_steers_no_terminal) {
  Call call(component, &run);
  call.record(LATHE_DATA_LOSS, "first\nsecond \x1b[31mred\x7f\n");
  const Error error = call.failure(LATHE_DATA_LOSS);
  BOOST_TEST(error.message() == "format 'halves': first\nsecond \x1b[31mred\x7f");
  BOOST_TEST(error.what() == std::string("format 'halves': first\\nsecond \\x1b[31mred\\x7f"));
}

BOOST_AUTO_TEST_CASE(an_option_that_is_not_declared_is_the_plugins_mistake) {
  const auto error_about = [&](const char* option) {
    Call call(component, &run, Call::Phase::create);
    const lathe_where where{sizeof where, 0, {}, {option, std::strlen(option)}, {}, 0, 0};
    call.record(LATHE_INVALID_ARGUMENT, "what is it?", &where);
    return call.failure(LATHE_INVALID_ARGUMENT);
  };
  BOOST_TEST(error_about("width").exit_code() == 2);
  const Error error = error_about("height");
  BOOST_TEST(error.exit_code() == 1);
  for (const char* word : {"format 'halves'", "halves.so", "'height'", "it declares width"})
    BOOST_TEST(contains(error.what(), word), error.what());
}

BOOST_AUTO_TEST_SUITE_END()
